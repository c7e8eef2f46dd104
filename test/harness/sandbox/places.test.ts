import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Places } from '../../../harness/sandbox/places.ts'

/** Enters and fails the test when there is no place. */
async function enter(places: Places, fairKey?: string): Promise<() => void> {
  const leave = await places.enter(undefined, fairKey)
  if (leave === null) throw new Error('Nobody aborted')
  return leave
}

/** Lets everything happen that waits for nothing but its turn in the microtask queue. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('Places', () => {
  it('lets in as many as there are places, and the next when one leaves', async () => {
    const places = new Places(2, 1)
    const leave = await enter(places)
    await enter(places)
    let isIn = false
    const third = enter(places).then(() => {
      isIn = true
    })
    await settled()
    expect(isIn).toBe(false)
    leave()
    await third
  })

  it('refuses whoever finds the queue full', async () => {
    const places = new Places(1, 1)
    await enter(places)
    void enter(places)
    await expect(enter(places)).rejects.toMatchObject({ code: 'ERR_OVERLOADED' })
  })

  it('hands a place to whoever waits, not to a newcomer of the same tick', async () => {
    const places = new Places(1, 10)
    const order: string[] = []
    const leave = await enter(places)
    const waiting = enter(places).then((next) => {
      order.push('waiting')
      return next
    })
    leave()
    const arriving = enter(places).then((next) => {
      order.push('newcomer')
      return next
    })
    const leaveWaiting = await waiting
    await settled()
    expect(order).toEqual(['waiting'])
    leaveWaiting()
    await arriving
  })

  it('is not drained while a place is on its way to whoever waits', async () => {
    const places = new Places(1, 10)
    const leave = await enter(places)
    let isDrained = false
    const drained = places.drained().then(() => {
      isDrained = true
    })
    const waiting = enter(places)
    leave()
    const leaveWaiting = await waiting
    await settled()
    expect(isDrained).toBe(false)
    leaveWaiting()
    await drained
  })

  it('waits anew for a place that was taken after it was drained', async () => {
    const places = new Places(1, 0)
    const first = await enter(places)
    const drained = places.drained()
    first()
    await drained
    const second = await enter(places)
    let isDrained = false
    const again = places.drained().then(() => {
      isDrained = true
    })
    await settled()
    expect(isDrained).toBe(false)
    second()
    await again
  })

  it('gives a place that was handed to somebody who aborts in the same tick to the next', async () => {
    const places = new Places(1, 10)
    const abort = new AbortController()
    const leave = await enter(places)
    const aborting = places.enter(abort.signal)
    const next = enter(places)
    leave()
    abort.abort()
    expect(await aborting).toBeNull()
    await next
  })

  it('neither gives a place to nor keeps one for somebody who aborted while waiting', async () => {
    const places = new Places(1, 1)
    const abort = new AbortController()
    const leave = await enter(places)
    const aborting = places.enter(abort.signal)
    abort.abort()
    expect(await aborting).toBeNull()
    leave()
    await enter(places)
  })

  it('lets callers take turns', async () => {
    const places = new Places(1, 20)
    const order: string[] = []
    const leave = await enter(places, 'busy')
    const visits = ['busy', 'busy', 'busy', 'other', 'other', 'third'].map(async (key) => {
      const next = await enter(places, key)
      order.push(key)
      next()
    })
    leave()
    await Promise.all(visits)
    expect(order).toEqual(['busy', 'other', 'third', 'busy', 'other', 'busy'])
  })

  it('keeps room in the queue for others when one caller fills it', async () => {
    const places = new Places(1, 8)
    await enter(places, 'busy')
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () =>
        Promise.race([enter(places, 'busy'), settled()]).then(
          () => 'waits',
          ({ code }) => code,
        ),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'waits')).toHaveLength(4)
    expect(outcomes.filter((outcome) => outcome === 'ERR_OVERLOADED')).toHaveLength(4)
    await expect(Promise.race([enter(places, 'other'), settled()])).resolves.toBeUndefined()
  })

  it('never lets in more than there are places, whoever comes, aborts and leaves', async () => {
    const step = fc.constantFrom('enter', 'leave', 'abort', 'tick' as const)
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const places = new Places(2, 5)
        const inside: (() => void)[] = []
        const waiting: AbortController[] = []
        let mostInside = 0
        for (const each of steps) {
          if (each === 'enter') {
            const abort = new AbortController()
            waiting.push(abort)
            places.enter(abort.signal, String(waiting.length % 3)).then(
              (leave) => {
                if (leave !== null) mostInside = Math.max(mostInside, inside.push(leave))
              },
              () => {},
            )
          } else if (each === 'leave') inside.shift()?.()
          else if (each === 'abort') waiting.pop()?.abort()
          else await settled()
        }
        await settled()
        while (inside.length > 0) {
          inside.shift()?.()
          await settled()
        }
        expect(mostInside).toBeLessThanOrEqual(2)
        await places.drained()
        // No place was lost on the way.
        expect(await places.enter()).not.toBeNull()
        expect(await places.enter()).not.toBeNull()
      }),
    )
  })
})
