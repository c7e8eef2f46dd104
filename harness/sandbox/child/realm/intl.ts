import type { Intrinsics } from './intrinsics.ts'
import type { LocaleAccess } from './locale-access.ts'

/**
 * Puts `Intl` into the realm. The engine has no locale data: the runner formats, with full ICU.
 * Without a locale it is `en-US`, without a time zone `UTC`.
 */
export function installIntl(intrinsics: Intrinsics, access: LocaleAccess): void {
  interface State {
    readonly kind: string
    /** As JSON. */
    readonly locales: string
    readonly options: string
    bound: unknown
  }
  const { apply, create, define, expose, hasOwn, list, text, typeError } = intrinsics
  const { ask, localesOf, optionsOf, packNumber, packText } = access
  const { quote } = intrinsics
  const clock = Date.now
  const slots = new WeakMap<object, State>()
  const readSlot = WeakMap.prototype.get
  const writeSlot = WeakMap.prototype.set
  const iteratorPrototype = intrinsics.prototypeOf(
    intrinsics.prototypeOf([].values()) as object,
  ) as object

  // What a method makes of its arguments: d a date, m a number exactly, n a number, s text, l a list of
  // text, u a duration. A capital letter may not be undefined.
  const methods: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    DateTimeFormat: {
      format: 'd',
      formatToParts: 'd',
      formatRange: 'DD',
      formatRangeToParts: 'DD',
    },
    NumberFormat: { format: 'm', formatToParts: 'm', formatRange: 'MM', formatRangeToParts: 'MM' },
    Collator: { compare: 'ss' },
    PluralRules: { select: 'n', selectRange: 'NN' },
    ListFormat: { format: 'l', formatToParts: 'l' },
    RelativeTimeFormat: { format: 'ns', formatToParts: 'ns' },
    DisplayNames: { of: 's' },
    Segmenter: { segment: 's' },
    DurationFormat: { format: 'u', formatToParts: 'u' },
  }
  const durationUnits = [
    ...['days', 'hours', 'microseconds', 'milliseconds', 'minutes', 'months', 'nanoseconds'],
    ...['seconds', 'weeks', 'years'],
  ]
  // In the standard these are getters that give a bound function: `numbers.map(format.format)` works.
  const bound: Readonly<Record<string, string>> = {
    DateTimeFormat: 'format',
    NumberFormat: 'format',
    Collator: 'compare',
  }

  const packDate = (value: unknown): string => {
    if (value === undefined) return packNumber(clock())
    const isDate = typeof value === 'object' && value !== null && intrinsics.brand(value) === 'Date'
    return packNumber(isDate ? intrinsics.dateTime(value as Date) : intrinsics.number(value))
  }
  const packList = (value: unknown): string => {
    let items = ''
    if (value !== undefined) {
      for (const item of value as Iterable<unknown>) {
        if (typeof item !== 'string') throw typeError('Every item of the list must be a string')
        items += (items === '' ? '' : ',') + packText(item)
      }
    }
    return access.object(['list', '[' + items + ']'])
  }
  const packDuration = (value: unknown): string => {
    if (typeof value === 'string') return packText(value)
    if (typeof value !== 'object' || value === null) throw typeError('A duration must be an object')
    const fields = list<string>()
    for (let i = 0; i < durationUnits.length; i++) {
      const unit = durationUnits[i] as string
      const amount = (value as Record<string, unknown>)[unit]
      if (amount === undefined) continue
      fields[fields.length] = unit
      fields[fields.length] = quote(text(intrinsics.number(amount)))
    }
    return access.object(['record', access.object(fields)])
  }
  const pack = (letter: string, value: unknown): string => {
    if (value === undefined && (letter === 'D' || letter === 'M' || letter === 'N'))
      throw typeError('An argument is missing')
    if (letter === 'd' || letter === 'D') return packDate(value)
    if (letter === 'm' || letter === 'M') return packNumber(value)
    if (letter === 'n' || letter === 'N') return packNumber(intrinsics.number(value))
    if (letter === 'u') return packDuration(value)
    return letter === 'l' ? packList(value) : packText(value)
  }
  const stateOf = (self: unknown, kind: string): State => {
    const isObject = typeof self === 'object' && self !== null
    const state = isObject ? (apply(readSlot, slots, [self]) as State | undefined) : undefined
    if (state === undefined || state.kind !== kind)
      throw typeError('The receiver is not an Intl.' + kind)
    return state
  }
  const call = (
    state: State,
    method: string,
    letters: string,
    args: readonly unknown[],
  ): unknown => {
    let packed = ''
    for (let i = 0; i < letters.length; i++)
      packed += (i === 0 ? '' : ',') + pack(letters[i] as string, intrinsics.at(args, i))
    // biome-ignore format: names beside what they name
    return ask('intl.call', [
      'kind', quote(state.kind), 'locales', state.locales, 'options', state.options,
      'method', quote(method), 'args', '[' + packed + ']',
    ])
  }

  interface Segment {
    readonly segment: string
    readonly index: number
    readonly isWordLike?: boolean
  }
  // Each segment carries the whole text; it stays here instead of crossing once per word.
  const completed = (part: Segment, input: string): object => {
    const { segment, index } = part
    if (!hasOwn(part, 'isWordLike')) return { segment, index, input }
    return { segment, index, input, isWordLike: part.isWordLike }
  }
  class SegmentIterator {
    readonly #input: string
    readonly #parts: readonly Segment[]
    #next = 0
    constructor(input: string, parts: readonly Segment[]) {
      this.#input = input
      this.#parts = parts
    }
    next(): IteratorResult<object> {
      if (this.#next >= this.#parts.length) return { value: undefined, done: true }
      return { value: completed(this.#parts[this.#next++] as Segment, this.#input), done: false }
    }
  }
  class Segments {
    readonly #input: string
    readonly #parts: readonly Segment[]
    constructor(input: string, parts: readonly Segment[]) {
      this.#input = input
      this.#parts = parts
    }
    containing(index: unknown): object | undefined {
      const input = this.#input
      const number = intrinsics.number(index) || 0
      const at = number > -1 && number < 1 ? 0 : number - (number % 1)
      if (!(at >= 0 && at < input.length)) return undefined
      let low = 0
      let high = this.#parts.length - 1
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if ((this.#parts[middle] as Segment).index <= at) low = middle
        else high = middle - 1
      }
      return completed(this.#parts[low] as Segment, input)
    }
    [Symbol.iterator](): object {
      return new SegmentIterator(this.#input, this.#parts)
    }
  }
  for (const made of [Segments.prototype, SegmentIterator.prototype])
    Reflect.deleteProperty(made, 'constructor')
  intrinsics.setPrototypeOf(SegmentIterator.prototype as object, iteratorPrototype)
  const segmentTag = { value: 'Segmenter String Iterator', configurable: true }
  define(SegmentIterator.prototype, Symbol.toStringTag, segmentTag)

  const intl = create(intrinsics.objectPrototype)
  const finish = (make: { readonly prototype: object }, kind: string, length: number): void => {
    define(make, 'name', { value: kind })
    define(make, 'length', { value: length })
    define(make, 'prototype', { writable: false })
    define(make.prototype, Symbol.toStringTag, { value: 'Intl.' + kind, configurable: true })
    expose(intl, kind, make)
  }

  const makeClass = (kind: string, signatures: Readonly<Record<string, string>>): void => {
    const boundName = bound[kind]
    const make = function (
      this: object,
      givenLocales: unknown = undefined,
      givenOptions: unknown = undefined,
    ): object {
      if (new.target === undefined && boundName === undefined)
        throw typeError('Intl.' + kind + ' needs new')
      const self = new.target === undefined ? create(make.prototype as object) : this
      const locales = localesOf(givenLocales)
      const options = optionsOf(kind, givenOptions)
      const state: State = { kind, locales, options, bound: undefined }
      call(state, 'resolvedOptions', '', [])
      apply(writeSlot, slots, [self, state])
      return self
    }
    const members: Record<string, unknown> = {
      resolvedOptions() {
        return call(stateOf(this, kind), 'resolvedOptions', '', [])
      },
    }
    for (const method of Object.keys(signatures)) {
      const letters = signatures[method] as string
      if (method === boundName) continue
      const { [method]: made } = {
        [method](...args: unknown[]) {
          const state = stateOf(this, kind)
          if (kind !== 'Segmenter') return call(state, method, letters, args)
          const input = text(intrinsics.at(args, 0))
          return new Segments(input, call(state, method, letters, [input]) as readonly Segment[])
        },
      }
      define(made as object, 'length', { value: letters.length })
      members[method] = made
    }
    intrinsics.install(make.prototype as object, members, false)
    if (boundName !== undefined) {
      const letters = signatures[boundName] as string
      const accessor = {
        get [boundName]() {
          const state = stateOf(this, kind)
          state.bound ??=
            letters.length === 1
              ? unnamed((value: unknown) => call(state, boundName, letters, [value]))
              : unnamed((a: unknown, b: unknown) => call(state, boundName, letters, [a, b]))
          return state.bound
        },
      }
      intrinsics.install(make.prototype as object, accessor, false)
    }
    const statics = {
      supportedLocalesOf(locales: unknown, options: unknown = undefined) {
        const chosen = optionsOf('supported', options)
        const request = ['kind', quote(kind), 'locales', localesOf(locales), 'options', chosen]
        return ask('intl.supportedLocales', request)
      },
    }
    intrinsics.install(make, statics, false)
    finish(make as unknown as { readonly prototype: object }, kind, kind === 'DisplayNames' ? 2 : 0)
  }
  const unnamed = <T>(fn: T): T => fn
  for (const kind of Object.keys(methods))
    makeClass(kind, methods[kind] as Readonly<Record<string, string>>)

  const installLocale = (): void => {
    const infos = new WeakMap<object, Record<string, unknown>>()
    const infoOf = (self: unknown): Record<string, unknown> => {
      const isObject = typeof self === 'object' && self !== null
      const info = isObject ? apply(readSlot, infos, [self]) : undefined
      if (info === undefined) throw typeError('The receiver is not an Intl.Locale')
      return info as Record<string, unknown>
    }
    const remember = (self: object, tag: string, options: string, method: string): object => {
      const request = ['tag', quote(tag), 'options', options, 'method', quote(method)]
      const info = ask('intl.localeInfo', request)
      apply(writeSlot, infos, [self, info])
      return self
    }
    const make = function (
      this: object,
      tag: unknown = undefined,
      options: unknown = undefined,
    ): object {
      if (new.target === undefined) throw typeError('Intl.Locale needs new')
      if (typeof tag !== 'string' && (typeof tag !== 'object' || tag === null))
        throw typeError('The tag must be a string or an object')
      const known = typeof tag === 'object' ? access.tagOf(tag) : null
      return remember(this, known ?? text(tag), optionsOf('Locale', options), '')
    }
    const prototype = make.prototype as object
    const derived = (self: unknown, method: string): object =>
      remember(create(prototype), infoOf(self)['tag'] as string, 'null', method)
    const members = {
      maximize() {
        return derived(this, 'maximize')
      },
      minimize() {
        return derived(this, 'minimize')
      },
      toString() {
        return infoOf(this)['tag']
      },
    }
    intrinsics.install(prototype, members, false)
    const lists = 'Calendars Collations HourCycles NumberingSystems TimeZones TextInfo WeekInfo'
    for (const list of lists.split(' ')) {
      const method = 'get' + list
      const getter = {
        [method]() {
          const tag = infoOf(this)['tag'] as string
          return ask('intl.localeList', ['tag', quote(tag), 'method', quote(method)])
        },
      }
      intrinsics.install(prototype, getter, false)
    }
    const names =
      'baseName calendar caseFirst collation firstDayOfWeek hourCycle language numberingSystem numeric region script'
    for (const name of names.split(' ')) {
      const accessor = {
        get [name]() {
          const info = infoOf(this)
          return hasOwn(info, name) ? info[name] : undefined
        },
      }
      intrinsics.install(prototype, accessor, false)
    }
    access.tagOf = (locale) => {
      const info = apply(readSlot, infos, [locale]) as Record<string, unknown> | undefined
      return info === undefined ? null : (info['tag'] as string)
    }
    finish(make as unknown as { readonly prototype: object }, 'Locale', 1)
  }
  installLocale()

  const functions = {
    getCanonicalLocales: (locales: unknown) =>
      ask('intl.canonicalLocales', ['locales', localesOf(locales)]),
    supportedValuesOf: (key: unknown) => ask('intl.supportedValues', ['key', quote(text(key))]),
  }
  intrinsics.install(intl, functions, false)
  define(intl, Symbol.toStringTag, { value: 'Intl', configurable: true })
  expose(globalThis, 'Intl', intl)
}
