import type { Intrinsics } from './intrinsics.ts'

/** Turns any guest value into readable text of bounded size, for the console and for errors. */
export type Inspect = (value: unknown) => string

/** Makes the realm's {@link Inspect}: like Node's, four levels deep, one line. */
export function createInspect(intrinsics: Intrinsics): Inspect {
  const maxDepth = 4
  const maxItems = 100
  const maxText = 10_000
  const { apply, brand, isArray, isError, isView, keys, matches, slice, text } = intrinsics
  const identifier = /^[A-Za-z_$][\w$]*$/
  const mapForEach = Map.prototype.forEach
  const setForEach = Set.prototype.forEach

  const primitive = (value: unknown): string => {
    if (typeof value === 'string') return intrinsics.toJson(slice(value, 0, maxText)) ?? ''
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value === 'symbol') return intrinsics.symbolText(value)
    return value === 0 && 1 / value < 0 ? '-0' : text(value)
  }

  const join = (open: string, items: readonly string[], total: number, close: string): string => {
    let body = ''
    for (let i = 0; i < items.length; i++) body += (i === 0 ? '' : ', ') + items[i]
    if (total > items.length) body += `, … ${total - items.length} more`
    if (body === '') return open + close
    return open === '[' ? `[ ${body} ]` : `${open} ${body} ${close}`
  }

  const members = (value: object, depth: number, seen: readonly object[]): string => {
    const names = keys(value)
    const items: string[] = []
    for (let i = 0; i < names.length && i < maxItems; i++) {
      const name = names[i] as string
      const label = matches(identifier, name) ? name : primitive(name)
      items[i] = `${label}: ${show((value as Record<string, unknown>)[name], depth + 1, seen)}`
    }
    const prototype = intrinsics.prototypeOf(value)
    const className = (prototype as { constructor?: { name?: unknown } } | null)?.constructor?.name
    const prefix =
      prototype === null ||
      prototype === intrinsics.objectPrototype ||
      typeof className !== 'string'
        ? ''
        : `${slice(className, 0, 80)} `
    return join(`${prefix}{`, items, names.length, '}')
  }

  const list = (value: ArrayLike<unknown>, depth: number, seen: readonly object[]): string => {
    const items: string[] = []
    for (let i = 0; i < value.length && i < maxItems; i++)
      items[i] = show(value[i], depth + 1, seen)
    return join('[', items, value.length, ']')
  }

  const collection = (
    value: object,
    name: string,
    depth: number,
    seen: readonly object[],
  ): string => {
    const items: string[] = []
    let total = 0
    const add = (item: unknown, key: unknown): void => {
      if (total++ >= maxItems) return
      const shown = show(item, depth + 1, seen)
      items[items.length] = name === 'Map' ? `${show(key, depth + 1, seen)} => ${shown}` : shown
    }
    apply(name === 'Map' ? mapForEach : setForEach, value, [add])
    return join(`${name}(${total}) {`, items, total, '}')
  }

  const show = (value: unknown, depth: number, seen: readonly object[]): string => {
    if (typeof value === 'function') return `[Function: ${text(value.name) || 'anonymous'}]`
    if (typeof value !== 'object' || value === null) return primitive(value)
    for (let i = 0; i < seen.length; i++) if (seen[i] === value) return '[Circular]'
    if (isError(value)) return `${text(value.name)}: ${text(value.message)}`
    const name = isArray(value) ? null : brand(value)
    if (name === 'Date') {
      return intrinsics.isFinite(intrinsics.dateTime(value as Date))
        ? intrinsics.isoDate(value as Date)
        : 'Invalid Date'
    }
    if (name === 'RegExp') return text(value)
    if (depth >= maxDepth) return isArray(value) ? '[Array]' : '[Object]'
    const path: object[] = []
    for (let i = 0; i < seen.length; i++) path[i] = seen[i] as object
    path[path.length] = value
    if (isArray(value)) return list(value, depth, path)
    if (isView(value) && 'length' in value) {
      return `${intrinsics.tag(value)} ${list(value as ArrayLike<unknown>, depth, path)}`
    }
    if (name === 'Map' || name === 'Set') return collection(value, name, depth, path)
    if (intrinsics.tag(value) === 'Promise') return 'Promise {}'
    return members(value, depth, path)
  }

  return (value) => {
    try {
      return slice(show(value, 0, []), 0, maxText)
    } catch {
      return '[a value that cannot be shown]'
    }
  }
}
