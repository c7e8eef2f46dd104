import type { HostCall, Intrinsics } from './intrinsics.ts'

/**
 * Puts `Intl` and the locale methods of the built-ins into the realm. The engine has no locale data:
 * the runner formats, with full ICU. Without a locale it is `en-US`, without a time zone `UTC`.
 */
export function installIntl(host: HostCall, intrinsics: Intrinsics): void {
  const { apply, brand, dateTime, define, expose, isArray, parseJson, text, toJson } = intrinsics

  const ask = (operation: string, request: unknown): unknown => {
    const answer = parseJson(host(operation, toJson(request) ?? 'null')) as {
      value?: unknown
      error?: { name: string; message: string }
    }
    if (answer.error === undefined) return answer.value
    throw answer.error.name === 'RangeError'
      ? new RangeError(answer.error.message)
      : new TypeError(answer.error.message)
  }

  const clock = Date.now
  const pack = (value: unknown): unknown => {
    if (typeof value === 'bigint') return { big: text(value) }
    if (typeof value === 'number')
      return { number: value === 0 && 1 / value < 0 ? '-0' : text(value) }
    if (typeof value === 'object' && value !== null && brand(value) === 'Date') {
      return { number: text(dateTime(value as Date)) }
    }
    if (isArray(value)) {
      const items: unknown[] = []
      for (let i = 0; i < value.length; i++) items[i] = pack(value[i])
      return { list: items }
    }
    if (typeof value === 'object' && value !== null && Symbol.iterator in value) {
      return pack(Array.from(value as Iterable<unknown>))
    }
    return value === undefined ? { missing: true } : { text: text(value) }
  }

  const localesOf = (value: unknown): unknown =>
    value === undefined
      ? null
      : typeof value === 'string'
        ? value
        : Array.from(value as string[], text)

  const methods: Readonly<Record<string, readonly string[]>> = {
    DateTimeFormat: ['formatToParts', 'formatRange', 'formatRangeToParts', 'resolvedOptions'],
    NumberFormat: ['formatToParts', 'formatRange', 'formatRangeToParts', 'resolvedOptions'],
    Collator: ['resolvedOptions'],
    PluralRules: ['select', 'selectRange', 'resolvedOptions'],
    ListFormat: ['format', 'formatToParts', 'resolvedOptions'],
    RelativeTimeFormat: ['format', 'formatToParts', 'resolvedOptions'],
    DisplayNames: ['of', 'resolvedOptions'],
    Segmenter: ['segment', 'resolvedOptions'],
  }
  // In the standard these are getters that give a bound function: `numbers.map(format.format)` works.
  const boundMethods: Readonly<Record<string, string>> = {
    DateTimeFormat: 'format',
    NumberFormat: 'format',
    Collator: 'compare',
  }

  const makeClass = (kind: string): unknown => {
    class Formatter {
      #locales: unknown
      #options: unknown
      constructor(locales: unknown, options: unknown) {
        this.#locales = localesOf(locales)
        this.#options = options ?? null
        ask('intl.call', Formatter.request(this, 'resolvedOptions', []))
        // From here on a change of the caller's own options object has no effect.
        this.#options = parseJson(toJson(this.#options) ?? 'null')
      }
      static request(self: Formatter, method: string, args: readonly unknown[]): unknown {
        const packed: unknown[] = []
        for (let i = 0; i < args.length; i++) packed[i] = pack(args[i])
        if (kind === 'DateTimeFormat' && method.startsWith('format') && args[0] === undefined) {
          packed[0] = pack(clock())
        }
        return { kind, locales: self.#locales, options: self.#options, method, args: packed }
      }
    }
    const { request } = Formatter
    const call = (self: unknown, method: string, args: readonly unknown[]): unknown =>
      ask('intl.call', request(self as Formatter, method, args))

    for (const method of methods[kind] ?? []) {
      expose(Formatter.prototype, method, function (this: unknown, ...args: unknown[]) {
        const value = call(this, method, args)
        return method === 'segment' ? segments(text(args[0]), value) : value
      })
    }
    const boundName = boundMethods[kind]
    if (boundName !== undefined) {
      define(Formatter.prototype, boundName, {
        get(this: unknown) {
          return (...args: unknown[]) => call(this, boundName, args)
        },
        configurable: true,
      })
    }
    // biome-ignore lint/complexity/useArrowFunction: programs write both `new` and a plain call
    const callable = function (locales: unknown, options: unknown) {
      return new Formatter(locales, options)
    }
    define(callable, 'name', { value: kind, configurable: true })
    define(callable, 'prototype', { value: Formatter.prototype })
    expose(Formatter.prototype, 'constructor', callable)
    expose(callable, 'supportedLocalesOf', (locales: unknown) =>
      ask('intl.supportedLocales', { kind, locales: localesOf(locales) }),
    )
    define(Formatter.prototype, Symbol.toStringTag, { value: `Intl.${kind}`, configurable: true })
    return callable
  }

  const segments = (input: string, value: unknown): unknown => {
    const list = value as { segment: string; index: number }[]
    for (const part of list) Object.assign(part, { input })
    return {
      containing: (index = 0) =>
        list.find((part) => index >= part.index && index < part.index + part.segment.length),
      *[Symbol.iterator]() {
        yield* list
      },
    }
  }

  const intl: Record<string, unknown> = {}
  for (const kind of Object.keys(methods)) expose(intl, kind, makeClass(kind))
  expose(intl, 'getCanonicalLocales', (locales: unknown) =>
    ask('intl.canonicalLocales', { locales: localesOf(locales) }),
  )
  expose(intl, 'supportedValuesOf', (key: unknown) =>
    ask('intl.supportedValues', { key: text(key) }),
  )
  define(intl, Symbol.toStringTag, { value: 'Intl', configurable: true })
  expose(globalThis, 'Intl', intl)

  const locale = (
    on: string,
    method: string,
    receiver: unknown,
    args: readonly unknown[],
  ): unknown => {
    const [locales, options] = args
    const request = { on, method, receiver: pack(receiver), locales: localesOf(locales) }
    return ask('intl.locale', { ...request, options: options ?? null })
  }
  const numberOf = Number.prototype.valueOf
  const bigintOf = BigInt.prototype.valueOf
  expose(Number.prototype, 'toLocaleString', function (this: unknown, ...args: unknown[]) {
    return locale('number', 'toLocaleString', apply(numberOf, this, []), args)
  })
  expose(BigInt.prototype, 'toLocaleString', function (this: unknown, ...args: unknown[]) {
    return locale('number', 'toLocaleString', apply(bigintOf, this, []), args)
  })
  for (const method of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']) {
    expose(Date.prototype, method, function (this: Date, ...args: unknown[]) {
      return locale('date', method, dateTime(this), args)
    })
  }
  for (const method of ['toLocaleUpperCase', 'toLocaleLowerCase']) {
    expose(String.prototype, method, function (this: unknown, ...args: unknown[]) {
      return locale('string', method, text(this), [args[0]])
    })
  }
  expose(Array.prototype, 'toLocaleString', function (this: unknown[], ...args: unknown[]) {
    return Array.from(this, (item) =>
      item === null || item === undefined ? '' : (item as number).toLocaleString(...(args as [])),
    ).join(',')
  })

  // Sorting compares by the ten thousand, so plain ASCII under the default rules is answered here:
  // first by this order without case, then lower before upper case, as root collation has it.
  const order = ' _-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz'
  const ranks = new Uint8Array(128)
  for (let i = 0; i < order.length; i++) ranks[order.charCodeAt(i)] = i + 1
  for (let i = 65; i <= 90; i++) ranks[i] = ranks[i + 32] as number
  const codeAt = String.prototype.charCodeAt
  const compareAscii = (a: string, b: string): number | null => {
    const length = a.length < b.length ? a.length : b.length
    let primary = 0
    let tertiary = 0
    for (let i = 0; i < length; i++) {
      const x = apply(codeAt, a, [i]) as number
      const y = apply(codeAt, b, [i]) as number
      if (x === y && x < 128 && ranks[x] !== 0) continue
      if (x > 127 || y > 127 || ranks[x] === 0 || ranks[y] === 0) return null
      if (primary === 0) primary = (ranks[x] as number) - (ranks[y] as number)
      if (tertiary === 0) tertiary = y - x
    }
    const longer = a.length > b.length ? a : b
    for (let i = length; i < longer.length; i++) {
      const x = apply(codeAt, longer, [i]) as number
      if (x > 127 || ranks[x] === 0) return null
    }
    const result = primary || a.length - b.length || tertiary
    return result < 0 ? -1 : result > 0 ? 1 : 0
  }
  expose(String.prototype, 'localeCompare', function (this: unknown, ...args: unknown[]) {
    const [that, locales, options] = args
    const a = text(this)
    const b = text(that)
    const isDefault = locales === undefined || locales === 'en' || locales === 'en-US'
    const quick = isDefault && options === undefined ? compareAscii(a, b) : null
    return (
      quick ?? ask('intl.compare', { a, b, locales: localesOf(locales), options: options ?? null })
    )
  })
}
