import { bareSpawner } from '../bare-spawner.ts'
import { BenchSandbox } from '../bench-sandbox.ts'
import type { GroupContext } from '../group-context.ts'
import { trivial } from '../peers/lib/programs.mjs'
import { atLeast, digits, type Row, shown } from '../rows.ts'

const AT_ONCE = 4
const WINDOWS = 3

/** How many trivial programs a second, four at once. */
export async function measureSustained({ isQuick }: GroupContext): Promise<readonly Row[]> {
  const windowMs = isQuick ? 500 : 5_000
  return [await measureShared(windowMs), ...(await measureSingleUse(windowMs))]
}

async function measureShared(windowMs: number): Promise<Row> {
  const sandbox = await BenchSandbox.open('quickjs')
  const run = () => sandbox.value({ body: trivial })
  await ratePerSecond(run, windowMs / 5)
  const value = await ratePerSecond(run, windowMs)
  await sandbox.close()
  const what = 'sustained, 4 at once, quickjs, one trust domain'
  return atLeast({ what, value, limit: 1200, unit: 'runs/s' })
}

/** Windows of programs and of bare processes take turns, so that a slower minute slows both. */
async function measureSingleUse(windowMs: number): Promise<readonly Row[]> {
  const programs: number[] = []
  const processes: number[] = []
  let driver = ''
  for (let i = 0; i < WINDOWS; i++) {
    const sandbox = await BenchSandbox.open('v8')
    driver = sandbox.facts.driver
    const run = () => sandbox.value({ body: trivial })
    await ratePerSecond(run, windowMs / 5)
    programs.push(await ratePerSecond(run, windowMs))
    await sandbox.close()
    const spawner = await bareSpawner(driver, 'v8')
    await ratePerSecond(spawner.startAndKill, windowMs / 5)
    processes.push(await ratePerSecond(spawner.startAndKill, windowMs))
    await spawner.close()
  }
  const ran = sum(programs) / WINDOWS
  const bare = sum(processes) / WINDOWS
  const note = `${digits(ran)} programs/s to ${digits(bare)} bare starts/s (${driver}), mean of ${WINDOWS} windows each`
  return [
    shown('sustained, 4 at once, v8, single use', ran, 'runs/s', `windows: ${list(programs)}`),
    shown(
      'bare: start, get ready, kill, 4 at once',
      bare,
      'starts/s',
      `windows: ${list(processes)}`,
    ),
    atLeast({
      what: 'v8, share of the bare rate',
      value: ran / bare,
      limit: 0.9,
      unit: 'times',
      note,
    }),
  ]
}

/** How often something is done per second when four do it all the time. */
async function ratePerSecond(once: () => Promise<unknown>, windowMs: number): Promise<number> {
  const start = performance.now()
  let count = 0
  const work = async (): Promise<void> => {
    while (performance.now() - start < windowMs) {
      await once()
      count++
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return count / ((performance.now() - start) / 1000)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function list(values: readonly number[]): string {
  return values.map(digits).join(', ')
}
