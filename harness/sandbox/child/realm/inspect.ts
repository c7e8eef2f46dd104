import type { Intrinsics } from './intrinsics.ts'

/**
 * Turns any guest value into readable text of bounded size, for the console and for errors.
 *
 * @param levels - How many levels of nesting are shown; default 4.
 */
export type Inspect = (value: unknown, levels?: number) => string

/** What a class of the realm itself shows of one of its objects; null for any other object. */
export type Describe = (value: object) => string | null

/** Makes the realm's {@link Inspect}: as Node prints values, in one line. Calls no getter. */
export function createInspect(intrinsics: Intrinsics, describe: Describe): Inspect {
  const maxItems = 100
  const maxText = 10_000
  const { brand, hasOwn, isArray, isError, isView, list, matches, ownProperty } = intrinsics
  const { prototypeOf, quote, slice, tag, text } = intrinsics
  const identifier = /^[A-Za-z_$][\w$]*$/
  const isClass = /^class\b/
  const functionText = Function.prototype.toString
  // Text made so far: what nests both widely and deeply ends here and not after the last item.
  let made = 0

  /** Text in quotes that it does not hold itself, as Node chooses them. */
  const string = (value: string): string => {
    const quoted = quote(slice(value, 0, maxText))
    const hasSingle = matches(/'/, value)
    if (!matches(/"/, value)) return hasSingle ? quoted : "'" + slice(quoted, 1, -1) + "'"
    if (hasSingle && matches(/`/, value)) return quoted
    let body = ''
    for (let i = 1; i < quoted.length - 1; i++) {
      const isEscape = quoted[i] === '\\'
      if (isEscape && quoted[i + 1] !== '"') body += quoted[i]
      if (isEscape) i++
      body += quoted[i]
    }
    return hasSingle ? '`' + body + '`' : "'" + body + "'"
  }
  const primitive = (value: unknown): string => {
    if (typeof value === 'string') return string(value)
    if (typeof value === 'bigint') return text(value) + 'n'
    if (typeof value === 'symbol') return intrinsics.symbolText(value)
    return value === 0 && 1 / value < 0 ? '-0' : text(value)
  }

  /** What is stored under a key; the words for it when that is an accessor. */
  const read = (value: object, key: PropertyKey): { value: unknown } | string => {
    const property = ownProperty(value, key)
    if (property === undefined) return 'undefined'
    if (hasOwn(property, 'value')) return { value: property.value }
    if (property.get === undefined) return '[Setter]'
    return property.set === undefined ? '[Getter]' : '[Getter/Setter]'
  }

  const nameOf = (value: object): string => {
    const own = read(value, 'name')
    return typeof own === 'object' && typeof own.value === 'string' ? slice(own.value, 0, 80) : ''
  }
  /** The name of an object's class, from the constructor its prototypes name; '' for none. */
  const className = (value: object): string => {
    let prototype = prototypeOf(value)
    for (let i = 0; prototype !== null && i < 100; i++) {
      const maker = read(prototype, 'constructor')
      if (typeof maker === 'object' && typeof maker.value === 'function') return nameOf(maker.value)
      prototype = prototypeOf(prototype)
    }
    return ''
  }

  const join = (open: string, items: readonly string[], total: number, close: string): string => {
    let body = ''
    for (let i = 0; i < items.length; i++) body += (i === 0 ? '' : ', ') + items[i]
    const more = total - items.length
    if (more > 0) body += (body === '' ? '' : ', ') + '... ' + text(more) + ' more'
    return body === '' ? open + close : open + ' ' + body + ' ' + close
  }

  const fn = (value: object): string => {
    const name = nameOf(value)
    if (matches(isClass, intrinsics.apply(functionText, value, []) as string))
      return name === '' ? '[class (anonymous)]' : '[class ' + name + ']'
    return '[' + tag(value) + (name === '' ? ' (anonymous)]' : ': ' + name + ']')
  }

  const item = (
    from: object,
    key: PropertyKey,
    levels: number,
    path: readonly object[],
  ): string => {
    const found = read(from, key)
    return typeof found === 'string' ? found : show(found.value, levels - 1, path)
  }

  const members = (
    value: object,
    prefix: string,
    shown: string[],
    total: number,
    levels: number,
    path: readonly object[],
  ): string => {
    // A list may have keys that are no index, but looking for them among a million costs too much.
    const names = total > maxItems ? list<PropertyKey>() : intrinsics.ownKeys(value)
    let count = total
    for (let i = 0; i < names.length; i++) {
      const key = names[i] as PropertyKey
      // What has an index has been shown.
      if (total > 0 && typeof key === 'string' && matches(/^\d+$/, key)) continue
      if (ownProperty(value, key)?.enumerable !== true) continue
      count++
      if (shown.length >= maxItems || made >= maxText) continue
      const label =
        typeof key === 'symbol'
          ? '[' + intrinsics.symbolText(key) + ']'
          : matches(identifier, text(key))
            ? text(key)
            : string(text(key))
      shown[shown.length] = label + ': ' + item(value, key, levels, path)
    }
    const isList = isArray(value) || isView(value)
    return join(prefix + (isList ? '[' : '{'), shown, count, isList ? ']' : '}')
  }

  const elements = (
    value: object,
    length: number,
    levels: number,
    path: readonly object[],
  ): string[] => {
    const shown = list<string>()
    for (let i = 0; i < length && i < maxItems && made < maxText; i++)
      shown[i] = hasOwn(value, i) ? item(value, i, levels, path) : '<1 empty item>'
    return shown
  }

  const collection = (value: object, isMap: boolean, levels: number, path: readonly object[]) => {
    const shown = list<string>()
    let total = 0
    intrinsics.forEach(value, (entry, key) => {
      if (total++ >= maxItems || made >= maxText) return
      const text = show(entry, levels - 1, path)
      shown[shown.length] = isMap ? show(key, levels - 1, path) + ' => ' + text : text
    })
    return { shown, total }
  }

  const object = (value: object, levels: number, seen: readonly object[]): string => {
    for (let i = 0; i < seen.length; i++) if (seen[i] === value) return '[Circular]'
    const own = describe(value)
    if (own !== null) return own
    if (isError(value)) return text(value.name) + ': ' + text(value.message)
    const name = isArray(value)
      ? 'Array'
      : isView(value)
        ? intrinsics.viewKind(value)
        : brand(value)
    if (name === 'Date') {
      return intrinsics.isFinite(intrinsics.dateTime(value as Date))
        ? intrinsics.isoDate(value as Date)
        : 'Invalid Date'
    }
    if (name === 'RegExp')
      return '/' + intrinsics.patternSource(value) + '/' + intrinsics.patternFlags(value)
    const kind = className(value)
    if (levels <= 0) return name === 'Array' ? '[Array]' : '[' + (kind || 'Object') + ']'
    const path = list<object>()
    for (let i = 0; i < seen.length; i++) path[i] = seen[i] as object
    path[path.length] = value
    const sized = (size: number): string => (kind || (name as string)) + '(' + text(size) + ') '
    if (isArray(value)) {
      const prefix = kind === 'Array' ? '' : sized(value.length)
      return members(
        value,
        prefix,
        elements(value, value.length, levels, path),
        value.length,
        levels,
        path,
      )
    }
    if (isView(value) && name !== 'DataView') {
      const size = intrinsics.viewLength(value)
      return members(value, sized(size), elements(value, size, levels, path), size, levels, path)
    }
    if (name === 'Number' || name === 'String' || name === 'Boolean' || name === 'BigInt')
      return '[' + name + ': ' + primitive(intrinsics.unbox(value)) + ']'
    if (name === 'Map' || name === 'Set') {
      const { shown, total } = collection(value, name === 'Map', levels, path)
      return members(value, sized(total), shown, total, levels, path)
    }
    const prefix =
      prototypeOf(value) === null
        ? '[Object: null prototype] '
        : kind === 'Object' && name === null
          ? ''
          : (kind || name || 'Object') + ' '
    return members(value, prefix, list(), 0, levels, path)
  }

  const show = (value: unknown, levels: number, seen: readonly object[]): string => {
    if (made >= maxText) return '…'
    const shown =
      typeof value === 'function'
        ? fn(value)
        : typeof value === 'object' && value !== null
          ? object(value, levels, seen)
          : primitive(value)
    if (typeof value !== 'object') made += shown.length
    return shown
  }

  return (value, levels = 4) => {
    made = 0
    try {
      return slice(show(value, levels, list()), 0, maxText)
    } catch {
      return '[a value that cannot be shown]'
    }
  }
}
