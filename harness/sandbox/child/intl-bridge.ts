/** A guest value in a form that JSON keeps apart. */
type Packed =
  | { readonly number: string }
  | { readonly big: string }
  | { readonly text: string }
  | { readonly list: readonly Packed[] }
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

const MAX_FORMATTERS = 100

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
  return 'text' in value ? value.text : value.list.map(unpack)
}

// The host's own locale and zone are nobody's business inside, and would make runs differ.
function localesOf(locales: Locales): string | string[] {
  return locales === null || locales.length === 0 ? 'en-US' : locales
}

function zoned(options: Options): Record<string, unknown> {
  return { ...options, timeZone: options?.['timeZone'] ?? 'UTC' }
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
    'intl.supportedLocales': (request: { kind: string; locales: Locales }) =>
      this.#class(request.kind).supportedLocalesOf(localesOf(request.locales)),
    'intl.canonicalLocales': (request: { locales: Locales }) =>
      Intl.getCanonicalLocales(request.locales ?? []),
    'intl.supportedValues': (request: { key: string }) =>
      Intl.supportedValuesOf(request.key as 'unit'),
  }

  #class(kind: string): { supportedLocalesOf(locales: string | string[]): string[] } {
    const found: unknown = Object.hasOwn(CLASSES, kind) ? CLASSES[kind] : undefined
    if (found === undefined) throw new TypeError('Not a formatter')
    return found as { supportedLocalesOf(locales: string | string[]): string[] }
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
    const date = new Date(Number(receiver))
    if (method === 'toLocaleDateString')
      return date.toLocaleDateString(localesOf(locales), zoned(options))
    if (method === 'toLocaleTimeString')
      return date.toLocaleTimeString(localesOf(locales), zoned(options))
    return date.toLocaleString(localesOf(locales), zoned(options))
  }
}

/** Each segment carries the whole text; the realm has that already, and a copy per word adds up. */
function withoutInput({ segment, index, isWordLike }: Intl.SegmentData): object {
  return { segment, index, ...(isWordLike === undefined ? {} : { isWordLike }) }
}
