import type { JsonValue } from '../../harness/index.ts'
import { BenchSandbox, ENGINES, type Engine } from '../bench-sandbox.ts'
import type { GroupContext } from '../group-context.ts'
import { bombs, runaway } from '../peers/lib/programs.mjs'
import { claim, type Row } from '../rows.ts'
import { workerPids } from '../worker-processes.ts'

const NEIGHBOURS = 3
const ATTACKS: Readonly<Record<string, string | undefined>> = {
  'sync-loop': runaway['sync-loop'],
  'array-bomb': bombs['array-bomb'],
  'buffer-bomb': bombs['buffer-bomb'],
}

/** What becomes of programs that wait in a tool while another one is stopped beside them. */
export async function measureNeighbours(_context: GroupContext): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const engine of ENGINES) {
    for (const [name, body = ''] of Object.entries(ATTACKS)) {
      rows.push(await measureAttack(engine, name, body))
    }
  }
  return rows
}

const PROGRAM = `const held = await tool('hold', data); const after = await tool('echo', data)
  return [held, after, data]`

/**
 * Two trust domains and no more than two shared processes: one domain is the attacker's own, so the
 * attack runs in the process in which its neighbours wait.
 */
async function measureAttack(engine: Engine, name: string, body: string): Promise<Row> {
  const isShared = engine === 'quickjs'
  const sandbox = await BenchSandbox.open(engine, isShared ? { min: 1, max: 2 } : {})
  const gate = Promise.withResolvers<void>()
  const full = Promise.withResolvers<void>()
  const made = new Map<string, number>()
  let waiting = 0
  const count = (call: string): number => {
    const times = (made.get(call) ?? 0) + 1
    made.set(call, times)
    return times
  }
  const tools = {
    hold: async (argument: JsonValue) => {
      if (count(`hold ${argument}`) === 1 && ++waiting === 2 * NEIGHBOURS) full.resolve()
      await gate.promise
      return `held ${argument}`
    },
    echo: (argument: JsonValue) => {
      count(`echo ${argument}`)
      return `after ${argument}`
    },
  }
  const names = Array.from({ length: 2 * NEIGHBOURS }, (_, i) => `program-${i}`)
  const runs = names.map((data, i) =>
    sandbox.run({ body: PROGRAM, data, tools, trustDomain: i < NEIGHBOURS ? 'same' : 'other' }),
  )
  await Promise.race([full.promise, Promise.all(runs)])
  const processes = workerPids().length
  const limits = { timeoutMs: name === 'sync-loop' ? 500 : 5_000, memoryMb: 128 }
  const attack = await sandbox.run({ body, trustDomain: 'same', limits })
  gate.resolve()
  const endings = (await Promise.all(runs)).map(({ ending }) => ending)
  await sandbox.close()
  const isRight = endings.map(
    (ending, i) =>
      ending.kind === 'returned' &&
      JSON.stringify(ending.value) ===
        JSON.stringify([`held ${names[i]}`, `after ${names[i]}`, names[i]]),
  )
  const right = isRight.filter(Boolean).length
  const twice = [...made.values()].filter((times) => times > 1).length
  const wasStopped = attack.ending.kind === 'timeout' || attack.ending.kind === 'limit'
  const row = claim(
    `${name} beside ${NEIGHBOURS} waiting programs of its own trust domain and ${NEIGHBOURS} of another, ${engine}`,
    'all right, no call made twice',
    wasStopped && right === names.length && twice === 0,
    `${right} of ${names.length} right, ${twice} calls made twice, attack ended as ${attack.ending.kind}`,
  )
  return { ...row, note: `${processes} processes when the attack began` }
}
