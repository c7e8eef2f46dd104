import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { ProcessSpawner } from '../../../harness/sandbox/process-spawner.ts'
import {
  answer,
  canJail,
  comesTrue,
  ECHO,
  Host,
  isRunning,
  JAILED,
  openDescriptors,
  planOf,
  processes,
  SLEEP,
  shellPlan,
} from './spawner-hosts.ts'

const opened: ProcessSpawner[] = []
const hosts: Host[] = []
afterEach(async () => {
  for (const host of hosts.splice(0)) host.process.kill('SIGKILL')
  await Promise.all(opened.splice(0).map((spawner) => spawner.close()))
})

function keep(spawner: ProcessSpawner): ProcessSpawner {
  opened.push(spawner)
  return spawner
}

function startHost(...options: ConstructorParameters<typeof Host>): Host {
  const host = new Host(...options)
  hosts.push(host)
  return host
}

describe.skipIf(process.platform !== 'linux')('the spawner process', () => {
  it('is a small process in a session of its own that no signal for the host ends', async () => {
    const spawner = keep(new ProcessSpawner())
    expect(spawner.helperPid).toBeNull()
    const child = await spawner.spawn(ECHO)
    const { helperPid } = spawner
    if (helperPid === null) throw new Error('There is none')
    expect(processes(child.pid)).toMatchObject([{ parent: helperPid }])
    expect(processes(helperPid)).toMatchObject([{ session: helperPid, parent: process.pid }])
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(helperPid, signal)
    expect(await answer(child, 'unharmed')).toBe('unharmed')
    expect((await spawner.spawn(ECHO)).isAlive).toBe(true)
    expect(spawner.helperPid).toBe(helperPid)
    await spawner.close()
    expect(isRunning(helperPid)).toBe(false)
    expect(spawner.helperPid).toBeNull()
  })

  it('takes down what it started when it is killed, and is replaced', async () => {
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, error() {} }
    const warn = (_: object, message: string) => warnings.push(message)
    const spawner = keep(new ProcessSpawner({ logger: { ...logger, warn } }))
    const sleeper = await spawner.spawn(SLEEP)
    const stubborn = await spawner.spawn(
      shellPlan("ulimit -t 20; trap '' TERM HUP INT; while :; do :; done"),
    )
    const pending = spawner.spawn(shellPlan('sleep 100', { reportsPid: true }))
    const refused = expect(pending).rejects.toMatchObject({ name: 'SpawnError' })
    const { helperPid } = spawner
    if (helperPid === null) throw new Error('There is none')
    const children = () => processes().filter(({ parent }) => parent === helperPid)
    expect(await comesTrue(() => children().length === 3, 2_000)).toBe(true)
    const pids = children().map(({ pid }) => pid)
    await comesTrue(() => false, 50)
    process.kill(helperPid, 'SIGKILL')
    await refused
    expect(await sleeper.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(await stubborn.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect([sleeper.isAlive, stubborn.isAlive]).toEqual([false, false])
    expect(await comesTrue(() => !pids.some(isRunning), 1_000)).toBe(true)
    const child = await spawner.spawn(ECHO)
    expect(await answer(child, 'anew')).toBe('anew')
    expect(spawner.helperPid).not.toBe(helperPid)
    expect(warnings).toEqual(['The spawner process ended'])
  })

  it('is done without, said aloud, where it cannot be started', async () => {
    for (const node of ['/does/not/exist', '/bin/false', '/etc']) {
      const warnings: string[] = []
      const logger = { debug() {}, info() {}, error() {} }
      const warn = (_: object, message: string) => warnings.push(message)
      const spawner = keep(new ProcessSpawner({ node, logger: { ...logger, warn } }))
      const children = await Promise.all([spawner.spawn(ECHO), spawner.spawn(ECHO)])
      for (const child of children) expect(await answer(child, node)).toBe(node)
      expect(processes(children[0].pid)).toMatchObject([{ parent: process.pid }])
      expect(warnings).toHaveLength(1)
      await spawner.close()
      expect(children.map(({ pid }) => isRunning(pid))).toEqual([false, false])
    }
  })

  it('keeps nothing of the processes it started and lost', async () => {
    const spawner = keep(new ProcessSpawner())
    const first = await spawner.spawn(ECHO)
    const helperPid = spawner.helperPid ?? 0
    first.kill()
    await first.exited
    const before = { own: openDescriptors('self'), helper: openDescriptors(helperPid) }
    for (let i = 0; i < 100; i++) {
      const ending = await spawner.spawn(planOf('/bin/true'))
      const [killed] = await Promise.all([
        spawner.spawn(SLEEP),
        spawner.spawn(planOf('/does/not/exist')).catch(() => null),
        ending.exited,
      ])
      ending.channel.destroy()
      killed.kill()
      await killed.exited
    }
    expect(processes().filter(({ parent }) => parent === helperPid)).toEqual([])
    const isAsBefore = () =>
      openDescriptors('self') <= before.own && openDescriptors(helperPid) <= before.helper
    expect(await comesTrue(isAsBefore, 1_000)).toBe(true)
    expect(spawner.helperPid).toBe(helperPid)
  })

  it('refuses what it has no descriptors for, and goes on', async () => {
    const host = startHost(
      `const count = async () => {
         const all = await Promise.allSettled(
           Array.from({ length: 60 }, () => spawner.spawn(plan('/bin/sleep', '100'))))
         const started = all.flatMap(({ value }) => value ?? [])
         for (const child of started) child.kill()
         await Promise.all(started.map(({ exited }) => exited))
         return { started: started.length, names: [...new Set(all.map(({ reason }) => reason?.name))] }
       }
       say([await count(), await count(), await count(), spawner.helperPid !== null])
       await spawner.close()`,
      64,
    )
    const [first, second, third, isUp] = await host.next<unknown[]>()
    expect(first).toMatchObject({ names: [null, 'SpawnError'] })
    expect([second, third]).toEqual([first, first])
    expect(isUp).toBe(true)
  })

  it('survives a host that runs out of descriptors for the channels', async () => {
    const host = startHost(
      `import { closeSync, openSync } from 'node:fs'
       const first = await spawner.spawn(plan('/bin/sleep', '100'))
       const { helperPid } = spawner
       const held = []
       const fill = () => { try { for (;;) held.push(openSync('/dev/null')) } catch {} }
       let wanted = 0
       for (let round = 0; round < 60; round++) {
         fill()
         let turns = round
         let isOver = false
         // Frees one after the other while the spawner process tries to send a channel.
         const free = () => {
           if (turns-- <= 0 && held.length > 0) closeSync(held.pop())
           if (!isOver) setImmediate(free)
         }
         free()
         const all = await Promise.allSettled([1, 2].map(() => spawner.spawn(plan('/bin/sleep', '100'))))
         isOver = true
         wanted += all.filter(({ reason }) => reason === undefined || reason.name === 'SpawnError').length
         for (const { value } of all) { value?.kill(); await value?.exited }
       }
       for (const descriptor of held.splice(0)) closeSync(descriptor)
       fill()
       const none = await spawner.spawn(plan('/bin/true')).catch(({ message }) => message)
       for (const descriptor of held.splice(0)) closeSync(descriptor)
       const last = await spawner.spawn(plan('/bin/true'))
       say([wanted, typeof none, first.isAlive, spawner.helperPid === helperPid, await last.exited])
       await spawner.close()`,
      64,
    )
    expect(await host.next()).toEqual([120, 'string', true, true, { code: 0, signal: null }])
  })

  it('passes on no descriptor that the host has inherited', async () => {
    const host = startHost(
      `import { readdirSync } from 'node:fs'
       const child = await spawner.spawn(plan('/bin/sleep', '100'))
       say([readdirSync('/proc/self/fd').includes('40'), readdirSync('/proc/' + child.pid + '/fd')])
       await spawner.close()`,
      undefined,
      40,
    )
    expect(await host.next()).toEqual([true, ['0', '1', '2', '3']])
  })

  it('keeps a host alive that waits for a process, also when it dies itself', async () => {
    const host = startHost(
      `const child = await spawner.spawn(plan('/bin/sleep', '100'))
       child.channel.unref()
       say(spawner.helperPid)
       say(await child.exited)`,
    )
    process.kill(await host.next<number>(), 'SIGKILL')
    expect(await host.next()).toEqual({ code: null, signal: 'SIGKILL' })
  })

  it('does not keep a host alive that has nothing left to do', async () => {
    const host = startHost(
      `const child = await spawner.spawn(plan('/bin/sleep', '100'))
       const { helperPid } = spawner
       child.kill()
       await child.exited
       say(helperPid)`,
    )
    const helperPid = await host.next<number>()
    const [code] = await once(host.process, 'exit')
    expect(code).toBe(0)
    expect(await comesTrue(() => !isRunning(helperPid), 1_000)).toBe(true)
  })
})

const deaths: Record<string, string> = {
  'that waits': 'say(pids); setInterval(() => {}, 1_000)',
  'that is busy while channels are on their way': `
    const more = Array.from({ length: 5 }, () => spawner.spawn(plan('/bin/sleep', '100')))
    for (const spawning of more) spawning.catch(() => {})
    say(pids)
    setImmediate(() => { for (;;); })`,
}

describe.skipIf(process.platform !== 'linux')('the death of a host', () => {
  for (const [name, waiting] of Object.entries(deaths)) {
    it(`${name} leaves no descendant`, async () => {
      const host = startHost(
        `const busy = plan('/bin/sh', '-c', "ulimit -t 20; trap '' TERM HUP INT PIPE; while :; do :; done")
         const plans = [busy, plan('/bin/sleep', '100'), ${canJail ? JSON.stringify(JAILED) : ''}]
         const children = await Promise.all(plans.map((each) => spawner.spawn(each)))
         const pids = [spawner.helperPid, ...children.map(({ pid }) => pid)]
         ${waiting}`,
      )
      const said = await host.next<number[]>()
      await comesTrue(() => false, 100)
      const [helperPid = 0] = said
      const started = processes().filter(({ parent }) => parent === helperPid)
      const pids = new Set([...said, ...started.map(({ pid }) => pid)])
      expect([...pids].every(isRunning)).toBe(true)
      host.process.kill('SIGKILL')
      expect(await comesTrue(() => ![...pids].some(isRunning), 1_000)).toBe(true)
    })
  }
})
