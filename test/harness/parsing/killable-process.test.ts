import { afterAll, describe, expect, it } from 'vitest'
import { KillableProcess } from '../../../harness/parsing/killable-process.ts'

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

  it('gives the child no environment', async () => {
    await expect(child.call('env', { deadlineMs: 2_000 })).resolves.not.toContain('PATH')
  })
})
