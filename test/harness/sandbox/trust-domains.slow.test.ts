import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import type { IsolationDriver } from '../../../harness/sandbox/isolation/driver.ts'
import { candidateDrivers } from '../../../harness/sandbox/isolation/probe.ts'
import { ProcessSandbox } from '../../../harness/sandbox/process-sandbox.ts'
import type { PoolOptions } from '../../../harness/sandbox/worker-pool.ts'
import { outcomeOf, runBody } from './run-in-sandbox.ts'

const [strongest] = candidateDrivers()
if (strongest === undefined) throw new Error('No driver')

/** A sandbox that counts the processes it starts. */
function counted(pool: PoolOptions) {
  let started = 0
  const drivers: IsolationDriver[] = candidateDrivers().map((driver) => ({
    name: driver.name,
    plan: (files) => {
      started++
      return driver.plan(files)
    },
  }))
  const sandbox = new ProcessSandbox({ isolation: { minimum: 'best', drivers }, pool })
  opened.push(sandbox)
  return { sandbox, started: () => started }
}

const opened: ProcessSandbox[] = []
afterAll(() => Promise.all(opened.map((sandbox) => sandbox.close())))

const poison =
  'globalThis.leak = 1; Object.prototype.leak = 1; Array.prototype.map = () => "mine"; return 1'
const look = 'return [typeof leak, [1].map((x) => x + 1), {}.leak === undefined]'

describe('a trust domain', () => {
  it('shares one process, and every program has a realm of its own in it', async () => {
    const { sandbox, started } = counted({ min: 0 })
    expect(await outcomeOf(runBody(sandbox, poison, { trustDomain: 'ann' }))).toBe(1)
    for (let i = 0; i < 5; i++) {
      const looked = await outcomeOf(runBody(sandbox, look, { trustDomain: 'ann' }))
      expect(looked).toEqual(['undefined', [2], true])
    }
    expect(started()).toBe(1)
  })

  it('shares no process with another one, nor with a program that is to be alone', async () => {
    const { sandbox, started } = counted({ min: 0 })
    await sandbox.probe()
    await runBody(sandbox, 'return 1', { trustDomain: 'ann' })
    await runBody(sandbox, 'return 1', { trustDomain: 'ben' })
    expect(started()).toBe(2)
    await runBody(sandbox, 'return 1')
    await runBody(sandbox, 'return 1')
    expect(started()).toBe(4)
    await runBody(sandbox, 'return 1', { trustDomain: 'ann' })
    expect(started()).toBe(4)
  })

  it('gets a new process after so many programs', async () => {
    const { sandbox, started } = counted({ min: 0, maxRuns: 3 })
    for (let i = 0; i < 7; i++) await runBody(sandbox, 'return 1', { trustDomain: 'ann' })
    expect(started()).toBe(3)
  })

  it('gets a new process after a program that was stopped or ran out of memory', async () => {
    const { sandbox, started } = counted({ min: 0 })
    const loop = { trustDomain: 'ann', limits: { timeoutMs: 100 } }
    expect((await runBody(sandbox, 'for (;;);', loop)).ending.kind).toBe('timeout')
    expect(await outcomeOf(runBody(sandbox, 'return 1', { trustDomain: 'ann' }))).toBe(1)
    expect(started()).toBe(2)
    const bomb = 'const keep = []; for (;;) keep.push(new Uint8Array(4e6))'
    const small = { trustDomain: 'ann', limits: { memoryMb: 32 } }
    expect((await runBody(sandbox, bomb, small)).ending).toMatchObject({ limit: 'memoryMb' })
    expect(await outcomeOf(runBody(sandbox, 'return 1', { trustDomain: 'ann' }))).toBe(1)
    expect(started()).toBe(3)
  })

  it('keeps its process after a program that failed or was cancelled while it waited', async () => {
    const { sandbox, started } = counted({ min: 0 })
    await runBody(sandbox, 'throw new Error("no")', { trustDomain: 'ann' })
    await runBody(sandbox, 'const f = () => f(); return f()', { trustDomain: 'ann' })
    const never = () => new Promise<never>(() => undefined)
    const waiting = { trustDomain: 'ann', onToolCall: never, limits: { timeoutMs: 100 } }
    const timedOut = await runBody(sandbox, 'return tools.echo()', waiting)
    expect(timedOut.ending.kind).toBe('timeout')
    expect(timedOut.abandonedCalls).toEqual([{ seq: 0, name: 'echo' }])
    const signal = AbortSignal.timeout(100)
    const cancelled = await runBody(sandbox, 'return tools.echo()', { ...waiting, signal })
    expect(['cancelled', 'timeout']).toContain(cancelled.ending.kind)
    expect(await outcomeOf(runBody(sandbox, 'return 2', { trustDomain: 'ann' }))).toBe(2)
    expect(started()).toBe(1)
  })

  it('is watched after a tool has answered or a timer has fired, too', async () => {
    const { sandbox } = counted({ min: 0 })
    const spin = { trustDomain: 'ann', limits: { cpuMs: 150, timeoutMs: 20_000 } }
    for (const wait of ['tools.echo()', 'new Promise((go) => setTimeout(go, 60))']) {
      const { ending } = await runBody(sandbox, `await ${wait}; for (;;);`, spin)
      expect(ending).toMatchObject({ kind: 'limit', limit: 'cpuMs' })
    }
  })

  it('cannot keep every process from others, however busy it is', async () => {
    const { sandbox } = counted({ min: 0, max: 1, maxQueued: 20 })
    let isOver = false
    const busy = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!isOver) await runBody(sandbox, 'return 1', { trustDomain: 'ann' })
      }),
    )
    await delay(300)
    expect(await outcomeOf(runBody(sandbox, 'return 2', { trustDomain: 'ben' }))).toBe(2)
    isOver = true
    await busy
  })

  it('is bounded in what it has on its way to tools', async () => {
    const { sandbox } = counted({ min: 0 })
    const never = () => new Promise<never>(() => undefined)
    const body =
      'const s = "x".repeat(9e4); for (let i = 0; i < 50; i++) tools.echo({ s }); return 1'
    const limits = { maxMessageBytes: 100_000 }
    const { ending } = await runBody(sandbox, body, { onToolCall: never, limits })
    expect(ending).toMatchObject({ kind: 'limit', limit: 'maxMessageBytes' })
  })

  it('runs one program while others of it wait for tools in the same process', async () => {
    const { sandbox, started } = counted({ min: 0 })
    const gate = Promise.withResolvers<void>()
    const onToolCall = async () => {
      await gate.promise
      return { kind: 'value', value: 'answer' } as const
    }
    const waiting = Array.from({ length: 4 }, (_, n) =>
      outcomeOf(
        runBody(sandbox, 'return [data.n, await tools.slow()]', {
          trustDomain: 'ann',
          data: { n },
          onToolCall,
        }),
      ),
    )
    await delay(400)
    expect(await outcomeOf(runBody(sandbox, 'return 5', { trustDomain: 'ann' }))).toBe(5)
    expect(started()).toBeLessThan(4)
    gate.resolve()
    expect(await Promise.all(waiting)).toEqual([0, 1, 2, 3].map((n) => [n, 'answer']))
  })
})

describe('a program whose neighbour has to be stopped', () => {
  const stop: Record<string, { body: string; kind: string; limits: object }> = {
    'in an endless loop': { body: 'for (;;);', kind: 'timeout', limits: { timeoutMs: 150 } },
    'because of its memory': {
      body: 'const keep = []; for (;;) keep.push(new Uint8Array(4e6).fill(1))',
      kind: 'limit',
      limits: { memoryMb: 32 },
    },
    'because of its CPU time': { body: 'for (;;);', kind: 'limit', limits: { cpuMs: 100 } },
  }
  for (const [how, { body, kind, limits }] of Object.entries(stop)) {
    it(`${how} ends as if nothing had happened, and its tools are called once`, async () => {
      const { sandbox } = counted({ min: 0, max: 1 })
      const calls: string[] = []
      const gate = Promise.withResolvers<void>()
      const onToolCall = async ({ seq, name }: { seq: number; name: string }) => {
        calls.push(`${name} ${seq}`)
        if (seq === 2) await gate.promise
        return { kind: 'value', value: seq * 10 } as const
      }
      const lines: string[] = []
      const victim = runBody(
        sandbox,
        `console.log('begin'); const both = await Promise.all([tools.echo({ a: 1 }), tools.slow()])
         const id = [crypto.randomUUID(), Math.random()]
         console.log('middle'); const last = await tools.echo({ id })
         return [both, last, id.length]`,
        {
          trustDomain: 'ann',
          onToolCall,
          onEvent: (event) => {
            if (event.kind === 'console') lines.push(event.line.text)
          },
        },
      )
      await expect.poll(() => calls.length, { timeout: 5_000 }).toBe(3)
      await delay(20)
      const neighbour = await runBody(sandbox, body, { trustDomain: 'ann', limits })
      expect(neighbour.ending.kind).toBe(kind)
      gate.resolve()
      const { ending, console } = await victim
      expect(ending).toEqual({ kind: 'returned', value: [[0, 10], 20, 2] })
      expect(calls).toEqual(['echo 0', 'slow 1', 'echo 2'])
      expect(console.map(({ text }) => text)).toEqual(['begin', 'middle'])
      expect(lines).toEqual(['begin', 'middle'])
    })
  }

  it('is not given up for a neighbour that is stopped again and again', async () => {
    const { sandbox } = counted({ min: 0, max: 2 })
    const gate = Promise.withResolvers<void>()
    const onToolCall = async () => {
      await gate.promise
      return { kind: 'value', value: 1 } as const
    }
    const victim = outcomeOf(
      runBody(sandbox, 'return tools.echo()', {
        trustDomain: 'ann',
        onToolCall,
        limits: { timeoutMs: 60_000 },
      }),
    )
    await delay(500)
    for (let i = 0; i < 4; i++) {
      const limits = { timeoutMs: 60 }
      await runBody(sandbox, 'for (;;);', { trustDomain: 'ann', limits })
    }
    gate.resolve()
    expect(await victim).toBe(1)
  })
})
