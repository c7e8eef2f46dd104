import { setTimeout as sleep } from 'node:timers/promises'
import { BenchSandbox, ENGINES, REFILL_MS } from '../bench-sandbox.ts'
import type { GroupContext } from '../group-context.ts'
import { type LoopDelay, watchLoop } from '../loop-delay.ts'
import { bombs, runaway, trivial } from '../peers/lib/programs.mjs'
import { digits, type Row } from '../rows.ts'

const MIB = 1024 * 1024
const LOOP_MS = 500
const BOMB_MB = 128
const MAX_LATE_MS = 20
const MAX_BOMB_MS = 1_000
const MAX_TREE_MB = 300
const MAX_BLOCKED_MS = 5

/** How quickly endless programs and memory bombs are stopped, and what the host feels of it. */
export async function measureEndings(context: GroupContext): Promise<readonly Row[]> {
  const rows: Row[] = []
  rows.push(delayRow('event loop of the host at rest, for comparison', await watchRest(), null))
  for (const engine of ENGINES) {
    const sandbox = await BenchSandbox.open(engine)
    const delay = await watchLoop(async () => {
      for (const [name, body] of Object.entries(runaway)) {
        rows.push(await measureLoop(sandbox, { name, body, context }))
      }
      for (const [name, body] of Object.entries(bombs)) {
        rows.push(await measureBomb(sandbox, { name, body, context }))
      }
    })
    await sandbox.close()
    const what = `event loop of the host, loops and bombs, ${engine}, longest standstill`
    rows.push(delayRow(what, delay, MAX_BLOCKED_MS))
  }
  return rows
}

/** A row about the host's event loop. */
export function delayRow(what: string, delay: LoopDelay, limitMs: number | null): Row {
  return {
    what,
    target: limitMs === null ? '' : `≤ ${limitMs} ms`,
    measured: `${digits(delay.blockedMs)} ms`,
    isReached: limitMs === null ? null : delay.blockedMs <= limitMs,
    note: `${digits(delay.lateMs)} ms with the time without a core`,
  }
}

interface Case {
  readonly name: string
  readonly body: string
  readonly context: GroupContext
}

async function watchRest(): Promise<LoopDelay> {
  return watchLoop(() => sleep(2_000))
}

async function measureLoop(sandbox: BenchSandbox, { name, body, context }: Case): Promise<Row> {
  const times: number[] = []
  const kinds = new Set<string>()
  for (let i = 0; i < (context.isQuick ? 1 : 5); i++) {
    await prepare(sandbox)
    const start = performance.now()
    const { ending } = await sandbox.run({ body, limits: { timeoutMs: LOOP_MS } })
    times.push(performance.now() - start - LOOP_MS)
    kinds.add(ending.kind)
  }
  const late = Math.max(...times)
  // A program that waits for nothing may be noticed before its time is over.
  const mayEnd = name === 'never-settles' ? ['timeout', 'threw'] : ['timeout']
  return {
    what: `${name}, ${sandbox.engine}, stopped after the limit of ${LOOP_MS} ms`,
    target: `≤ ${MAX_LATE_MS} ms`,
    measured: late < -50 ? 'before it' : `+${digits(late)} ms`,
    isReached: late <= MAX_LATE_MS && [...kinds].every((kind) => mayEnd.includes(kind)),
    note: `the latest of ${times.length}; ended as ${[...kinds].join(', ')}`,
  }
}

async function measureBomb(sandbox: BenchSandbox, { name, body, context }: Case): Promise<Row> {
  const tookMs: number[] = []
  const kinds = new Set<string>()
  let rssMb = 0
  let pssMb = 0
  await prepare(sandbox)
  const rest = await context.watchTree(() => sleep(REFILL_MS))
  for (let i = 0; i < (context.isQuick ? 1 : 3); i++) {
    await prepare(sandbox)
    const peak = await context.watchTree(async () => {
      const start = performance.now()
      const { ending } = await sandbox.run({
        body,
        limits: { memoryMb: BOMB_MB, timeoutMs: 5_000 },
      })
      tookMs.push(performance.now() - start)
      return ending
    })
    kinds.add(peak.value.kind === 'limit' ? peak.value.limit : peak.value.kind)
    rssMb = Math.max(rssMb, peak.rssBytes / MIB)
    pssMb = Math.max(pssMb, peak.pssBytes / MIB)
  }
  const longest = Math.max(...tookMs)
  const isStopped = [...kinds].every((kind) => kind === 'memoryMb')
  return {
    what: `${name} at ${BOMB_MB} MB, ${sandbox.engine}, stopped; whole tree, PSS`,
    target: `≤ ${MAX_BOMB_MS / 1000} s, ≤ ${MAX_TREE_MB} MB`,
    measured: `${digits(longest / 1000)} s, ${digits(pssMb)} MB`,
    // Resident sizes count the binary that all processes share once for each of them.
    isReached: isStopped && longest <= MAX_BOMB_MS && pssMb <= MAX_TREE_MB,
    note: `${digits(rssMb)} MB RSS, shared pages counted in each process; at rest ${digits(rest.rssBytes / MIB)} MB RSS, ${digits(rest.pssBytes / MIB)} MB PSS; the worst of ${tookMs.length}; ended as ${[...kinds].join(', ')}`,
  }
}

/** Every case begins with a pool that is ready. */
async function prepare(sandbox: BenchSandbox): Promise<void> {
  await sandbox.value({ body: trivial })
  await sleep(REFILL_MS)
}
