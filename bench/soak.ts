// npm run bench:soak -- [--runs 100000] [--timeouts 1000] [--bombs 1000] [--engine quickjs|v8]
// Many runs, then programs that have to be stopped, all in one host. What grows or stays behind is a
// breach and makes the exit code 1.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { SandboxEnding } from '../harness/index.ts'
import { BenchSandbox, type Engine, type Guest } from './bench-sandbox.ts'
import { Leftovers, openDescriptors } from './leftovers.ts'
import { bombs, runaway } from './peers/lib/programs.mjs'
import { median } from './quantiles.ts'
import { atMost, claim, type Row, rowsTable, shown } from './rows.ts'

const MIB = 1024 * 1024
const AT_ONCE = 4
const TRUST_DOMAINS = 3
const MAX_GROWTH_MB = 30
// The first runs fill caches, compile code and make V8 widen its young generation, which it keeps: what
// they take is not growth.
const MIN_WARM_UP_RUNS = 500
const MAX_WARM_UP_RUNS = 5_000
const WARM_UP_SHARE = 0.1
const CANCELLED_EVERY = 50

interface Case {
  readonly guest: Guest
  readonly isRight: (ending: SandboxEnding) => boolean
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const TEXT = 'x'.repeat(10_000)
const returned = (value: unknown) => (ending: SandboxEnding) =>
  ending.kind === 'returned' && ending.value === value

const ORDINARY: readonly Case[] = [
  { guest: { body: 'return 1 + 1' }, isRight: returned(2) },
  {
    guest: { body: `return await tool('echo', 7)`, tools: { echo: (value) => value } },
    isRight: returned(7),
  },
  {
    guest: { body: `return (await tool('text', null)).length`, tools: { text: () => TEXT } },
    isRight: returned(TEXT.length),
  },
  {
    guest: { body: 'console.log(data); return data.n', data: { n: 3, text: TEXT } },
    isRight: returned(3),
  },
  {
    guest: { body: `throw new Error('expected')` },
    isRight: (ending) => ending.kind === 'threw' && ending.error.message === 'expected',
  },
]

const LATE: readonly Case[] = ['sync-loop', 'microtask-loop'].map((name) => ({
  guest: { body: runaway[name] ?? '', limits: { timeoutMs: 50 } },
  isRight: (ending) => ending.kind === 'timeout',
}))

const BOMBS: readonly Case[] = Object.values(bombs).map((body) => ({
  guest: { body, limits: { memoryMb: 64, timeoutMs: 10_000 } },
  isRight: (ending) => ending.kind === 'limit' && ending.limit === 'memoryMb',
}))

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '100000' },
      timeouts: { type: 'string', default: '1000' },
      bombs: { type: 'string', default: '1000' },
      engine: { type: 'string', default: 'quickjs' },
    },
  })
  const leftovers = await Leftovers.begin()
  const engine: Engine = values.engine === 'v8' ? 'v8' : 'quickjs'
  const sandbox = await BenchSandbox.open(engine)
  const rows: Row[] = []
  const share = WARM_UP_SHARE * Number(values.runs)
  await repeat(sandbox, ORDINARY, Math.max(MIN_WARM_UP_RUNS, Math.min(MAX_WARM_UP_RUNS, share)))
  const before = await restingMemory()
  const descriptorsBefore = openDescriptors()
  for (const [name, cases, count] of [
    ['ordinary runs', ORDINARY, Number(values.runs)],
    ['timeouts in a row', LATE, Number(values.timeouts)],
    ['memory bombs in a row', BOMBS, Number(values.bombs)],
  ] as const) {
    if (count === 0) continue
    rows.push(...(await stage(sandbox, { name, cases, count })))
    rows.push(growth(`resident memory of the host after ${name}`, before, await restingMemory()))
  }
  const descriptors = openDescriptors() - descriptorsBefore
  // A pool at rest may hold a process or two more than after the warm-up, each with a few descriptors.
  rows.push(shown('descriptors more than after the warm-up, pool at rest', descriptors, ''))
  await sandbox.close()
  rows.push(...(await leftovers.check()))
  console.log(rowsTable(rows))
  return rows.some(({ isReached }) => isReached === false) ? 1 : 0
}

interface Stage {
  readonly name: string
  readonly cases: readonly Case[]
  readonly count: number
}

/** One kind of programs, then ordinary ones to see whether the pool is healthy. */
async function stage(sandbox: BenchSandbox, { name, cases, count }: Stage): Promise<Row[]> {
  console.error(`soak: ${count} ${name}`)
  const start = performance.now()
  const wrong = await repeat(sandbox, cases, count)
  const seconds = (performance.now() - start) / 1000
  await sleep(500)
  const times: number[] = []
  const wrongAfter = await repeat(sandbox, ORDINARY, 100, times)
  return [
    claim(`${count} ${name}`, 'each ends as it should', wrong === 0, `${wrong} did not`),
    shown(`${name}, rate`, count / seconds, 'runs/s'),
    claim(
      `100 ordinary runs after ${name}`,
      'each ends as it should',
      wrongAfter === 0,
      `${wrongAfter} did not`,
    ),
    shown(`the same, p50 of ${AT_ONCE} at once`, median(times), 'ms'),
  ]
}

/** Runs the cases in turn, four at once, in a few trust domains; a few are cancelled on the way. */
async function repeat(
  sandbox: BenchSandbox,
  cases: readonly Case[],
  count: number,
  times?: number[],
): Promise<number> {
  let next = 0
  let wrong = 0
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      const { guest, isRight } = cases[index % cases.length] as Case
      const trustDomain = `soak-${index % TRUST_DOMAINS}`
      const isCancelled = cases === ORDINARY && index % CANCELLED_EVERY === 0
      const cancel = new AbortController()
      if (isCancelled) setImmediate(() => cancel.abort())
      const start = performance.now()
      const { ending } = await sandbox.run({ ...guest, trustDomain, signal: cancel.signal })
      times?.push(performance.now() - start)
      // A run may be over before its signal: then it has to be right like any other.
      const isDone = isRight(ending) || (isCancelled && ending.kind === 'cancelled')
      if (!isDone && wrong++ < 5) console.error(`soak: wrong ending ${JSON.stringify(ending)}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return wrong
}

interface HostMemory {
  readonly residentBytes: number
  readonly heapBytes: number
}

/** Memory of this process once the garbage is gone. */
async function restingMemory(): Promise<HostMemory> {
  for (let i = 0; i < 3; i++) {
    collectGarbage()
    await sleep(300)
  }
  const { rss, heapUsed } = process.memoryUsage()
  return { residentBytes: rss, heapBytes: heapUsed }
}

function growth(what: string, before: HostMemory, after: HostMemory): Row {
  const value = (after.residentBytes - before.residentBytes) / MIB
  // What V8 keeps for the next garbage is resident and no leak; that the heap in use is flat tells.
  const note = `heap in use ${((after.heapBytes - before.heapBytes) / MIB).toFixed(1)} MB`
  return atMost({ what: `${what}, growth`, value, limit: MAX_GROWTH_MB, unit: 'MB', note })
}

process.exitCode = await main()
