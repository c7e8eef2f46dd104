import type { Intrinsics } from './intrinsics.ts'

/** What became of a program's value: JSON text, or the part of it that cannot be JSON and why. */
export type Output =
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'bad'; readonly detail: string }

/**
 * Makes the function that turns a program's value into JSON text. Stricter than `JSON.stringify`:
 * what that one would silently lose or change (a `Map`, `NaN`, a promise) is refused with its path.
 */
export function createSerializer(intrinsics: Intrinsics): (value: unknown) => Output {
  const maxDepth = 256
  const maxPath = 300
  const { brand, create, isArray, isError, isView, keys, matches, prototypeOf, slice, text } =
    intrinsics
  const identifier = /^[A-Za-z_$][\w$]*$/
  const boxed = ['Number', 'String', 'Boolean']
  const opaque = ['Generator', 'AsyncGenerator', 'WeakRef', 'FinalizationRegistry']

  class Refusal {
    readonly detail: string
    constructor(path: string, what: string, hint: string) {
      const shown = path.length > maxPath ? `${slice(path, 0, maxPath)}…` : path
      this.detail = `${shown}: ${what} is not a JSON value${hint === '' ? '' : `; ${hint}`}`
    }
  }
  const refuse = (path: string, what: string, hint = ''): never => {
    throw new Refusal(path, what, hint)
  }
  const member = (path: string, name: string): string =>
    matches(identifier, name)
      ? `${path}.${name}`
      : `${path}[${intrinsics.toJson(slice(name, 0, 80))}]`

  const primitive = (value: unknown, path: string): unknown => {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        if (intrinsics.isFinite(value)) return value === 0 ? 0 : value
        return refuse(path, text(value), 'check the calculation, or use null')
      case 'undefined':
        return path === 'result'
          ? refuse(path, 'undefined', 'did the program forget to return a value, or to await one?')
          : undefined
      case 'bigint':
        return refuse(path, 'a BigInt', 'convert it with Number() or String() first')
      case 'symbol':
        return refuse(path, 'a symbol')
      default:
        return refuse(path, 'a function', 'call it and return what it gives')
    }
  }

  /** The words for an object that is not plain data, with what to do instead; null for plain data. */
  const exotic = (value: object): readonly [string, string] | null => {
    if (isError(value)) return ['an Error', 'return its message']
    if (isView(value)) return [`a ${intrinsics.tag(value)}`, 'convert it with Array.from() first']
    const name = brand(value)
    if (name === 'Map') return ['a Map', 'convert it with Object.fromEntries() first']
    if (name === 'Set') return ['a Set', 'convert it with [...set] first']
    if (name === 'Date') return ['a Date', 'convert it first, for example with toISOString()']
    if (name === 'RegExp') return ['a RegExp', 'convert it with String() first']
    if (name !== null) {
      for (let i = 0; i < boxed.length; i++) if (boxed[i] === name) return null
      return [`a ${name}`, 'convert it first']
    }
    const tag = intrinsics.tag(value)
    const isIterator = matches(/ Iterator$/, tag)
    for (let i = 0; i < opaque.length; i++) {
      if (opaque[i] === tag) return [`a ${tag}`, 'convert it with Array.from() first']
    }
    return isIterator ? [`a ${tag}`, 'convert it with Array.from() first'] : null
  }

  const copy = (value: unknown, path: string, stack: object[], depth: number): unknown => {
    if (value === null) return null
    if (typeof value !== 'object') return primitive(value, path)
    if (depth > maxDepth) return refuse(path, `nesting deeper than ${maxDepth} levels`)
    for (let i = 0; i < depth; i++)
      if (stack[i] === value) return refuse(path, 'a cyclic reference')
    if (isArray(value)) {
      stack[depth] = value
      const items: unknown[] = []
      // Without a prototype, a patched Array.prototype.toJSON has no say in what leaves.
      intrinsics.setPrototypeOf(items, null)
      for (let i = 0; i < value.length; i++) {
        const item = copy(value[i], `${path}[${i}]`, stack, depth + 1)
        items[i] = item === undefined ? null : item
      }
      return items
    }
    if (typeof (value as { then?: unknown }).then === 'function') {
      return refuse(path, 'a Promise', 'did the program forget to await it?')
    }
    const prototype = prototypeOf(value)
    if (prototype !== null && prototype !== intrinsics.objectPrototype) {
      const found = exotic(value)
      if (found !== null) return refuse(path, found[0], found[1])
      const name = brand(value)
      if (name !== null) return primitive((value as { valueOf(): unknown }).valueOf(), path)
    }
    stack[depth] = value
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON === 'function') {
      return copy(intrinsics.apply(toJSON, value, ['']), path, stack, depth + 1)
    }
    const names = keys(value)
    const result = create(null)
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      const item = copy(
        (value as Record<string, unknown>)[name],
        member(path, name),
        stack,
        depth + 1,
      )
      if (item !== undefined) result[name] = item
    }
    return result
  }

  return (value) => {
    try {
      const json = intrinsics.toJson(copy(value, 'result', [], 0))
      return json === undefined
        ? { kind: 'bad', detail: 'result: undefined is not a JSON value' }
        : { kind: 'json', text: json }
    } catch (error) {
      if (error instanceof Refusal) return { kind: 'bad', detail: error.detail }
      throw error
    }
  }
}
