// How fast traces are put on record, and how fast they are found among many.
//
//   node bench/reliability/audit-search.ts [traces, default 1000000] [folder, default the system's own]
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ExecutionTrace } from '../../harness/index.ts'
import { AuditChain } from '../../src/audit/audit-chain.ts'
import { contentOf, payloadOf } from '../../src/audit/audit-payload.ts'
import { nextRecord } from '../../src/audit/audit-record.ts'
import { columnsOf, searchedNames } from '../../src/audit/trace-columns.ts'
import { openDatabase } from '../../src/store/database.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { findSecrets } from '../../src/store/store-secrets.ts'
import { SubjectKeys } from '../../src/store/subject-keys.ts'
import type { TraceSearch } from '../../src/store/trace-store.ts'

const COUNT = Number(process.argv[2] ?? 1_000_000)
const IN_FLIGHT = 1_024
const ROUNDS = 300
const RECORDED = Math.min(5_000, COUNT)

const ENDPOINTS = ['shop', 'billing', 'support', 'reports', 'rare']
const TOOLS = ['orders', 'refund', 'customers', 'mail', 'rare-tool']
const TABLES = ['orders', 'order_items', 'customers', 'invoices', 'rare_table']
const STATUSES = ['completed', 'failed', 'denied', 'timed_out', 'cancelled']

/** Most often the first, one in ten thousand the last. */
function pick<T>(list: readonly T[], seed: number): T {
  const place = seed % 10_000 === 9_999 ? list.length - 1 : (seed % 97) % (list.length - 1)
  const found = list[place]
  if (found === undefined) throw new TypeError('Nothing to pick from')
  return found
}

function traceOf(i: number): ExecutionTrace {
  const status = pick(STATUSES, i * 31)
  const finding = { ruleId: 'no-eval', source: 'analysis', message: 'eval' } as const
  return {
    runId: `run-${i}`,
    endpoint: pick(ENDPOINTS, i * 7),
    entrance: 'intent',
    requester: { userId: `user-${i % 2_000}`, roles: ['clerk'], tenantId: `tenant-${i % 20}` },
    action: 'read',
    intent: `How many orders did customer ${i} place in the last quarter, by month?`,
    program: {
      source: `const rows = await tools.orders({ customer: ${i} })\nreturn rows.length`,
      hash: 'a'.repeat(64),
      language: 'js',
    },
    findings: status === 'denied' ? [{ ...finding, severity: 'violation' }] : [],
    approvals: [],
    toolCalls: [
      { ...{ seq: 0, name: pick(TOOLS, i * 13), readOnly: true }, ...answered },
      { ...{ seq: 1, name: pick(TOOLS, i * 17), readOnly: true }, ...answered },
    ],
    tables: { read: [pick(TABLES, i * 19)], written: [] },
    status,
    startedAt: i,
    finishedAt: i + 5,
    durationMs: 5,
  }
}

const answered = { argumentDigest: 'b'.repeat(64), outcome: 'value' } as const

/** Puts the first ones on record as an app does. */
async function record(store: Store, count: number): Promise<void> {
  const began = performance.now()
  let next = 0
  const work = async () => {
    while (next < count) await store.audit.started(traceOf(next++))
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  const seconds = (performance.now() - began) / 1_000
  console.log(
    `recorded: ${Math.round(count / seconds)} traces per second, durable and chained, ${IN_FLIGHT} in flight`,
  )
}

/** Writes the others into the tables directly, as a recorder would: half an hour less to wait. */
async function fill(location: string): Promise<void> {
  const database = await openDatabase(location)
  const { masterKey } = findSecrets(location)
  const seal = await SubjectKeys.open(database, masterKey)
  const chain = await AuditChain.open(database)
  let end = await chain.end()
  const raw = new DatabaseSync(location, { timeout: 5_000 })
  const insert = (table: string, count: number) =>
    raw.prepare(`INSERT INTO ${table} VALUES (${Array(count).fill('?').join(',')})`)
  const [records, traces, names] = [
    insert('airlock_audit_records', 9),
    insert('airlock_traces', 10),
    insert('airlock_trace_names', 2),
  ]
  for (let from = RECORDED; from < COUNT; from += 10_000) {
    const rows = []
    for (let i = from; i < Math.min(COUNT, from + 10_000); i++) {
      const trace = traceOf(i)
      rows.push({ trace, payload: await payloadOf(contentOf(trace), seal) })
    }
    raw.exec('BEGIN IMMEDIATE')
    for (const { trace, payload } of rows) {
      const link = { kind: 'trace.started', runId: trace.runId, payload } as const
      const record = nextRecord(end, link, Date.now())
      const { position, at, kind, runId, payloadDigest, previousHash, hash } = record
      end = { ...end, position, at, hash, totalBytes: end.totalBytes + payload.length }
      records.run(
        ...([position, at, kind, runId, payload, payloadDigest] as const),
        ...([previousHash, hash, end.totalBytes] as const),
      )
      const { tenant_id, user_id, owner_json, endpoint, status, verdict } = columnsOf(trace)
      traces.run(
        ...([position, trace.runId, position, at, tenant_id, user_id, owner_json] as const),
        ...([endpoint, status, verdict] as const),
      )
      for (const name of searchedNames(trace)) names.run(position, name)
    }
    raw
      .prepare('UPDATE airlock_audit_head SET position = ?, hash = ?, at = ?, total_bytes = ?')
      .run(end.position, end.hash, end.at, end.totalBytes)
    raw.exec('COMMIT')
    if (from % 100_000 < 10_000) console.error(`  ${from} traces`)
  }
  raw.close()
  await database.close()
}

async function measure(store: Store, name: string, ask: (i: number) => TraceSearch) {
  const times: number[] = []
  let found = 0
  for (let i = 0; i < ROUNDS; i++) {
    const began = performance.now()
    const { traces } = await store.audit.search(ask(i))
    times.push(performance.now() - began)
    found += traces.length
  }
  times.sort((a, b) => a - b)
  const at = (share: number) =>
    (times[Math.floor(times.length * share)] ?? 0).toFixed(2).padStart(8)
  const mean = Math.round(found / ROUNDS)
  console.log(`${name.padEnd(44)} p50 ${at(0.5)} ms   p99 ${at(0.99)} ms   ${mean} found`)
}

const folder = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'airlock-audit-search-'))
const location = join(folder, 'store.db')
try {
  const store = await openStore(location, { maxTraces: COUNT + 1_000 })
  await record(store, RECORDED)
  await fill(location)
  console.log(`file: ${Math.round(statSync(location).size / 2 ** 20)} MiB`)
  const { at: last } = await store.auditLog.end()
  const limit = 50
  const somewhere = (i: number) => ((i * 7_919) % COUNT).toString(36)
  const ago = (i: number) => last - ((i * 997) % 60_000)
  await measure(store, 'newest', () => ({ limit }))
  await measure(store, 'one run', (i) => ({ runId: `run-${(i * 7_919) % COUNT}` }))
  await measure(store, 'page somewhere', (i) => ({ limit, cursor: somewhere(i + 1) }))
  await measure(store, 'endpoint', () => ({ limit, endpoint: 'billing' }))
  await measure(store, 'endpoint, rare', () => ({ limit, endpoint: 'rare' }))
  await measure(store, 'user', (i) => ({ limit, userId: `user-${i % 2_000}` }))
  await measure(store, 'tool', () => ({ limit, tool: 'refund' }))
  await measure(store, 'tool, rare', () => ({ limit, tool: 'rare-tool' }))
  await measure(store, 'table', () => ({ limit, table: 'customers' }))
  await measure(store, 'verdict', () => ({ limit, verdict: 'deny' }))
  await measure(store, 'status', () => ({ limit, status: 'failed' }))
  await measure(store, 'status, rare', () => ({ limit, status: 'cancelled' }))
  await measure(store, 'time', (i) => ({ limit, from: ago(i) - 1_000, to: ago(i) }))
  await measure(store, 'endpoint, page somewhere', (i) => ({
    ...{ limit, endpoint: 'shop', cursor: somewhere(i + 1) },
  }))
  await measure(store, 'user and status', (i) => ({
    ...{ limit, userId: `user-${i % 2_000}`, status: 'failed' },
  }))
  await measure(store, 'tool and table', () => ({ limit, tool: 'mail', table: 'invoices' }))
  await measure(store, 'tool and user', (i) => ({
    limit,
    tool: 'mail',
    userId: `user-${i % 2_000}`,
  }))
  await measure(store, 'endpoint and status and tool, rare', () => ({
    ...{ limit, endpoint: 'rare', status: 'failed', tool: 'rare-tool' },
  }))
  await measure(store, 'nothing there', () => ({ limit, endpoint: 'none', tool: 'none' }))
  await measure(store, 'one tenant of twenty, by its owners', (i) => ({
    limit,
    mayRead: async (owner) => owner?.tenantId === `tenant-${i % 20}`,
  }))
  await store.close()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
