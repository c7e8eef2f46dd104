import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import type { LaunchPlan } from '../../../harness/sandbox/isolation/driver.ts'
import { DirectSpawner, ProcessSpawner } from '../../../harness/sandbox/process-spawner.ts'
import type { Spawner } from '../../../harness/sandbox/spawner.ts'
import {
  answer,
  canJail,
  comesTrue,
  ECHO,
  isRunning,
  JAILED,
  openDescriptors,
  planOf,
  processes,
  readAll,
  SLEEP,
  shellPlan,
} from './spawner-hosts.ts'

const NODE_ECHO = planOf(process.execPath, [
  '-e',
  `const { readSync, writeSync } = require('node:fs')
   const bytes = Buffer.alloc(100)
   for (;;) {
     const count = readSync(3, bytes)
     if (count === 0) process.exit(7)
     writeSync(3, bytes, 0, count)
   }`,
])

const opened: Spawner[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((spawner) => spawner.close()))
})

function keep<T extends Spawner>(spawner: T): T {
  opened.push(spawner)
  return spawner
}

const spawners: Record<string, () => Spawner> = {
  ProcessSpawner: () => new ProcessSpawner(),
  DirectSpawner: () => new DirectSpawner(),
}

describe.skipIf(process.platform !== 'linux')('a spawned process', () => {
  for (const [name, create] of Object.entries(spawners)) {
    describe(`of ${name}`, () => {
      it('talks over the channel and sees when the host closes it', async () => {
        const child = await keep(create()).spawn(NODE_ECHO)
        expect(await answer(child, 'hello')).toBe('hello')
        expect(await answer(child, 'again')).toBe('again')
        expect(child.isAlive).toBe(true)
        child.channel.destroy()
        expect(await child.exited).toEqual({ code: 7, signal: null })
        expect(child.isAlive).toBe(false)
      })

      it('loses nothing of what it wrote before anybody listened', async () => {
        const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))
        const script = `
          const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))
          for (let sent = 0; sent < bytes.length; ) sent += require('node:fs').writeSync(3, bytes, sent)`
        const child = await keep(create()).spawn(planOf(process.execPath, ['-e', script]))
        await new Promise((resolve) => setTimeout(resolve, 200))
        const received = Buffer.from(await readAll(child), 'latin1')
        const digest = (all: Buffer): string => createHash('sha256').update(all).digest('hex')
        expect([received.length, digest(received)]).toEqual([bytes.length, digest(bytes)])
      })

      it('loses nothing of what it wrote when it has ended before anybody listened', async () => {
        const child = await keep(create()).spawn(shellPlan('printf farewell >&3'))
        await child.exited
        await new Promise((resolve) => setTimeout(resolve, 50))
        expect(await readAll(child)).toBe('farewell')
      })

      it('loses nothing of what it wrote while the host was held up', async () => {
        const spawner = keep(create())
        await spawner.spawn(ECHO)
        const plan = shellPlan('printf early >&3; cat <&3 >&3')
        const spawning = Array.from({ length: 5 }, () => spawner.spawn(plan))
        await new Promise((resolve) => setImmediate(resolve))
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
        for (const child of await Promise.all(spawning)) {
          if (child.channel.readableLength < 5) await once(child.channel, 'readable')
          expect(String(child.channel.read())).toBe('early')
        }
      })

      it('has no environment, no further descriptor, the root as directory, a session of its own', async () => {
        const spawner = keep(create())
        const script = `
          const { readdirSync, writeSync } = require('node:fs')
          const open = readdirSync('/proc/self/fd')
          writeSync(3, JSON.stringify([process.env, process.cwd(), open.includes('3')]))`
        const child = await spawner.spawn(planOf(process.execPath, ['-e', script]))
        expect(JSON.parse(await readAll(child))).toEqual([{ TZ: 'UTC' }, '/', true])
        const sleeper = await spawner.spawn(SLEEP)
        expect(processes(sleeper.pid)).toMatchObject([{ group: sleeper.pid, session: sleeper.pid }])
        // Nothing, nothing, the log, the channel. What this process was started with is not ours.
        if (name === 'ProcessSpawner') expect(openDescriptors(sleeper.pid)).toBe(4)
      })

      it('reads its filter from descriptor 4', async () => {
        const filter = Buffer.from('\u0001\u0080\u00ff'.repeat(500), 'latin1')
        const child = await keep(create()).spawn(shellPlan('cat <&4 >&3', { filter }))
        expect(await readAll(child)).toBe(filter.toString('latin1'))
      })

      it.skipIf(process.getuid?.() !== 0)('runs as the user of the plan', async () => {
        const child = await keep(create()).spawn(
          shellPlan('(id -u; id -g; id -G) >&3', { userId: 65_534 }),
        )
        expect(await readAll(child)).toBe('65534\n65534\n65534\n')
      })

      it('reports the process id that comes in pieces on descriptor 5', async () => {
        const pieces = `printf '{ "child-' >&5; sleep 0.05; printf 'pid": 1234' >&5; sleep 0.05
          printf '5,\\n "net-namespace": 1 }' >&5; exec 5>&-; cat <&3`
        const child = await keep(create()).spawn(shellPlan(pieces, { reportsPid: true }))
        expect(child.pid).toBe(12_345)
        child.channel.destroy()
        expect(await child.exited).toEqual({ code: 0, signal: null })
      })

      it('is refused when it ends without having reported a process id', async () => {
        const script = 'echo no permission to create a namespace >&2; exit 1'
        await expect(
          keep(create()).spawn(shellPlan(script, { reportsPid: true })),
        ).rejects.toMatchObject({
          name: 'SpawnError',
          lastWords: 'no permission to create a namespace\n',
        })
      })

      it('tells its exit code, its signal and its last words', async () => {
        const spawner = keep(create())
        const failing = await spawner.spawn(shellPlan('echo one; echo two >&2; exit 3'))
        expect(await failing.exited).toEqual({ code: 3, signal: null })
        expect(failing.lastWords).toBe('two\n')
        const dying = await spawner.spawn(shellPlan('kill -SEGV $$'))
        expect(await dying.exited).toEqual({ code: null, signal: 'SIGSEGV' })
        const quick = await spawner.spawn(planOf('/bin/true'))
        expect(await quick.exited).toEqual({ code: 0, signal: null })
      })

      it('keeps the end of its last words, and no more', async () => {
        const spawner = keep(create())
        const script = "process.stderr.write('x'.repeat(100_000) + 'the end')"
        const talkative = await spawner.spawn(planOf(process.execPath, ['-e', script]))
        await talkative.exited
        expect(talkative.lastWords).toHaveLength(8192)
        expect(talkative.lastWords.endsWith('xthe end')).toBe(true)
        const endless = await spawner.spawn(shellPlan('yes >&2; echo closed >&3'))
        expect(await readAll(endless)).toBe('closed\n')
        await endless.exited
        expect(endless.lastWords.length).toBeLessThanOrEqual(8192)
      })

      it('is not waited for when something it left behind holds its log open', async () => {
        const child = await keep(create()).spawn(shellPlan('setsid sleep 2 & exit 4'))
        const started = performance.now()
        expect(await child.exited).toEqual({ code: 4, signal: null })
        expect(performance.now() - started).toBeLessThan(1_500)
      })

      it('is killed with everything in its group, as often as it is asked', async () => {
        const spawner = keep(create())
        const child = await spawner.spawn(
          shellPlan('sleep 100 & (sleep 100; true) & echo >&3; wait'),
        )
        await once(child.channel, 'data')
        const inGroup = () => processes().filter(({ group }) => group === child.pid)
        expect(await comesTrue(() => inGroup().length === 4, 2_000)).toBe(true)
        child.kill()
        child.kill()
        expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
        expect(child.channel.destroyed).toBe(true)
        child.kill()
        const isQuiet = () => inGroup().every(({ state }) => state === 'Z')
        expect(await comesTrue(isQuiet, 1_000)).toBe(true)
      })

      it('is killed with its watcher, also when this does not end with it', async () => {
        const watching = `sleep 100 5>&- & printf '{ "child-pid": %d }' $! >&5; exec 5>&-
          while :; do sleep 100; done`
        const child = await keep(create()).spawn(shellPlan(watching, { reportsPid: true }))
        const [program] = processes(child.pid)
        child.kill()
        expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
        expect([child.pid, program?.parent ?? 0].map(isRunning)).toEqual([false, false])
      })

      it('leaves nothing of its group behind when it ends by itself', async () => {
        const child = await keep(create()).spawn(shellPlan('sleep 100 & exit 0'))
        await child.exited
        const isQuiet = () =>
          processes().every(({ group, state }) => group !== child.pid || state === 'Z')
        expect(await comesTrue(isQuiet, 1_000)).toBe(true)
      })

      it('is not started when its command is missing or not allowed', async () => {
        const spawner = keep(create())
        const refused: [LaunchPlan, string][] = [
          [planOf('/does/not/exist'), 'ENOENT'],
          [planOf('/etc'), 'EACCES'],
          [planOf('/bin/true', ['x'.repeat(1_000_000)]), 'E2BIG'],
          [planOf('/bin/true', ['a\0b']), 'ERR_INVALID_ARG_VALUE'],
        ]
        for (const [plan, code] of refused) {
          await expect(spawner.spawn(plan)).rejects.toMatchObject({ name: 'SpawnError', code })
        }
        const child = await spawner.spawn(ECHO)
        expect(await answer(child, 'still here')).toBe('still here')
      })

      it('starts beside many others', async () => {
        const spawner = keep(create())
        const all = await Promise.all(Array.from({ length: 20 }, () => spawner.spawn(ECHO)))
        expect(new Set(all.map(({ pid }) => pid)).size).toBe(20)
        const answers = await Promise.all(all.map((child, i) => answer(child, `number ${i}`)))
        expect(answers).toEqual(all.map((_, i) => `number ${i}`))
      })

      it('is gone when the spawner is closed, which starts nothing more', async () => {
        const spawner = create()
        const all = await Promise.all([spawner.spawn(SLEEP), spawner.spawn(ECHO)])
        const late = spawner.spawn(SLEEP).catch((error: unknown) => error)
        await spawner.close()
        expect(all.map(({ pid }) => isRunning(pid))).toEqual([false, false])
        expect(all.map(({ isAlive }) => isAlive)).toEqual([false, false])
        expect(await late).toMatchObject({ name: 'SpawnError' })
        await expect(spawner.spawn(SLEEP)).rejects.toMatchObject({ name: 'SpawnError' })
        await spawner.close()
      })
    })
  }

  it.skipIf(!canJail)('under bubblewrap is the program inside', async () => {
    const spawner = keep(new ProcessSpawner())
    const child = await spawner.spawn(JAILED)
    const [inside] = processes(child.pid)
    if (inside === undefined) throw new Error('The program does not run')
    expect(processes(inside.parent)).toMatchObject([{ parent: spawner.helperPid }])
    child.kill()
    await child.exited
    expect([isRunning(child.pid), isRunning(inside.parent)]).toEqual([false, false])
  })
})
