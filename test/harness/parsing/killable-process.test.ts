import { globSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { KillableProcess } from '../../../harness/parsing/killable-process.ts'

const echoChild = () =>
  new KillableProcess({
    entry: new URL('./fixtures/echo-child.ts', import.meta.url),
    name: 'test',
  })
const child = new KillableProcess({
  entry: new URL('./fixtures/echo-child.ts', import.meta.url),
  name: 'test',
  memoryMb: 32,
  maxCalls: 3,
})
afterAll(() => child.close())

describe('KillableProcess', () => {
  it('answers calls in order, across the replacement of the child', async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((n) => child.call(n, { deadlineMs: 2_000 })),
    )
    expect(answers).toEqual([1, 2, 3, 4, 5].map((echo) => ({ echo })))
  })

  const failures = {
    'a handler that never ends': ['loop', 'deadline'],
    'a handler that throws': ['throw', 'crashed'],
    'a child that exits': ['exit', 'crashed'],
    'a handler that fills the heap': ['hoard', 'memory'],
    'a handler that reads a file it was not given': ['read', 'crashed'],
  } as const
  for (const [name, [message, kind]] of Object.entries(failures)) {
    it(`reports ${name} as ${kind} and serves the next call`, async () => {
      const deadlineMs = message === 'loop' ? 200 : 10_000
      await expect(child.call(message, { deadlineMs })).rejects.toMatchObject({ kind })
      await expect(child.call('next', { deadlineMs: 2_000 })).resolves.toEqual({ echo: 'next' })
    })
  }

  it('stops when the caller aborts', async () => {
    const abort = new AbortController()
    const answer = child.call('loop', { deadlineMs: 10_000, signal: abort.signal })
    setTimeout(() => abort.abort(), 50)
    await expect(answer).rejects.toMatchObject({ kind: 'aborted' })
  })

  it('stops a call that is aborted while the child starts, and keeps the child', async () => {
    const fresh = echoChild()
    const abort = new AbortController()
    const answer = fresh.call('loop', { deadlineMs: 1_000, signal: abort.signal })
    abort.abort()
    await expect(answer).rejects.toMatchObject({ kind: 'aborted' })
    await expect(fresh.call('next', { deadlineMs: 2_000 })).resolves.toEqual({ echo: 'next' })
    await fresh.close()
  })

  it('stops a call that is aborted while it waits for an earlier one', async () => {
    const endings: string[] = []
    const abort = new AbortController()
    const earlier = child
      .call('loop', { deadlineMs: 500 })
      .catch(({ kind }) => endings.push(`earlier ${kind}`))
    const waiting = child
      .call('waiting', { deadlineMs: 500, signal: abort.signal })
      .catch(({ kind }) => endings.push(`waiting ${kind}`))
    abort.abort()
    await Promise.all([earlier, waiting])
    expect(endings).toEqual(['waiting aborted', 'earlier deadline'])
  })

  it('refuses a call that is aborted already', async () => {
    const call = child.call('late', { deadlineMs: 2_000, signal: AbortSignal.abort() })
    await expect(call).rejects.toMatchObject({ kind: 'aborted' })
  })

  it('waits longer for a child that the machine gives no time, as long as it is patient', async () => {
    // Asleep, a child uses no processor time, like one that waits for a core.
    const call = child.call('sleep 400', { deadlineMs: 100, patienceMs: 5_000 })
    await expect(call).resolves.toEqual({ echo: 'sleep 400' })
    const impatient = child.call('sleep 400', { deadlineMs: 100 })
    await expect(impatient).rejects.toMatchObject({ kind: 'deadline' })
  })

  it('is not patient with a child that works', async () => {
    const started = performance.now()
    const call = child.call('loop', { deadlineMs: 100, patienceMs: 60_000 })
    await expect(call).rejects.toMatchObject({ kind: 'deadline' })
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  it('has patience with an end', async () => {
    const call = child.call('sleep 60000', { deadlineMs: 50, patienceMs: 100 })
    await expect(call).rejects.toMatchObject({ kind: 'deadline' })
  })

  it('replaces a child after its calls without making the next one wait', async () => {
    const fresh = new KillableProcess({
      entry: new URL('./fixtures/echo-child.ts', import.meta.url),
      name: `renewed-${process.pid}`,
      maxCalls: 2,
    })
    const pids: unknown[] = []
    for (let count = 0; count < 3; count += 1)
      pids.push(await fresh.call('pid', { deadlineMs: 2_000 }))
    // The old one serves until the new one is ready.
    expect(new Set(pids).size).toBe(1)
    await expect
      .poll(() => fresh.call('pid', { deadlineMs: 2_000 }), { timeout: 10_000 })
      .not.toBe(pids[0])
    await fresh.close()
    expect(processesTitled(`renewed-${process.pid}`)).toBe(0)
  })

  it('replaces a child that says of an answer that it is its last', async () => {
    const last = await child.call('last', { deadlineMs: 2_000 })
    await expect(child.call('pid', { deadlineMs: 2_000 })).resolves.not.toBe(last)
  })

  it('gives the child no environment', async () => {
    await expect(child.call('env', { deadlineMs: 2_000 })).resolves.not.toContain('PATH')
  })
})

describe('a child that does not start', () => {
  const { execPath } = process
  afterEach(() => {
    process.execPath = execPath
  })

  const failures = {
    'that is reported later': '/nowhere/node',
    'that is thrown at once': 'node\0',
  }
  for (const [name, missing] of Object.entries(failures)) {
    it(`fails one call, not the next, with an error ${name}`, async () => {
      const fresh = echoChild()
      process.execPath = missing
      await expect(fresh.call(1, { deadlineMs: 2_000 })).rejects.toMatchObject({ kind: 'crashed' })
      process.execPath = execPath
      await expect(fresh.call(2, { deadlineMs: 2_000 })).resolves.toEqual({ echo: 2 })
      await fresh.close()
    })

    it(`does not hinder closing, with an error ${name}`, async () => {
      const fresh = echoChild()
      process.execPath = missing
      fresh.warm()
      await fresh.close()
      await expect(fresh.call(1, { deadlineMs: 2_000 })).rejects.toMatchObject({ kind: 'aborted' })
    })
  }

  it('is killed when it is not ready in time', async () => {
    const name = `silent-${process.pid}`
    const silent = new KillableProcess({
      entry: new URL('./fixtures/silent-child.ts', import.meta.url),
      name,
      startDeadlineMs: 300,
    })
    const call = silent.call(1, { deadlineMs: 2_000 })
    expect(processesTitled(name)).toBe(1)
    await expect(call).rejects.toMatchObject({ kind: 'crashed' })
    await expect.poll(() => processesTitled(name), { timeout: 2_000 }).toBe(0)
    await silent.close()
  })
})

function processesTitled(name: string): number {
  return globSync('/proc/[0-9]*/cmdline').filter((path) => {
    try {
      return readFileSync(path, 'utf8').includes(`airlock-${name}`)
    } catch {
      // It ended between the listing and the look.
      return false
    }
  }).length
}
