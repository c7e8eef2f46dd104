import { describe, expect, it } from 'vitest'
import { drain } from '../../src/drain.ts'

describe('drain', () => {
  it('waits for what ends by itself and cancels nothing', async () => {
    let cancelled = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    const work = { idle: () => promise, cancelAll: () => void cancelled++ }
    const drained = drain(work, { patienceMs: 60_000, graceMs: 60_000 })
    resolve()
    expect(await drained).toBe(true)
    expect(cancelled).toBe(0)
  })

  it('tells what is left to end', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const work = { idle: () => promise, cancelAll: resolve }
    expect(await drain(work, { patienceMs: 1, graceMs: 60_000 })).toBe(true)
  })

  it('gives up on what does not end', async () => {
    const work = { idle: () => new Promise<void>(() => {}), cancelAll() {} }
    expect(await drain(work, { patienceMs: 1, graceMs: 1 })).toBe(false)
  })
})
