// Ten thousand decisions on one request at once, from two processes, on each engine: exactly one wins, and
// everybody else is told of a conflict.
//
//   node bench/reliability/approval-race.ts [--count 10000] [--quorum 1] [--engine sqlite|postgresql]
//
// Exit codes: 0 it held on every engine that is there, 1 it did not.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { ApprovalRule, ApprovalWorkflow } from '../../harness/index.ts'
import { openStore } from '../../src/store/open-store.ts'
import { newSigningKey } from '../../src/store/store-secrets.ts'

/** What a process is told, and what it answers. */
export interface RaceOrder {
  readonly location: string
  readonly approvalId: string
  readonly count: number
  /** Tells its people from those of the other process. */
  readonly name: string
}

/** What one process found. */
export interface RaceReport {
  readonly won: number
  readonly conflicts: number
  /** Codes of everything else, each with how often it came. */
  readonly others: { readonly [code: string]: number }
  readonly milliseconds: number
}

const SERVER = process.env['AIRLOCK_TEST_POSTGRESQL'] ?? 'postgresql://postgres@127.0.0.1:5432/test'
const PROCESSES = ['a', 'b']

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    quorum: { type: 'string', default: '1' },
    engine: { type: 'string' },
  },
})
const count = Number(values.count)
const quorum = Number(values.quorum)
process.env['AIRLOCK_AUDIT_KEY'] ??= newSigningKey()
process.env['AIRLOCK_MASTER_KEY'] ??= Buffer.alloc(32, 1).toString('base64')

async function race(engine: string, location: string): Promise<boolean> {
  const store = await openStore(location)
  const rule = new ApprovalRule({
    name: 'gate',
    requireForTools: ['pay'],
    approvers: [{ role: 'admin' }],
    quorum,
  })
  const workflow = new ApprovalWorkflow({ store: store.approvals, clock: Date.now })
  const { id } = await workflow.request({
    ...{ runId: 'run-1', endpoint: 'shop', rule, action: 'write', plan: [], capabilities: [] },
    subject: { kind: 'call', seq: 0, tool: 'pay', argument: {}, requested: {} },
    program: { source: '', code: '', hash: 'h' },
    requester: { userId: 'clerk', roles: [] },
  })
  const reports = await Promise.all(
    PROCESSES.map((name) =>
      race1({ location, approvalId: id, count: Math.ceil(count / PROCESSES.length), name }),
    ),
  )
  const decided = await workflow.get(id)
  let events = 0
  await store.approvalEvents.eachSince(0, () => {
    events += 1
  })
  await store.close()
  const won = reports.reduce((sum, report) => sum + report.won, 0)
  const conflicts = reports.reduce((sum, report) => sum + report.conflicts, 0)
  const others = reports.map((report) => report.others)
  const holds =
    won === quorum &&
    conflicts === reports.length * Math.ceil(count / PROCESSES.length) - quorum &&
    decided?.votes.length === quorum &&
    decided.version === quorum &&
    events === quorum + 1
  console.log(
    JSON.stringify({
      ...{ engine, holds, won, conflicts, others, votes: decided?.votes.length, events },
      milliseconds: reports.map(({ milliseconds }) => milliseconds),
    }),
  )
  return holds
}

async function race1(order: RaceOrder): Promise<RaceReport> {
  const child = fork(new URL('./approval-race-child.ts', import.meta.url))
  // Both are there before either begins.
  await once(child, 'message')
  child.send(order)
  const [report] = (await once(child, 'message')) as [RaceReport]
  child.disconnect()
  return report
}

async function onSqlite(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'airlock-race-'))
  try {
    return await race('sqlite', join(folder, 'store.db'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function onPostgresql(): Promise<boolean> {
  const schema = `airlock_race_${process.pid}`
  const location = new URL(SERVER)
  location.searchParams.set('schema', schema)
  try {
    return await race('postgresql', location.href)
  } finally {
    const client = new Client({ connectionString: SERVER })
    await client.connect()
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    await client.end()
  }
}

const engines = values.engine === undefined ? ['sqlite', 'postgresql'] : [values.engine]
let isWell = true
for (const engine of engines) {
  isWell = (await (engine === 'sqlite' ? onSqlite() : onPostgresql())) && isWell
}
process.exitCode = isWell ? 0 : 1
