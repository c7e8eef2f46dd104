import type { HostAccess } from './v8-guard.ts'

/**
 * Replaces every clock of the engine by the runner's: `Date`, `performance` and the formatters that
 * take the present when they are given no date.
 */
export function installClock(host: HostAccess): void {
  const { apply, construct, defineProperty, getOwnPropertyDescriptor } = Reflect
  const NativeDate = Date
  const { parse, UTC, prototype } = NativeDate
  const dateToString = prototype.toString
  const { wallClockMs, elapsedMs } = host

  const hide = (target: object, name: PropertyKey, value: unknown): void => {
    defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true })
  }

  const RunDate = function (...args: unknown[]): unknown {
    if (new.target === undefined) return apply(dateToString, new NativeDate(wallClockMs()), [])
    if (args.length === 0) return construct(NativeDate, [wallClockMs()], new.target)
    return construct(NativeDate, args, new.target)
  }
  defineProperty(RunDate, 'name', { value: 'Date', configurable: true })
  defineProperty(RunDate, 'length', { value: 7, configurable: true })
  defineProperty(RunDate, 'prototype', { value: prototype, writable: false })
  const methods = { now: (): number => wallClockMs(), parse, UTC }
  for (const name of ['now', 'parse', 'UTC'] as const) hide(RunDate, name, methods[name])
  hide(prototype, 'constructor', RunDate)
  hide(globalThis, 'Date', RunDate)

  const formatter = Intl.DateTimeFormat.prototype
  const nativeFormat = getOwnPropertyDescriptor(formatter, 'format')?.get
  const nativeParts = formatter.formatToParts
  const bound = new WeakMap<object, unknown>()
  // Without a prototype: by the time it is used, a program may have put `get` on that of objects.
  const noName = { __proto__: null, value: '', configurable: true } as PropertyDescriptor
  const { get: recall, set: remember } = WeakMap.prototype
  const accessor = {
    get format(): unknown {
      const format = apply(nativeFormat as () => unknown, this, []) as (date: unknown) => string
      const known = apply(recall, bound, [format])
      if (known !== undefined) return known
      const own = (date: unknown): string => format(date === undefined ? wallClockMs() : date)
      defineProperty(own, 'name', noName)
      apply(remember, bound, [format, own])
      return own
    },
  }
  const { get = nativeFormat as () => unknown } = getOwnPropertyDescriptor(accessor, 'format') ?? {}
  defineProperty(formatter, 'format', { get, configurable: true })
  const own = {
    now: (): number => elapsedMs(),
    formatToParts(this: unknown, date: unknown): unknown {
      return apply(nativeParts, this, [date === undefined ? wallClockMs() : date])
    },
  }
  hide(formatter, 'formatToParts', own.formatToParts)

  // The realm's own code puts the standard's shape around it.
  hide(globalThis, 'performance', { now: own.now })
}
