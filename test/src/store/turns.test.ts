import { describe, expect, it } from 'vitest'
import { Turns } from '../../../src/store/turns.ts'

describe('turns', () => {
  it('do one thing after the other for one key, and those of others meanwhile', async () => {
    const turns = new Turns()
    const done: string[] = []
    const { promise: first, resolve } = Promise.withResolvers<boolean>()
    const work = (name: string, until?: Promise<boolean>) => async () => {
      const answer = (await until) ?? false
      done.push(name)
      return answer
    }
    const all = [
      turns.take('a', 1, work('a1', first)),
      turns.take('a', 2, work('a2')),
      turns.take('b', 1, work('b1')),
    ]
    await all[2]
    expect(done).toEqual(['b1'])
    resolve(false)
    expect(await Promise.all(all)).toEqual([false, false, false])
    expect(done).toEqual(['b1', 'a1', 'a2'])
  })

  it('spare those who come too late', async () => {
    const turns = new Turns()
    let count = 0
    const work = async () => {
      count += 1
      return true
    }
    const all = Array.from({ length: 100 }, () => turns.take('a', 1, work))
    expect((await Promise.all(all)).filter(Boolean)).toHaveLength(1)
    expect(count).toBe(1)
    // Somebody elsewhere was faster: one finds out for all of them.
    const inVain = async () => {
      await work()
      return false
    }
    const late = Array.from({ length: 100 }, () => turns.take('b', 1, inVain))
    expect((await Promise.all(late)).filter(Boolean)).toEqual([])
    expect(count).toBe(2)
    // Nothing is kept, so the database decides about whoever comes later.
    expect(await turns.take('a', 1, work)).toBe(true)
  })

  it('go on after one that failed', async () => {
    const turns = new Turns()
    const failing = turns.take('a', 1, () => Promise.reject(new Error('x')))
    const next = turns.take('a', 1, async () => true)
    await expect(failing).rejects.toThrow('x')
    expect(await next).toBe(true)
  })
})
