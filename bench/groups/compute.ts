import { setTimeout as sleep } from 'node:timers/promises'
import { BenchSandbox, type BenchTool, ENGINES, type Engine, REFILL_MS } from '../bench-sandbox.ts'
import type { GroupContext } from '../group-context.ts'
import { kernel } from '../peers/lib/programs.mjs'
import { median } from '../quantiles.ts'
import { atMost, digits, type Row, shown } from '../rows.ts'

const LIMITS: Readonly<Record<Engine, number>> = { quickjs: 5.5, v8: 1.3 }

type Runner = (body: string, mark: BenchTool) => Promise<unknown>

/** Median time of each kernel, by who computes and by the kernel's name. */
type Times = ReadonlyMap<string, ReadonlyMap<string, number>>

/** Computing inside against computing in the host: recursion, sorting, JSON, regular expressions. */
export async function measureCompute({ isQuick }: GroupContext): Promise<readonly Row[]> {
  const rounds = isQuick ? 1 : 7
  const sandboxes = await Promise.all(ENGINES.map((engine) => BenchSandbox.open(engine)))
  const runners = new Map<string, Runner>([['direct', runDirectly]])
  for (const sandbox of sandboxes) {
    runners.set(sandbox.engine, async (body, mark) => {
      if (sandbox.engine === 'v8') await sleep(REFILL_MS)
      return sandbox.value({ body, tools: { mark } })
    })
  }
  const times = await measureKernels(runners, rounds)
  await Promise.all(sandboxes.map((sandbox) => sandbox.close()))
  const direct = total(times, 'direct')
  return [
    shown('compute kernels, direct', direct, 'ms', parts(times, 'direct')),
    ...ENGINES.map((engine) => {
      const value = total(times, engine) / direct
      const note = `${digits(total(times, engine))} ms: ${parts(times, engine)}; median of ${rounds} each`
      const what = `compute kernels, ${engine}, against direct`
      return atMost({ what, value, limit: LIMITS[engine], unit: 'times', note })
    }),
  ]
}

/** All compute the same in turns, so that a slower minute slows every one of them. */
async function measureKernels(
  runners: ReadonlyMap<string, Runner>,
  rounds: number,
): Promise<Times> {
  const medians = new Map([...runners.keys()].map((name) => [name, new Map<string, number>()]))
  for (const [kernelName, code] of Object.entries(kernel)) {
    const times = new Map([...runners.keys()].map((name) => [name, [] as number[]]))
    for (let i = 0; i < rounds; i++) {
      for (const [name, run] of runners) times.get(name)?.push(await timeKernel(run, code))
    }
    for (const [name, all] of times) medians.get(name)?.set(kernelName, median(all))
  }
  return medians
}

/** The time between two marks that the program sets, so neither start nor end of a run is in it. */
async function timeKernel(run: Runner, code: string): Promise<number> {
  let startedAt = 0
  let timeMs = Number.NaN
  const mark: BenchTool = (argument) => {
    const now = performance.now()
    if (argument === 'end') timeMs = now - startedAt
    startedAt = performance.now()
    return null
  }
  const body = `await tool('mark', 'start'); const value = await (async () => { ${code} })()
    await tool('mark', 'end'); return value`
  await run(body, mark)
  return timeMs
}

const AsyncFunction = (async () => undefined).constructor as new (
  parameter: string,
  body: string,
) => (tool: (name: string, argument: string) => Promise<unknown>) => Promise<unknown>

const runDirectly: Runner = (body, mark) =>
  new AsyncFunction('tool', body)(async (_name, argument) => mark(argument))

function total(times: Times, who: string): number {
  return [...(times.get(who)?.values() ?? [])].reduce((sum, time) => sum + time, 0)
}

function parts(times: Times, who: string): string {
  const all = [...(times.get(who) ?? [])]
  return all.map(([name, time]) => `${name} ${digits(time)}`).join(', ')
}
