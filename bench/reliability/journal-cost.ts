// npm run bench:journal -- [--records 100000] [--at-once 256] [--calls 1000]
// What it costs that every tool call is on record before it leaves and after it returns: one call at a time
// through the whole gate, and how many records a second many runs get on the disk together.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { RunJournal } from '../../harness/index.ts'
import type { Store } from '../../src/store/open-store.ts'
import { built } from '../built.ts'
import { measureCalls } from '../groups/journal.ts'
import { median, quantile } from '../quantiles.ts'
import { atLeast, digits, type Row, rowsTable, shown } from '../rows.ts'
import { newSecrets } from './crash-process.ts'
import { entryOf, RawJournal } from './raw-journal.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '100000' },
    'at-once': { type: 'string', default: '256' },
    calls: { type: 'string', default: '1000' },
  },
})
const RECORDS = Number(values.records)
const AT_ONCE = Number(values['at-once'])
const CALLS = Number(values.calls)
const ROUNDS = 3
const MIN_RECORDS_PER_SECOND = 5_000
const MIN_RATIO = 0.5

/** A journal that keeps nothing: what a call costs without one. */
const NO_JOURNAL: RunJournal = {
  started: async () => undefined,
  finished: async () => undefined,
  resent: async () => undefined,
  read: async () => [],
}

const { openStore } =
  await built<typeof import('../../src/store/open-store.ts')>('src/store/open-store.js')
const folder = mkdtempSync(join(tmpdir(), 'bench-journal-'))
try {
  const memory = await openStore(':memory:')
  const path = join(folder, 'store.db')
  const durable = await openStore(path, { secrets: newSecrets() })
  const rows = [...(await roundTrips(memory, durable)), ...(await throughput(durable, path))]
  await Promise.all([memory.close(), durable.close()])
  process.stdout.write(`${rowsTable(rows)}\n`)
  process.exitCode = rows.every(({ isReached }) => isReached !== false) ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function roundTrips(memory: Store, durable: Store): Promise<readonly Row[]> {
  const bare = await measureCalls(NO_JOURNAL, CALLS)
  const inMemory = await measureCalls(memory.journal, CALLS, (runId) => begin(memory, runId))
  const onDisk = await measureCalls(durable.journal, CALLS, (runId) => begin(durable, runId))
  const row = (what: string, timesUs: readonly number[]) =>
    shown(
      what,
      median(timesUs),
      'µs',
      `p99 ${digits(quantile(timesUs, 0.99))} µs, ${CALLS} calls in a row`,
    )
  return [
    row('a tool call through the gate, without a journal', bare),
    row('the same with the journal of a store in memory', inMemory),
    row(
      'the same with the journal of a store in a file, on the disk before the call leaves',
      onDisk,
    ),
  ]
}

/** Puts a run on record, for whose person its journal is encrypted. */
async function begin(store: Store, runId: string): Promise<void> {
  const now = Date.now()
  await store.runs.insert({
    runId,
    endpoint: 'bench',
    entrance: 'execute',
    requester: { userId: 'ada', roles: [] },
    user: null,
    status: 'running',
    action: 'read',
    data: null,
    determinism: { startTimeMs: now, seed: 'ff' },
    createdAt: now,
    updatedAt: now,
  })
}

/** Records of many runs at once, and the same rows written by nothing but `node:sqlite`, in turns. */
async function throughput(store: Store, path: string): Promise<readonly Row[]> {
  const raw = new RawJournal(join(folder, 'raw.db'), path)
  const ours: number[] = []
  const bare: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await recordsPerSecond(store, `round-${round}`))
    bare.push(raw.recordsPerSecond(`round-${round}`, RECORDS, AT_ONCE))
  }
  raw.close()
  const ratio = median(ours.map((rate, round) => rate / (bare[round] ?? Number.NaN)))
  const spread = (rates: readonly number[]) => rates.map((rate) => digits(rate)).join(', ')
  return [
    atLeast({
      what: `durable journal records a second, ${AT_ONCE} runs at once`,
      value: median(ours),
      limit: MIN_RECORDS_PER_SECOND,
      unit: 'a second',
      note: spread(ours),
    }),
    shown(
      `the same rows by node:sqlite alone, ${AT_ONCE} to a transaction`,
      median(bare),
      'a second',
      spread(bare),
    ),
    atLeast({ what: 'ratio of the two', value: ratio, limit: MIN_RATIO, unit: '', note: '' }),
  ]
}

async function recordsPerSecond(store: Store, round: string): Promise<number> {
  const runIds = Array.from({ length: AT_ONCE }, (_, index) => `${round}-${index}`)
  await Promise.all(runIds.map((runId) => begin(store, runId)))
  let written = 0
  const run = async (runId: string) => {
    for (let seq = 0; written < RECORDS; seq++) {
      written += 1
      await store.journal.started(entryOf(runId, seq))
    }
  }
  const begun = performance.now()
  await Promise.all(runIds.map(run))
  return (written / (performance.now() - begun)) * 1000
}
