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
    readonly callback: unknown
    readonly args: readonly unknown[]
    readonly everyMs: number | null
    dueAt: number
    order: number
    /** Where it stands in the heap. */
    place: number
  }
  const maxTimers = 10_000
  const maxDelayMs = 2_147_483_647
  const { apply, create, now, number } = intrinsics
  const byId = create(null) as Record<string, Timer>
  // A binary heap, the next timer to fire first.
  const heap = intrinsics.list<Timer>()
  let lastId = 0
  let lastOrder = 0

  /**
   * Moves a timer to where it belongs, beginning at a free place. Calls nothing: a program that has
   * used up its stack fails before the heap is touched, or not at all.
   *
   * @param dropped - The timer that the place was taken from, to be forgotten.
   */
  const settle = (timer: Timer, from: number, dropped: Timer | null): void => {
    if (dropped !== null) {
      delete byId[dropped.id]
      heap.length--
      if (from === heap.length) return
    }
    let place = from
    while (place > 0) {
      const above = heap[(place - 1) >> 1] as Timer
      const isBefore =
        timer.dueAt < above.dueAt || (timer.dueAt === above.dueAt && timer.order < above.order)
      if (!isBefore) break
      heap[place] = above
      above.place = place
      place = (place - 1) >> 1
    }
    for (;;) {
      let below = heap[2 * place + 1]
      const right = heap[2 * place + 2]
      if (below !== undefined && right !== undefined) {
        const isRight =
          right.dueAt < below.dueAt || (right.dueAt === below.dueAt && right.order < below.order)
        if (isRight) below = right
      }
      if (below === undefined || timer.dueAt < below.dueAt) break
      if (timer.dueAt === below.dueAt && timer.order < below.order) break
      const next = below.place
      heap[place] = below
      below.place = place
      place = next
    }
    heap[place] = timer
    timer.place = place
    byId[timer.id] = timer
  }
  const remove = (timer: Timer): void => {
    settle(heap[heap.length - 1] as Timer, timer.place, timer)
  }

  const delayOf = (value: unknown): number => {
    const delay = number(value)
    return delay >= 1 && delay <= maxDelayMs ? delay : 1
  }
  const add = (
    callback: unknown,
    delayMs: number,
    repeat: boolean,
    args: readonly unknown[],
  ): number => {
    if (heap.length >= maxTimers)
      throw intrinsics.rangeError('More than ' + intrinsics.text(maxTimers) + ' timers at once')
    const timer: Timer = {
      id: ++lastId,
      callback,
      args,
      everyMs: repeat ? delayMs : null,
      dueAt: now() + delayMs,
      order: ++lastOrder,
      place: 0,
    }
    settle(timer, heap.length, null)
    return timer.id
  }
  const check = (name: string, callback: unknown): void => {
    if (typeof callback !== 'function')
      throw intrinsics.typeError('The first argument of ' + name + ' must be a function')
  }
  const clear = (id: unknown): void => {
    const timer = typeof id === 'number' || typeof id === 'string' ? byId[id] : undefined
    if (timer !== undefined) remove(timer)
  }

  const members = {
    setTimeout(callback: unknown, delay: unknown = 0, ...args: unknown[]) {
      check('setTimeout', callback)
      return add(callback, delayOf(delay), false, args)
    },
    setInterval(callback: unknown, delay: unknown = 0, ...args: unknown[]) {
      check('setInterval', callback)
      return add(callback, delayOf(delay), true, args)
    },
    setImmediate(callback: unknown, ...args: unknown[]) {
      check('setImmediate', callback)
      return add(callback, 0, false, args)
    },
    clearTimeout: (id: unknown) => clear(id),
    clearInterval: (id: unknown) => clear(id),
    clearImmediate: (id: unknown) => clear(id),
  }
  intrinsics.install(globalThis, members, true)

  return {
    next: () => {
      const timer = heap[0]
      if (timer === undefined) return -1
      const ms = timer.dueAt - now()
      return ms > 0 ? ms : 0
    },
    fire: () => {
      const timer = heap[0]
      if (timer === undefined || timer.dueAt > now()) return
      if (timer.everyMs === null) remove(timer)
      else {
        timer.dueAt = now() + timer.everyMs
        timer.order = ++lastOrder
        settle(timer, 0, null)
      }
      apply(timer.callback, undefined, timer.args)
    },
  }
}
