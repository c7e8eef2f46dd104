import { setTimeout as sleep } from 'node:timers/promises'
import { BenchSandbox } from '../bench-sandbox.ts'
import type { GroupContext } from '../group-context.ts'
import { hold, trivial } from '../peers/lib/programs.mjs'
import { atMost, digits, type Row, shown } from '../rows.ts'
import { pssBytes, treePssBytes, workerPids } from '../worker-processes.ts'

const MIB = 1024 * 1024
const SETTLE_MS = 1_000

/** What a process costs that waits for work, and a program that waits for a tool. */
export async function measureMemory(_context: GroupContext): Promise<readonly Row[]> {
  return [
    await measureIdleWorker(),
    await measureWaiting('quickjs', 8),
    await measureWaiting('quickjs', 24),
    await measureWaiting('v8', 8),
  ]
}

async function measureIdleWorker(): Promise<Row> {
  const sandbox = await BenchSandbox.open('quickjs')
  for (let i = 0; i < 20; i++) await sandbox.value({ body: trivial })
  await sleep(SETTLE_MS)
  const sizes = workerPids().map((pid) => pssBytes(pid) / MIB)
  await sandbox.close()
  if (sizes.length === 0) throw new Error('No idle worker was found')
  return atMost({
    what: 'idle worker, quickjs, PSS',
    value: Math.max(...sizes),
    limit: 65,
    unit: 'MB',
    note: `the largest of ${sizes.length}: ${sizes.map(digits).join(', ')}`,
  })
}

/** What the whole tree grows by, host included, when programs wait in a tool. */
async function measureWaiting(engine: 'quickjs' | 'v8', count: number): Promise<Row> {
  const sandbox = await BenchSandbox.open(engine, { max: count })
  await Promise.all(Array.from({ length: count }, () => sandbox.value({ body: trivial })))
  await sleep(SETTLE_MS)
  globalThis.gc?.()
  const before = treePssBytes()
  const gate = Promise.withResolvers<null>()
  const full = Promise.withResolvers<void>()
  let waiting = 0
  const tools = {
    hold: () => {
      if (++waiting === count) full.resolve()
      return gate.promise
    },
  }
  const runs = Array.from({ length: count }, () => sandbox.value({ body: hold, tools }))
  await Promise.race([full.promise, Promise.all(runs)])
  await sleep(SETTLE_MS)
  const processes = workerPids().length
  const value = (treePssBytes() - before) / count / MIB
  gate.resolve(null)
  await Promise.all(runs)
  await sandbox.close()
  const what = `program that waits in a tool, ${engine}, ${count} at once, PSS each`
  const note = `growth of host and processes together; ${processes} processes then`
  if (engine === 'v8') return shown(what, value, 'MB', note)
  return atMost({ what, value, limit: 12, unit: 'MB', note })
}
