import type { Intrinsics } from './intrinsics.ts'
import type { LocaleAccess } from './locale-access.ts'

/** Puts the locale methods of the built-ins into the realm: `localeCompare` and every `toLocale…`. */
export function installLocaleMethods(intrinsics: Intrinsics, access: LocaleAccess): void {
  const { apply, codeAt, dateTime, isFinite: isFiniteNumber, text, typeError } = intrinsics
  const { ask, localesOf, optionsOf, packNumber, packText } = access
  const { quote } = intrinsics
  const toObject = Object
  const numberOf = Number.prototype.valueOf
  const bigintOf = BigInt.prototype.valueOf
  const plain = {
    toLocaleUpperCase: String.prototype.toUpperCase,
    toLocaleLowerCase: String.prototype.toLowerCase,
  }
  const typedArray = intrinsics.prototypeOf(Uint8Array.prototype) as Uint8Array
  const typedItem = typedArray.at
  const typedLength = Object.getOwnPropertyDescriptor(typedArray, 'length')?.get

  const textOf = (value: unknown): string => {
    if (value === undefined || value === null)
      throw typeError('The receiver must not be null or undefined')
    return text(value)
  }
  const locale = (
    on: string,
    method: string,
    receiver: string,
    locales: unknown,
    options: unknown,
  ): unknown => {
    const tags = localesOf(locales)
    const kind = on === 'date' ? 'DateTimeFormat' : 'NumberFormat'
    const chosen = on === 'string' ? 'null' : optionsOf(kind, options)
    // biome-ignore format: names beside what they name
    return ask('intl.locale', [
      'on', quote(on), 'method', quote(method), 'receiver', receiver, 'locales', tags,
      'options', chosen,
    ])
  }
  const numeric = (read: unknown) => ({
    toLocaleString(this: unknown, locales: unknown = undefined, options: unknown = undefined) {
      const receiver = packNumber(apply(read, this, []))
      return locale('number', 'toLocaleString', receiver, locales, options)
    },
  })
  intrinsics.install(Number.prototype, numeric(numberOf), false)
  intrinsics.install(BigInt.prototype, numeric(bigintOf), false)

  for (const method of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']) {
    const members = {
      [method](this: Date, locales: unknown = undefined, options: unknown = undefined) {
        const time = dateTime(this)
        if (!isFiniteNumber(time)) return 'Invalid Date'
        return locale('date', method, packNumber(time), locales, options)
      },
    }
    intrinsics.install(Date.prototype, members, false)
  }
  for (const method of ['toLocaleUpperCase', 'toLocaleLowerCase'] as const) {
    const members = {
      [method](this: unknown, locales: unknown = undefined) {
        const receiver = textOf(this)
        if (locales === undefined) return apply(plain[method], receiver, [])
        return locale('string', method, packText(receiver), locales, undefined)
      },
    }
    intrinsics.install(String.prototype, members, false)
  }

  // An array inside itself is shown as nothing, as V8 and the browsers do.
  const active = intrinsics.list<unknown>()
  const joined = (items: ArrayLike<unknown>, length: number, args: readonly unknown[]): string => {
    for (let i = 0; i < active.length; i++) if (active[i] === items) return ''
    active[active.length] = items
    try {
      let result = ''
      for (let i = 0; i < length; i++) {
        const item = items[i]
        if (i > 0) result += ','
        if (item === undefined || item === null) continue
        const convert = (item as { toLocaleString: unknown }).toLocaleString
        result += text(apply(convert, item, args))
      }
      return result
    } finally {
      active.length--
    }
  }
  const arrays = {
    toLocaleString(this: unknown, locales: unknown = undefined, options: unknown = undefined) {
      if (this === undefined || this === null) textOf(this)
      const items = toObject(this) as ArrayLike<unknown>
      const length = intrinsics.number(items.length)
      return joined(items, length > 0 ? length - (length % 1) : 0, [locales, options])
    },
  }
  const typedArrays = {
    toLocaleString(this: Uint8Array, locales: unknown = undefined, options: unknown = undefined) {
      // Throws unless the receiver is a typed array whose buffer is still there.
      apply(typedItem, this, [0])
      return joined(this, apply(typedLength, this, []) as number, [locales, options])
    },
  }
  intrinsics.install(Array.prototype, arrays, false)
  intrinsics.install(typedArray, typedArrays, false)

  // Sorting compares by the ten thousand, so plain ASCII under the default rules is answered here:
  // first by this order without case, then lower before upper case, as root collation has it.
  const order = ' _-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz'
  const ranks = new Uint8Array(128)
  for (let i = 0; i < order.length; i++) ranks[order.charCodeAt(i)] = i + 1
  for (let i = 65; i <= 90; i++) ranks[i] = ranks[i + 32] as number
  const compareAscii = (a: string, b: string): number | null => {
    const length = a.length < b.length ? a.length : b.length
    let primary = 0
    let tertiary = 0
    for (let i = 0; i < length; i++) {
      const x = codeAt(a, i)
      const y = codeAt(b, i)
      if (x === y && x < 128 && ranks[x] !== 0) continue
      if (x > 127 || y > 127 || ranks[x] === 0 || ranks[y] === 0) return null
      if (primary === 0) primary = (ranks[x] as number) - (ranks[y] as number)
      if (tertiary === 0) tertiary = y - x
    }
    const longer = a.length > b.length ? a : b
    for (let i = length; i < longer.length; i++) {
      const x = codeAt(longer, i)
      if (x > 127 || ranks[x] === 0) return null
    }
    const result = primary || a.length - b.length || tertiary
    return result < 0 ? -1 : result > 0 ? 1 : 0
  }
  const strings = {
    localeCompare(
      this: unknown,
      that: unknown,
      locales: unknown = undefined,
      options: unknown = undefined,
    ) {
      const a = textOf(this)
      const b = text(that)
      const isDefault = locales === undefined || locales === 'en' || locales === 'en-US'
      const quick = isDefault && options === undefined ? compareAscii(a, b) : null
      if (quick !== null) return quick
      const tags = localesOf(locales)
      const chosen = optionsOf('Collator', options)
      return ask('intl.compare', ['a', quote(a), 'b', quote(b), 'locales', tags, 'options', chosen])
    },
  }
  intrinsics.install(String.prototype, strings, false)
}
