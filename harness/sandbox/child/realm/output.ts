import type { Intrinsics } from './intrinsics.ts'

/** What became of a program's value: JSON text, or the part of it that cannot be JSON and why. */
export type Output =
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'bad'; readonly detail: string }

/**
 * Makes the function that turns a program's value into JSON text. Stricter than `JSON.stringify`:
 * what that one would silently lose or change (a `Map`, `NaN`, a promise) is refused with its path.
 * It writes the text itself, because no patch of the program's has a say in what leaves.
 */
export function createSerializer(intrinsics: Intrinsics): (value: unknown) => Output {
  const maxDepth = 256
  const maxPath = 300
  const maxKeys = 1_000
  const { apply, brand, create, isArray, isError, isView, keys, list, matches } = intrinsics
  const { prototypeOf, quote, slice, tag, text } = intrinsics
  const identifier = /^[A-Za-z_$][\w$]*$/
  const opaque = /^(?:Promise|(?:Async)?Generator|.* Iterator|Iterator Helper)$/
  const refusal = {}
  // Where the value being written stands: the objects around it, and the key in each of them.
  let around = list<object>()
  let path = list<string | number | null>()
  let detail = ''

  const place = (depth: number): string => {
    let shown = 'result'
    for (let i = 0; i < depth && shown.length <= maxPath; i++) {
      const key = path[i] as string | number | null
      if (key === null) continue
      if (typeof key === 'string' && matches(identifier, key)) shown += '.' + key
      else shown += '[' + (typeof key === 'string' ? quote(slice(key, 0, 80)) : text(key)) + ']'
    }
    return shown.length > maxPath ? slice(shown, 0, maxPath) + '…' : shown
  }
  const refuse = (depth: number, what: string, hint = ''): never => {
    detail = place(depth) + ': ' + what + ' is not a JSON value' + (hint === '' ? '' : '; ' + hint)
    throw refusal
  }

  const quotedKeys = create(null) as Record<string, string>
  let keyCount = 0
  /** A key as JSON. Programs return rows by the thousand, and the same few keys in each. */
  const quoteKey = (name: string): string => {
    const known = quotedKeys[name]
    if (known !== undefined) return known
    const quoted = quote(name)
    if (keyCount++ < maxKeys) quotedKeys[name] = quoted
    return quoted
  }

  const primitive = (value: unknown, depth: number): string | undefined => {
    switch (typeof value) {
      case 'string':
        return quote(value)
      case 'boolean':
        return value ? 'true' : 'false'
      case 'number':
        if (intrinsics.isFinite(value)) return '' + value
        return refuse(depth, text(value), 'check the calculation, or use null')
      case 'undefined':
        return depth === 0
          ? refuse(depth, 'undefined', 'did the program forget to return a value, or to await one?')
          : undefined
      case 'bigint':
        return refuse(depth, 'a BigInt', 'convert it with Number() or String() first')
      case 'symbol':
        return refuse(depth, 'a symbol')
      default:
        return refuse(depth, 'a function', 'call it and return what it gives')
    }
  }

  /** Refuses an object that is no plain data, with what to do instead. The name is its brand. */
  const refuseExotic = (value: object, name: string | null, depth: number): void => {
    if (isError(value)) refuse(depth, 'an Error', 'return its message')
    if (isView(value)) refuse(depth, 'a ' + tag(value), 'convert it with Array.from() first')
    if (name === 'Map') refuse(depth, 'a Map', 'convert it with Object.fromEntries() first')
    if (name === 'Set') refuse(depth, 'a Set', 'convert it with [...set] first')
    if (name === 'Date') refuse(depth, 'a Date', 'convert it first, for example with toISOString()')
    if (name === 'RegExp') refuse(depth, 'a RegExp', 'convert it with String() first')
    if (name === 'Promise') refuse(depth, 'a Promise', 'did the program forget to await it?')
    if (name !== null) refuse(depth, 'a ' + name, 'convert it first')
    const kind = tag(value)
    if (matches(opaque, kind)) refuse(depth, 'a ' + kind, 'convert it with Array.from() first')
  }

  const writeArray = (value: readonly unknown[], depth: number): string => {
    let json = '['
    for (let i = 0; i < value.length; i++) {
      path[depth] = i
      const item = write(value[i], depth + 1)
      json += (i === 0 ? '' : ',') + (item === undefined ? 'null' : item)
    }
    return json + ']'
  }
  const writeMembers = (value: object, depth: number): string => {
    const names = keys(value)
    let json = '{'
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      path[depth] = name
      const item = write((value as Record<string, unknown>)[name], depth + 1)
      if (item !== undefined) json += (json === '{' ? '' : ',') + quoteKey(name) + ':' + item
    }
    return json + '}'
  }

  const write = (value: unknown, depth: number): string | undefined => {
    if (value === null) return 'null'
    if (typeof value !== 'object') return primitive(value, depth)
    if (depth > maxDepth) refuse(depth, 'nesting deeper than ' + text(maxDepth) + ' levels')
    for (let i = 0; i < depth; i++) if (around[i] === value) refuse(depth, 'a cyclic reference')
    around[depth] = value
    if (isArray(value)) return writeArray(value, depth)
    const prototype = prototypeOf(value)
    if (prototype !== null && prototype !== intrinsics.objectPrototype) {
      const name = brand(value)
      if (name === 'Number' || name === 'String' || name === 'Boolean')
        return primitive(intrinsics.unbox(value), depth)
      refuseExotic(value, name, depth)
    }
    if (typeof (value as { then?: unknown }).then === 'function')
      refuse(depth, 'a Promise', 'did the program forget to await it?')
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON !== 'function') return writeMembers(value, depth)
    const key = depth === 0 ? '' : text(path[depth - 1] ?? '')
    path[depth] = null
    return write(apply(toJSON, value, [key]), depth + 1)
  }

  return (value) => {
    around = list()
    path = list()
    try {
      const json = write(value, 0)
      return json === undefined
        ? { kind: 'bad', detail: 'result: undefined is not a JSON value' }
        : { kind: 'json', text: json }
    } catch (error) {
      if (error === refusal) return { kind: 'bad', detail }
      throw error
    }
  }
}
