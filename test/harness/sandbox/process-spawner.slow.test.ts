import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { ProcessSpawner } from '../../../harness/sandbox/process-spawner.ts'
import { comesTrue, openDescriptors, planOf, processes, shellPlan } from './spawner-hosts.ts'

const ROUNDS = 1_000
const AT_ONCE = 4
const MAX_GROWTH_BYTES = 16 * 1024 * 1024

const spawner = new ProcessSpawner()
afterAll(() => spawner.close())

const endings = [
  planOf('/bin/true'),
  planOf('/bin/sleep', ['100']),
  planOf('/does/not/exist'),
  shellPlan('head -c 20000 /dev/zero >&2; head -c 20000 /dev/zero >&3; exit 1'),
  shellPlan('printf "{ \\"child-pid\\": $$ }" >&5; exec 5>&-; cat <&4 >&3; sleep 100', {
    reportsPid: true,
    filter: Buffer.alloc(1400, 1),
  }),
  shellPlan('exit 1', { reportsPid: true }),
]

async function spawnAndLose(round: number): Promise<void> {
  const plan = endings[round % endings.length]
  if (plan === undefined) throw new Error('No such ending')
  const child = await spawner.spawn(plan).catch(() => null)
  if (child === null) return
  if (round % 2 === 0) child.channel.resume()
  child.kill()
  await child.exited
}

function ownBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
  return Number(/^Private_Dirty:\s+(\d+)/m.exec(rollup)?.[1]) * 1024
}

describe.skipIf(process.platform !== 'linux')('thousands of spawns', () => {
  it('leave no descriptor, no process, no zombie, no listener and no memory', async () => {
    for (let round = 0; round < 100; round++) await spawnAndLose(round)
    const pid = spawner.helperPid ?? 0
    const before = { own: openDescriptors('self'), helper: openDescriptors(pid) }
    const bytes = ownBytes(pid)
    const listeners = process.eventNames().map((name) => process.listenerCount(name))
    for (let round = 0; round < ROUNDS; round++) {
      const batch = Array.from({ length: AT_ONCE }, (_, i) => spawnAndLose(round * AT_ONCE + i))
      await Promise.all(batch)
    }
    expect(spawner.helperPid).toBe(pid)
    expect(processes().filter(({ parent }) => parent === pid)).toEqual([])
    const isAsBefore = () =>
      openDescriptors('self') <= before.own && openDescriptors(pid) <= before.helper
    expect(await comesTrue(isAsBefore, 2_000)).toBe(true)
    expect(process.eventNames().map((name) => process.listenerCount(name))).toEqual(listeners)
    expect(ownBytes(pid) - bytes).toBeLessThan(MAX_GROWTH_BYTES)
  })
})
