import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairQueue } from '../../../harness/sandbox/fair-queue.ts'

function takeAll(queue: FairQueue<string>): string[] {
  const taken: string[] = []
  queue.takeWhere((item) => taken.push(item) > 0)
  return taken
}

describe('the queue of programs', () => {
  it('gives each key its turn, however long the backlog of one is', () => {
    const queue = new FairQueue<string>(100)
    for (let i = 0; i < 5; i++) queue.add('ann', `ann ${i}`)
    queue.add('ben', 'ben 0')
    queue.add('cat', 'cat 0')
    expect(takeAll(queue)).toEqual([
      ...['ann 0', 'ben 0', 'cat 0'],
      ...['ann 1', 'ann 2', 'ann 3', 'ann 4'],
    ])
    expect(queue.size).toBe(0)
  })

  it('passes over a key whose next item cannot be taken, and keeps its order', () => {
    const queue = new FairQueue<string>(100)
    for (const item of ['ann 0', 'ann 1']) queue.add('ann', item)
    queue.add('ben', 'ben 0')
    const taken: string[] = []
    queue.takeWhere((item) => item.startsWith('ben') && taken.push(item) > 0)
    expect(taken).toEqual(['ben 0'])
    expect(takeAll(queue)).toEqual(['ann 0', 'ann 1'])
  })

  it('lets one key fill half of what is left, and the empty key all of it', () => {
    const greedy = new FairQueue<string>(8)
    expect([1, 2, 3, 4, 5].map(() => greedy.add('ann', 'x'))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ])
    expect(greedy.add('ben', 'y')).toBe(true)
    const nobody = new FairQueue<string>(3)
    expect([1, 2, 3, 4].map(() => nobody.add('', 'x'))).toEqual([true, true, true, false])
  })

  it('puts back what was let in before, in front and beyond the bound', () => {
    const queue = new FairQueue<string>(2)
    queue.add('ann', 'ann 0')
    queue.add('ben', 'ben 0')
    expect(queue.add('ann', 'ann again', true)).toBe(true)
    expect(takeAll(queue)).toEqual(['ann again', 'ben 0', 'ann 0'])
  })

  it('loses nothing and gives nothing twice', () => {
    const keys = fc.constantFrom('a', 'b', 'c', '')
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key: keys }),
      fc.record({ do: fc.constant('remove' as const), at: fc.nat(50) }),
      fc.record({ do: fc.constant('take' as const), count: fc.nat(3) }),
    )
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const queue = new FairQueue<object>(1_000)
        const waiting = new Set<object>()
        const all: object[] = []
        for (const each of steps) {
          if (each.do === 'add') {
            const item = {}
            all.push(item)
            if (queue.add(each.key, item)) waiting.add(item)
          } else if (each.do === 'remove') {
            const item = all[each.at]
            if (item !== undefined) {
              queue.remove(item)
              waiting.delete(item)
            }
          } else {
            let left = each.count
            queue.takeWhere((item) => {
              if (left-- <= 0) return false
              expect(waiting.delete(item)).toBe(true)
              return true
            })
          }
          expect(queue.size).toBe(waiting.size)
        }
      }),
    )
  })
})
