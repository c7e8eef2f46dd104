import { setTimeout as sleep } from 'node:timers/promises'
import { BenchSandbox, ENGINES, type Engine, REFILL_MS } from '../bench-sandbox.ts'
import type { GroupContext } from '../group-context.ts'
import { trivial } from '../peers/lib/programs.mjs'
import { median, quantile } from '../quantiles.ts'
import { atMost, digits, type Row } from '../rows.ts'

/** How long a trivial program takes from call to value: warm, and the first one after a rest. */
export async function measureWarm({ isQuick }: GroupContext): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const engine of ENGINES) rows.push(...(await measureBackToBack(engine, isQuick)))
  rows.push(...(await measureAfterRest(isQuick)))
  return rows
}

async function measureBackToBack(engine: Engine, isQuick: boolean): Promise<readonly Row[]> {
  const sandbox = await BenchSandbox.open(engine)
  // A single-use process cannot be ready again at once: the pool gets the time to fill.
  const restMs = engine === 'v8' ? REFILL_MS : 0
  const count = (engine === 'v8' ? 300 : 3_000) / (isQuick ? 30 : 1)
  for (let i = 0; i < 20; i++) await timed(sandbox, restMs)
  const times: number[] = []
  for (let i = 0; i < count; i++) times.push(await timed(sandbox, restMs))
  await sandbox.close()
  const how = engine === 'v8' ? `pool ready, ${restMs} ms between runs` : 'one after the other'
  const note = `${count} runs ${how}; longest ${digits(Math.max(...times))} ms`
  const what = `warm trivial run, ${engine}`
  return [
    atMost({ what: `${what}, p50`, value: median(times), limit: 1, unit: 'ms', note }),
    atMost({ what: `${what}, p99`, value: quantile(times, 0.99), limit: 5, unit: 'ms', note }),
  ]
}

async function measureAfterRest(isQuick: boolean): Promise<readonly Row[]> {
  const restMs = isQuick ? 1_000 : 10_000
  const sandboxes = await Promise.all(ENGINES.map((engine) => BenchSandbox.open(engine)))
  const times = new Map(ENGINES.map((engine) => [engine, [] as number[]]))
  for (const sandbox of sandboxes) await timed(sandbox, 0)
  for (let i = 0; i < (isQuick ? 1 : 5); i++) {
    await sleep(restMs)
    for (const sandbox of sandboxes) times.get(sandbox.engine)?.push(await timed(sandbox, 0))
  }
  await Promise.all(sandboxes.map((sandbox) => sandbox.close()))
  return ENGINES.map((engine) => {
    const all = times.get(engine) ?? []
    const what = `first run after ${restMs / 1000} s of rest, ${engine}`
    const note = `median of ${all.length}; longest ${digits(Math.max(...all))} ms`
    return atMost({ what, value: median(all), limit: 3, unit: 'ms', note })
  })
}

async function timed(sandbox: BenchSandbox, restMs: number): Promise<number> {
  if (restMs > 0) await sleep(restMs)
  const start = performance.now()
  await sandbox.value({ body: trivial })
  return performance.now() - start
}
