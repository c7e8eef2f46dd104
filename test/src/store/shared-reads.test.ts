import { describe, expect, it } from 'vitest'
import { SharedReads } from '../../../src/store/shared-reads.ts'

describe('shared reads', () => {
  it('read twice for a thousand that ask at once, and again for whoever asks later', async () => {
    let reads = 0
    const shared = new SharedReads(async (key) => {
      reads += 1
      await new Promise((resolve) => setTimeout(resolve, 5))
      return key
    })
    const all = Array.from({ length: 1_000 }, () => shared.get('a'))
    expect(new Set(await Promise.all(all))).toEqual(new Set(['a']))
    expect(reads).toBe(2)
    await shared.get('a')
    expect(reads).toBe(3)
    expect(await Promise.all([shared.get('b'), shared.get('c')])).toEqual(['b', 'c'])
  })

  it('never tell what was true before somebody asked', async () => {
    let value = 0
    const shared = new SharedReads(async () => {
      const seen = value
      await new Promise((resolve) => setTimeout(resolve, 5))
      return seen
    })
    const early = shared.get('a')
    value = 1
    const late = shared.get('a')
    expect(await early).toBe(0)
    value = 2
    expect(await late).toBe(2)
  })

  it('go on after one that failed', async () => {
    let reads = 0
    const shared = new SharedReads(async () => {
      reads += 1
      if (reads === 1) throw new Error('away')
      return 'there'
    })
    const first = shared.get('a')
    const second = shared.get('a')
    await expect(first).rejects.toThrow('away')
    await expect(second).resolves.toBe('there')
  })
})
