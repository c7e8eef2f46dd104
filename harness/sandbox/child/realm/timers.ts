import type { Intrinsics } from './intrinsics.ts'

/** How the runner drives the realm's timers. */
export interface Timers {
  /** Milliseconds until the next timer is due, or -1 without timers. */
  next(): number
  /** Runs the one timer that has been due the longest. */
  fire(): void
}

/** Puts `setTimeout`, `setInterval`, `setImmediate` and their `clear…` into the realm. */
export function installTimers(intrinsics: Intrinsics): Timers {
  interface Timer {
    readonly id: number
    readonly callback: () => unknown
    readonly everyMs: number | null
    dueAt: number
    order: number
  }
  const maxTimers = 10_000
  const maxDelayMs = 2_147_483_647
  const { apply, expose, now } = intrinsics
  let timers: Timer[] = []
  let lastId = 0
  let lastOrder = 0

  const delayOf = (value: unknown): number => {
    const delay = Number(value)
    return delay >= 1 && delay <= maxDelayMs ? delay : 1
  }

  const add = (
    name: string,
    callback: unknown,
    delay: unknown,
    repeat: boolean,
    args: unknown[],
  ) => {
    if (typeof callback !== 'function') {
      throw new TypeError(`The first argument of ${name} must be a function`)
    }
    if (timers.length >= maxTimers) throw new RangeError(`More than ${maxTimers} timers at once`)
    const everyMs = delayOf(delay)
    timers[timers.length] = {
      id: ++lastId,
      callback: () => apply(callback, undefined, args),
      everyMs: repeat ? everyMs : null,
      dueAt: now() + everyMs,
      order: ++lastOrder,
    }
    return lastId
  }

  const remove = (id: unknown): void => {
    const kept: Timer[] = []
    for (let i = 0; i < timers.length; i++) {
      const timer = timers[i]
      if (timer !== undefined && timer.id !== id) kept[kept.length] = timer
    }
    timers = kept
  }

  const first = (): Timer | undefined => {
    let best: Timer | undefined
    for (let i = 0; i < timers.length; i++) {
      const timer = timers[i] as Timer
      const isEarlier =
        best === undefined ||
        timer.dueAt < best.dueAt ||
        (timer.dueAt === best.dueAt && timer.order < best.order)
      if (isEarlier) best = timer
    }
    return best
  }

  expose(globalThis, 'setTimeout', (callback: unknown, delay?: unknown, ...args: unknown[]) =>
    add('setTimeout', callback, delay, false, args),
  )
  expose(globalThis, 'setInterval', (callback: unknown, delay?: unknown, ...args: unknown[]) =>
    add('setInterval', callback, delay, true, args),
  )
  expose(globalThis, 'setImmediate', (callback: unknown, ...args: unknown[]) =>
    add('setImmediate', callback, 0, false, args),
  )
  expose(globalThis, 'clearTimeout', remove)
  expose(globalThis, 'clearInterval', remove)
  expose(globalThis, 'clearImmediate', remove)

  return {
    next: () => {
      const timer = first()
      return timer === undefined ? -1 : Math.max(0, timer.dueAt - now())
    },
    fire: () => {
      const timer = first()
      if (timer === undefined || timer.dueAt > now()) return
      if (timer.everyMs === null) remove(timer.id)
      else {
        timer.dueAt = now() + timer.everyMs
        timer.order = ++lastOrder
      }
      timer.callback()
    },
  }
}
