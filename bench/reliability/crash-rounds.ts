// npm run bench:crash -- [--rounds 200] [--engine sqlite|postgresql] [--seed 1]
// Kills a server with SIGKILL at random moments under load, and compares what it had acknowledged with what
// is there afterwards. Anything lost, done twice or left hanging makes the exit code 1.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { built, root } from '../built.ts'
import { quantile } from '../quantiles.ts'
import { atMost, type Row, rowsTable, shown } from '../rows.ts'
import { type CrashReport, crashRounds } from './crash-run.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    engine: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
})
const POSTGRESQL =
  process.env['AIRLOCK_TEST_POSTGRESQL'] ?? 'postgresql://postgres@127.0.0.1:5432/test'
const engines = values.engine === undefined ? ['sqlite', 'postgresql'] : [values.engine]
const { openStore } =
  await built<typeof import('../../src/store/open-store.ts')>('src/store/open-store.js')

// Ctrl-C ends it with what it has found so far.
const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort())
process.once('SIGTERM', () => interrupted.abort())

let isWell = true
for (const engine of engines) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-crash-'))
  const schema = `airlock_crash_${randomBytes(6).toString('hex')}`
  try {
    const report = await crashRounds({
      store: engine === 'sqlite' ? join(folder, 'store.db') : placeOf(schema),
      folder,
      rounds: Number(values.rounds),
      library: pathToFileURL(join(root, 'dist/src/index.js')).href,
      openStore,
      signal: interrupted.signal,
      random: seededRandom(Number(values.seed)),
      onRound: (round) => process.stderr.write(`\r${engine}: round ${round}   `),
    })
    process.stderr.write('\n')
    const rows = rowsOf(report)
    isWell &&= rows.every(({ isReached }) => isReached !== false)
    process.stdout.write(`\n## ${engine}\n\n${rowsTable(rows)}\n`)
    for (const surprise of report.surprises.slice(0, 10)) process.stdout.write(`- ${surprise}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
    if (engine !== 'sqlite') await dropSchema(schema)
  }
}
process.exitCode = isWell ? 0 : 1

function rowsOf(report: CrashReport): readonly Row[] {
  const { runs, approvals, calls } = report.acknowledged
  const none = (what: string, list: readonly string[], of: number) =>
    atMost({
      what,
      value: list.length,
      limit: 0,
      unit: `of ${of}`,
      note: list.slice(0, 3).join(' '),
    })
  return [
    shown('kills', report.rounds, 'times'),
    none('acknowledged runs that are gone or ended otherwise', report.lostRuns, runs),
    none('acknowledged approvals that are gone', report.lostApprovals, approvals),
    none('acknowledged journal entries that are gone', report.lostJournalEntries, calls),
    none('traces that are missing or say otherwise', report.lostTraces, runs),
    none('side effects done twice', report.doneTwice, calls),
    none('runs that neither end nor wait', report.hanging, runs),
    none('answers that nobody expected', report.surprises, runs),
    shown('from start to first answer, p50', quantile(report.startMs, 0.5), 'ms'),
    shown('from start to first answer, p99', quantile(report.startMs, 0.99), 'ms'),
  ]
}

/** Numbers that are the same for the same seed; when a process really dies stays up to the machine. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function placeOf(schema: string): string {
  const place = new URL(POSTGRESQL)
  place.searchParams.set('schema', schema)
  return place.href
}

async function dropSchema(schema: string): Promise<void> {
  const client = new Client({ connectionString: POSTGRESQL })
  await client.connect()
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  await client.end()
}
