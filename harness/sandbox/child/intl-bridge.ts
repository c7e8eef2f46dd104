/** A guest value in a form that JSON keeps apart. */
type Packed =
  | { readonly number: string }
  | { readonly big: string }
  | { readonly text: string }
  | { readonly list: readonly Packed[] }
  | { readonly record: Readonly<Record<string, string>> }
  | { readonly missing: true }

type Locales = string | string[] | null
type Options = Record<string, unknown> | null
type Formatter = Record<string, (...args: unknown[]) => unknown>

interface CallRequest {
  readonly kind: string
  readonly locales: Locales
  readonly options: Options
  readonly method: string
  readonly args: readonly Packed[]
}

interface LocaleRequest {
  readonly tag: string
  readonly options: Options
  readonly method: '' | 'maximize' | 'minimize'
}

interface FormatterClass {
  supportedLocalesOf(locales: string | string[], options: object): string[]
}

const MAX_FORMATTERS = 100

const LOCALE_PARTS = [
  'baseName',
  'calendar',
  'caseFirst',
  'collation',
  'firstDayOfWeek',
  'hourCycle',
  'language',
  'numberingSystem',
  'numeric',
  'region',
  'script',
] as const

const CLASSES: Readonly<
  Record<string, new (locales: string | string[], options: never) => unknown>
> = {
  DateTimeFormat: Intl.DateTimeFormat,
  NumberFormat: Intl.NumberFormat,
  Collator: Intl.Collator,
  PluralRules: Intl.PluralRules,
  ListFormat: Intl.ListFormat,
  RelativeTimeFormat: Intl.RelativeTimeFormat,
  DisplayNames: Intl.DisplayNames,
  Segmenter: Intl.Segmenter,
  DurationFormat: (Intl as unknown as { DurationFormat: typeof Intl.ListFormat }).DurationFormat,
}

const METHODS = new Set([
  'format',
  'formatToParts',
  'formatRange',
  'formatRangeToParts',
  'resolvedOptions',
  'compare',
  'select',
  'selectRange',
  'of',
  'segment',
])

function unpack(value: Packed | undefined): unknown {
  if (value === undefined || 'missing' in value) return undefined
  if ('number' in value) return Number(value.number)
  if ('big' in value) return BigInt(value.big)
  if ('text' in value) return value.text
  if ('list' in value) return value.list.map(unpack)
  return Object.fromEntries(Object.entries(value.record).map(([unit, n]) => [unit, Number(n)]))
}

// The host's own locale and zone are nobody's business inside, and would make runs differ. Where the
// host's is this one, no locale is asked for: plural rules tell the two apart.
const DEFAULT_LOCALE = Intl.NumberFormat().resolvedOptions().locale === 'en-US' ? [] : 'en-US'

function localesOf(locales: Locales): string | string[] {
  return locales === null || locales.length === 0 ? DEFAULT_LOCALE : locales
}

function zoned(options: Options): Record<string, unknown> {
  return { ...options, timeZone: options?.['timeZone'] ?? 'UTC' }
}

const DATE_PARTS = ['weekday', 'year', 'month', 'day'] as const
const TIME_PARTS = ['dayPeriod', 'hour', 'minute', 'second', 'fractionalSecondDigits'] as const
const DATE_DEFAULTS = ['year', 'month', 'day'] as const
const TIME_DEFAULTS = ['hour', 'minute', 'second'] as const

/** Which options of a method of `Date` count as a choice, and what is shown without one. */
const DATE_METHODS: Readonly<
  Record<
    string,
    { readonly needs: readonly string[]; readonly defaults: readonly string[]; refuses?: string }
  >
> = {
  toLocaleString: {
    needs: [...DATE_PARTS, ...TIME_PARTS],
    defaults: [...DATE_DEFAULTS, ...TIME_DEFAULTS],
  },
  toLocaleDateString: { needs: DATE_PARTS, defaults: DATE_DEFAULTS, refuses: 'timeStyle' },
  toLocaleTimeString: { needs: TIME_PARTS, defaults: TIME_DEFAULTS, refuses: 'dateStyle' },
}

/**
 * Answers the realm's locale operations with the ICU of this Node. Keeps a bounded number of
 * formatters, because making one costs a hundred times what using it does.
 */
export class IntlBridge {
  readonly #formatters = new Map<string, Formatter>()

  readonly operations: Readonly<Record<string, (request: never) => unknown>> = {
    'intl.call': (request: CallRequest) => this.#call(request),
    'intl.compare': (request: { a: string; b: string; locales: Locales; options: Options }) =>
      this.#formatter('Collator', request.locales, request.options)['compare']?.(
        request.a,
        request.b,
      ),
    'intl.locale': (request: {
      on: string
      method: string
      receiver: Packed
      locales: Locales
      options: Options
    }) => this.#locale(request.on, request.method, unpack(request.receiver), request),
    'intl.localeInfo': (request: LocaleRequest) => localeInfo(request),
    'intl.localeList': ({ tag, method }: { tag: string; method: string }) =>
      localeList(tag, method),
    'intl.supportedLocales': (request: { kind: string; locales: Locales; options: Options }) =>
      this.#class(request.kind).supportedLocalesOf(request.locales ?? [], request.options ?? {}),
    'intl.canonicalLocales': (request: { locales: Locales }) =>
      Intl.getCanonicalLocales(request.locales ?? []),
    'intl.supportedValues': (request: { key: string }) =>
      Intl.supportedValuesOf(request.key as 'unit'),
  }

  #class(kind: string): FormatterClass {
    const found: unknown = Object.hasOwn(CLASSES, kind) ? CLASSES[kind] : undefined
    if (found === undefined) throw new TypeError('Not a formatter')
    return found as FormatterClass
  }

  #formatter(kind: string, locales: Locales, options: Options): Formatter {
    const key = JSON.stringify([kind, locales, options])
    const known = this.#formatters.get(key)
    if (known !== undefined) return known
    const make = this.#class(kind) as unknown as new (
      locales: string | string[],
      options: unknown,
    ) => Formatter
    const chosen = kind === 'DateTimeFormat' ? zoned(options) : (options ?? undefined)
    const formatter = new make(localesOf(locales), chosen)
    if (this.#formatters.size >= MAX_FORMATTERS) this.#formatters.clear()
    this.#formatters.set(key, formatter)
    return formatter
  }

  #call({ kind, locales, options, method, args }: CallRequest): unknown {
    const formatter = this.#formatter(kind, locales, options)
    const call = METHODS.has(method) ? formatter[method] : undefined
    if (typeof call !== 'function') throw new TypeError('Not a method of this formatter')
    const value = call.apply(formatter, args.map(unpack))
    return method === 'segment' ? [...(value as Intl.Segments)].map(withoutInput) : value
  }

  #locale(
    on: string,
    method: string,
    receiver: unknown,
    { locales, options }: { locales: Locales; options: Options },
  ): unknown {
    if (on === 'number')
      return this.#formatter('NumberFormat', locales, options)['format']?.(receiver)
    if (on === 'string') {
      const text = String(receiver)
      return method === 'toLocaleUpperCase'
        ? text.toLocaleUpperCase(localesOf(locales))
        : text.toLocaleLowerCase(localesOf(locales))
    }
    return this.#formatDate(method, Number(receiver), locales, options)
  }

  /** As the methods of `Date` do it, but with formatters that are kept. */
  #formatDate(method: string, time: number, locales: Locales, options: Options): unknown {
    const shown = DATE_METHODS[method] ?? DATE_METHODS['toLocaleString']
    if (shown === undefined || Number.isNaN(time)) return 'Invalid Date'
    const { needs, defaults, refuses } = shown
    if (refuses !== undefined && options?.[refuses] !== undefined) {
      throw new TypeError(`Invalid option : ${refuses}`)
    }
    const isChosen = [...needs, 'dateStyle', 'timeStyle'].some(
      (name) => options?.[name] !== undefined,
    )
    const chosen = isChosen
      ? options
      : { ...options, ...Object.fromEntries(defaults.map((name) => [name, 'numeric'])) }
    return this.#formatter('DateTimeFormat', locales, chosen)['format']?.(time)
  }
}

/** Each segment carries the whole text; the realm has that already, and a copy per word adds up. */
function withoutInput({ segment, index, isWordLike }: Intl.SegmentData): object {
  return { segment, index, ...(isWordLike === undefined ? {} : { isWordLike }) }
}

/** Everything the realm's `Intl.Locale` shows of one locale. */
function localeInfo({ tag, options, method }: LocaleRequest): object {
  const made = new Intl.Locale(tag, options ?? {})
  const locale = method === '' ? made : made[method]()
  const info: Record<string, unknown> = { tag: locale.toString() }
  const parts = locale as unknown as Record<string, unknown>
  for (const part of LOCALE_PARTS) info[part] = parts[part]
  return info
}

const LOCALE_LISTS: ReadonlySet<string> = new Set([
  'getCalendars',
  'getCollations',
  'getHourCycles',
  'getNumberingSystems',
  'getTimeZones',
  'getTextInfo',
  'getWeekInfo',
])

function localeList(tag: string, method: string): unknown {
  const locale = new Intl.Locale(tag) as unknown as Record<string, (() => unknown) | undefined>
  const list = LOCALE_LISTS.has(method) ? locale[method] : undefined
  if (list === undefined) throw new TypeError('Not a list of a locale')
  return list.call(locale)
}
