import { setTimeout as sleep } from 'node:timers/promises'
import { BenchSandbox, ENGINES } from '../bench-sandbox.ts'
import type { GroupContext } from '../group-context.ts'
import { watchLoop } from '../loop-delay.ts'
import { bombs, runaway, trivial } from '../peers/lib/programs.mjs'
import { digits, type Row } from '../rows.ts'
import { delayRow } from './endings.ts'

const GIB = 1024 ** 3
const MAX_BLOCKED_MS = 5

/** What the event loop of a host with a gigabyte of resident memory feels of starts, runs and kills. */
export async function measureLargeHost({ isQuick }: GroupContext): Promise<readonly Row[]> {
  const ballast = Buffer.alloc(GIB, 1)
  const rows: Row[] = []
  for (const engine of ENGINES) {
    const opened = await watchLoop(() => BenchSandbox.open(engine))
    const sandbox = opened.value
    const start = `event loop of a host with 1 GB, while the sandbox starts, ${engine}`
    rows.push(delayRow(start, opened, null))
    const delay = await watchLoop(() => work(sandbox, isQuick ? 500 : 4_000))
    const what = `event loop of a host with 1 GB, 4 at once, then loops and bombs, ${engine}`
    const row = delayRow(what, delay, MAX_BLOCKED_MS)
    rows.push({ ...row, note: `${row.note}; ${digits(delay.value)} runs` })
    await sandbox.close()
  }
  // Still needed here: what nobody reads any more need not stay resident.
  if (ballast[GIB - 1] !== 1) throw new Error('The ballast is gone')
  return rows
}

async function work(sandbox: BenchSandbox, forMs: number): Promise<number> {
  const end = performance.now() + forMs
  let count = 0
  const loop = async (): Promise<void> => {
    while (performance.now() < end) {
      await sandbox.value({ body: trivial })
      count++
    }
  }
  await Promise.all([loop(), loop(), loop(), loop()])
  for (const body of [...Object.values(runaway), ...Object.values(bombs)]) {
    await sandbox.run({ body, limits: { timeoutMs: 300 } })
    await sleep(100)
  }
  return count
}
