import type { HostCall, Intrinsics } from './intrinsics.ts'

/** How the realm's locale functions reach the runner's ICU, and read what programs hand them. */
export interface LocaleAccess {
  /**
   * Asks the runner. Its RangeError and TypeError come back as the realm's own.
   *
   * @param request - Names in turn with JSON text, as all the functions below give it: JSON is put
   * together by hand, because `JSON.stringify` of QuickJS calls setters of the guest's.
   */
  ask(operation: string, request: readonly string[]): unknown
  /** The tags in a `locales` argument; `null` for none. */
  localesOf(value: unknown): string
  /** What the class of formatters `kind` reads of its options, in the order it reads them. */
  optionsOf(kind: string, value: unknown): string
  /** A value in a form that JSON keeps apart. */
  packNumber(value: unknown): string
  packText(value: unknown): string
  /** An object of names in turn with JSON text. */
  object(fields: readonly string[]): string
  /** What knows the tag of an `Intl.Locale`, once there is that class. */
  tagOf: (locale: object) => string | null
}

/** Makes the realm's {@link LocaleAccess}. */
export function createLocaleAccess(host: HostCall, intrinsics: Intrinsics): LocaleAccess {
  const { create, hasOwn, list, parseJson, quote, text, typeError } = intrinsics
  const toObject = Object
  const digits =
    'minimumIntegerDigits minimumFractionDigits maximumFractionDigits minimumSignificantDigits maximumSignificantDigits'
  // A name that ends in ? is a boolean; in ~, a boolean or text. Everything else is text here, and
  // the runner makes a number of it where the standard does.
  const named: Readonly<Record<string, string>> = {
    Collator: 'usage localeMatcher collation numeric? caseFirst sensitivity ignorePunctuation?',
    NumberFormat:
      'localeMatcher numberingSystem style currency currencyDisplay currencySign unit unitDisplay notation ' +
      digits +
      ' roundingIncrement roundingMode roundingPriority trailingZeroDisplay compactDisplay useGrouping~ signDisplay',
    DateTimeFormat:
      'localeMatcher calendar numberingSystem hour12? hourCycle timeZone weekday era year month day dayPeriod hour minute second fractionalSecondDigits timeZoneName formatMatcher dateStyle timeStyle',
    PluralRules:
      'localeMatcher type ' + digits + ' roundingIncrement roundingMode roundingPriority',
    RelativeTimeFormat: 'localeMatcher numberingSystem style numeric',
    ListFormat: 'localeMatcher type style!',
    DisplayNames: 'localeMatcher style type fallback languageDisplay!',
    Segmenter: 'localeMatcher granularity!',
    DurationFormat:
      'localeMatcher numberingSystem style years yearsDisplay months monthsDisplay weeks weeksDisplay days daysDisplay hours hoursDisplay minutes minutesDisplay seconds secondsDisplay milliseconds millisecondsDisplay microseconds microsecondsDisplay nanoseconds nanosecondsDisplay fractionalDigits!',
    Locale:
      'language script region calendar collation firstDayOfWeek hourCycle caseFirst numeric? numberingSystem',
    supported: 'localeMatcher',
  }
  interface Names {
    readonly names: readonly string[]
    /** Whether what is no object is refused, as the younger classes do. */
    readonly isStrict: boolean
  }
  const optionNames = create(null) as Record<string, Names>
  for (const kind of Object.keys(named)) {
    const all = (named[kind] as string).split(' ')
    const isStrict = (named[kind] as string).endsWith('!')
    optionNames[kind] = { names: all.map((name) => name.replace('!', '')), isStrict }
  }

  const object = (fields: readonly string[]): string => {
    let json = '{'
    for (let i = 0; i < fields.length; i += 2)
      json += (i === 0 ? '' : ',') + quote(fields[i] as string) + ':' + fields[i + 1]
    return json + '}'
  }
  const optionsOf = (kind: string, value: unknown): string => {
    if (value === undefined) return 'null'
    const { names, isStrict } = optionNames[kind] as Names
    if (value === null || (isStrict && typeof value !== 'object' && typeof value !== 'function'))
      throw typeError('The options must be an object')
    const source = toObject(value) as Record<string, unknown>
    const fields = list<string>()
    for (let i = 0; i < names.length; i++) {
      const entry = names[i] as string
      const mark = entry[entry.length - 1]
      const isMarked = mark === '?' || mark === '~'
      const name = isMarked ? intrinsics.slice(entry, 0, -1) : entry
      const found = source[name]
      if (found === undefined) continue
      const isBoolean = mark === '?' || (mark === '~' && (found === true || !found))
      fields[fields.length] = name
      fields[fields.length] = isBoolean ? (found ? 'true' : 'false') : quote(text(found))
    }
    return object(fields)
  }

  const localesOf = (value: unknown): string => {
    if (value === undefined) return 'null'
    let tags = ''
    const add = (item: unknown): void => {
      if (typeof item !== 'string' && (typeof item !== 'object' || item === null))
        throw typeError('A locale must be a string or an object')
      const tag = (typeof item === 'object' ? access.tagOf(item) : null) ?? text(item)
      tags += (tags === '' ? '' : ',') + quote(tag)
    }
    const isOne = typeof value === 'object' && value !== null && access.tagOf(value) !== null
    if (typeof value === 'string' || isOne) add(value)
    else if (value === null) throw typeError('The locales must not be null')
    else {
      const items = toObject(value) as ArrayLike<unknown>
      const length = intrinsics.number(items.length)
      for (let i = 0; i < length; i++) if (i in items) add(items[i])
    }
    return '[' + tags + ']'
  }

  const packText = (value: unknown): string => object(['text', quote(text(value))])
  const access: LocaleAccess = {
    ask(operation, request) {
      const answer = parseJson(host(operation, object(request))) as Record<string, unknown>
      if (!hasOwn(answer, 'error')) return hasOwn(answer, 'value') ? answer['value'] : undefined
      const { name, message } = answer['error'] as { name: string; message: string }
      throw name === 'RangeError' ? intrinsics.rangeError(message) : typeError(message)
    },
    localesOf,
    optionsOf,
    packNumber: (value) => {
      if (typeof value === 'bigint') return object(['big', quote(text(value))])
      if (typeof value === 'string') return packText(value)
      const number = intrinsics.number(value)
      return object(['number', quote(number === 0 && 1 / number < 0 ? '-0' : text(number))])
    },
    packText,
    object,
    tagOf: () => null,
  }
  return access
}
