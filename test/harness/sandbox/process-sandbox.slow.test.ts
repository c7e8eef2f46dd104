import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../../harness/errors.ts'
import type { IsolationDriver } from '../../../harness/sandbox/isolation/driver.ts'
import { candidateDrivers } from '../../../harness/sandbox/isolation/probe.ts'
import { ProcessSandbox } from '../../../harness/sandbox/process-sandbox.ts'
import { bestSandbox, outcomeOf, runBody } from './run-in-sandbox.ts'

const sandbox = bestSandbox()
afterAll(() => sandbox.close())

const hasProc = process.platform === 'linux'

/** Process ids that descend from a process, itself not included. */
function descendants(of: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        return state === 'Z' ? [] : [[Number(name), Number(parent)] as const]
      } catch {
        return []
      }
    })
  const children = parents.filter(([, parent]) => parent === of).map(([pid]) => pid)
  return [...children, ...children.flatMap(descendants)]
}

async function eventually(condition: () => boolean, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; Date.now() < until; ) {
    if (condition()) return true
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return condition()
}

describe('ProcessSandbox', () => {
  it.skipIf(!hasProc)('leaves no process and no descriptor behind', async () => {
    const openDescriptors = () => readdirSync('/proc/self/fd').length
    const before = new Set(descendants(process.pid))
    const once = async () => {
      const own = bestSandbox()
      const runs = ['return 1', 'for (;;);', 'throw 1'].map((body) =>
        runBody(own, body, { limits: { timeoutMs: 300 } }),
      )
      await Promise.all(runs)
      await own.close()
    }
    await once()
    const descriptors = openDescriptors()
    await once()
    expect(await eventually(() => openDescriptors() <= descriptors, 1000)).toBe(true)
    const isGone = () => descendants(process.pid).every((pid) => before.has(pid) || isOurs(pid))
    const pool = new Set(descendants(process.pid))
    const isOurs = (pid: number) => pool.has(pid)
    expect(await eventually(isGone, 1000)).toBe(true)
  })

  it.skipIf(!hasProc)('takes every process with it when the host is killed', async () => {
    const script = `
      import { bestSandbox, runBody } from ${JSON.stringify(new URL('./run-in-sandbox.ts', import.meta.url).href)}
      const sandbox = bestSandbox()
      await sandbox.probe()
      void runBody(sandbox, 'for (;;);', { limits: { timeoutMs: 60_000 } })
      setTimeout(() => console.log('running'), 500)`
    const args = ['--no-warnings', '--input-type=module', '-e', script]
    const host = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(host.stdout, 'data')
    const children = descendants(host.pid ?? 0)
    expect(children.length).toBeGreaterThan(0)
    host.kill('SIGKILL')
    const isAlive = (pid: number) => {
      try {
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
      } catch {
        return false
      }
    }
    expect(await eventually(() => !children.some(isAlive), 1000)).toBe(true)
  })

  it('gives every run a process and a realm of its own', async () => {
    const poison =
      'globalThis.leak = data; Object.prototype.leak = 1; Array.prototype.map = () => "mine"; return 1'
    expect(await outcomeOf(runBody(sandbox, poison))).toBe(1)
    const look = 'return [typeof leak, [1].map((x) => x + 1), {}.leak === undefined]'
    expect(await outcomeOf(runBody(sandbox, look))).toEqual(['undefined', [2], true])
  })

  it('runs several programs at once', async () => {
    const onToolCall = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return { kind: 'value', value: null } as const
    }
    const runs = Array.from({ length: 6 }, (_, n) =>
      outcomeOf(runBody(sandbox, 'await tools.slow(); return data.n', { data: { n }, onToolCall })),
    )
    expect(await Promise.all(runs)).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('refuses a run when the queue is full, and runs those that waited', async () => {
    const small = new ProcessSandbox({
      isolation: { minimum: 'best' },
      pool: { min: 1, max: 1, maxQueued: 4 },
    })
    await small.probe()
    const runs = Array.from({ length: 6 }, () => runBody(small, 'return 1'))
    const settled = await Promise.allSettled(runs)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    const refused = settled.find((result) => result.status === 'rejected')
    expect(refused?.reason).toMatchObject({ code: 'ERR_OVERLOADED' })
    await small.close()
  })

  it('cancels a run that waits for its turn', async () => {
    const small = new ProcessSandbox({ isolation: { minimum: 'best' }, pool: { min: 0, max: 1 } })
    await small.probe()
    const first = runBody(small, 'for (;;);', { limits: { timeoutMs: 300 } })
    const controller = new AbortController()
    const second = runBody(small, 'return 1', { signal: controller.signal })
    controller.abort()
    expect((await second).ending.kind).toBe('cancelled')
    expect((await first).ending.kind).toBe('timeout')
    await small.close()
  })

  it('ends running programs when it is closed, and refuses new ones', async () => {
    const own = bestSandbox()
    await own.probe()
    const run = runBody(own, 'for (;;);')
    await new Promise((resolve) => setTimeout(resolve, 100))
    await own.close()
    expect((await run).ending.kind).toBe('cancelled')
    await expect(runBody(own, 'return 1')).rejects.toMatchObject({ code: 'ERR_SANDBOX_FAILED' })
  })

  it('leaves no run behind that waits for its turn when it is closed', async () => {
    const own = new ProcessSandbox({ isolation: { minimum: 'best' }, pool: { min: 0, max: 1 } })
    const runs = Array.from({ length: 3 }, () => runBody(own, 'for (;;);').catch((error) => error))
    const early = own.close()
    await Promise.all([early, own.close()])
    for (const ended of await Promise.all(runs)) {
      expect(ended.code ?? ended.ending.kind).toMatch(/ERR_SANDBOX_FAILED|cancelled/)
    }
  })

  it('does not start processes without a pause when they cannot start', async () => {
    let started = 0
    const [working] = candidateDrivers()
    if (working === undefined) throw new Error('No driver')
    const failing: IsolationDriver = {
      name: working.name,
      plan: (files) => {
        if (++started === 1) return working.plan(files)
        return { command: '/does/not/exist', args: [], reportsPid: false, seal: null }
      },
    }
    const isolation = { minimum: 'best', drivers: [failing] } as const
    const own = new ProcessSandbox({ isolation, pool: { min: 2 } })
    expect(await outcomeOf(runBody(own, 'return 1'))).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(started).toBeLessThan(12)
    await expect(runBody(own, 'return 1')).rejects.toMatchObject({ code: 'ERR_SANDBOX_FAILED' })
    await own.close()
  })

  it('refuses options that make no sense', () => {
    expect(() => new ProcessSandbox({ pool: { min: -1 } })).toThrow(ConfigurationError)
    expect(() => new ProcessSandbox({ pool: { max: 0 } })).toThrow(ConfigurationError)
  })

  it('does nothing when its file is imported', async () => {
    const module = new URL('../../../harness/sandbox/process-sandbox.ts', import.meta.url).href
    const script = `await import(${JSON.stringify(module)}); console.log(process.getActiveResourcesInfo().length)`
    const args = ['--no-warnings', '--input-type=module', '-e', script]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(Number(stdout)).toBeLessThanOrEqual(1)
  })
})
