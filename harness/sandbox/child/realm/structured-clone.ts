import type { Intrinsics } from './intrinsics.ts'

/**
 * Puts `structuredClone` into the realm. The engine package brings one as an extension, but version
 * 3.6.2 recurses without a stack check and overwrites the engine's memory on a deep value.
 */
export function installStructuredClone(intrinsics: Intrinsics): void {
  const { apply, brand, expose, isArray, isError, isView, keys, prototypeOf, tag } = intrinsics
  const NativeMap = Map
  const NativeSet = Set
  const NativeDate = Date
  const NativeRegExp = RegExp
  const mapGet = Map.prototype.get
  const mapSet = Map.prototype.set
  const mapForEach = Map.prototype.forEach
  const setForEach = Set.prototype.forEach
  const setAdd = Set.prototype.add
  const sliceBuffer = ArrayBuffer.prototype.slice
  const views: Record<string, unknown> = {}
  for (const view of [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
  ]) {
    views[view.name] = view
  }
  for (const view of [
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  ]) {
    views[view.name] = view
  }
  const errors: Record<string, ErrorConstructor> = {
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
  }

  const refuse = (what: string): never => {
    throw new DOMException(`${what} could not be cloned`, 'DataCloneError')
  }

  const copyError = (error: Error): Error => {
    const make = errors[error.name] ?? Error
    const copy = new make(error.message)
    expose(copy, 'stack', error.stack)
    return copy
  }

  const clone = (value: unknown, seen: Map<unknown, unknown>): unknown => {
    if (typeof value === 'function') return refuse('A function')
    if (typeof value === 'symbol') return refuse('A symbol')
    if (typeof value !== 'object' || value === null) return value
    const known = apply(mapGet, seen, [value])
    if (known !== undefined) return known
    const remember = <T>(copy: T): T => {
      apply(mapSet, seen, [value, copy])
      return copy
    }
    if (isArray(value)) {
      const copy = remember<unknown[]>([])
      copy.length = value.length
      const names = keys(value)
      for (let i = 0; i < names.length; i++) {
        const name = names[i] as unknown as number
        copy[name] = clone(value[name], seen)
      }
      return copy
    }
    if (isError(value)) return remember(copyError(value))
    if (isView(value)) return remember(copyView(value as DataView, seen))
    const name = brand(value)
    switch (name) {
      case null:
        break
      case 'Date':
        return remember(new NativeDate(intrinsics.dateTime(value as Date)))
      case 'RegExp':
        return remember(new NativeRegExp((value as RegExp).source, (value as RegExp).flags))
      case 'ArrayBuffer':
        return remember(apply(sliceBuffer, value, [0]))
      case 'Map': {
        const copy = remember(new NativeMap())
        const add = (item: unknown, key: unknown) =>
          apply(mapSet, copy, [clone(key, seen), clone(item, seen)])
        apply(mapForEach, value, [add])
        return copy
      }
      case 'Set': {
        const copy = remember(new NativeSet())
        apply(setForEach, value, [(item: unknown) => apply(setAdd, copy, [clone(item, seen)])])
        return copy
      }
      case 'Number':
      case 'String':
      case 'Boolean':
      case 'BigInt':
        return remember(Object((value as { valueOf(): unknown }).valueOf()))
      default:
        return refuse(`A ${name}`)
    }
    const kind = tag(value)
    if (kind === 'Promise' || kind === 'Generator' || kind === 'AsyncGenerator')
      return refuse(`A ${kind}`)
    return copyObject(value, remember({}), seen)
  }

  const copyObject = (
    from: object,
    to: Record<string, unknown>,
    seen: Map<unknown, unknown>,
  ): Record<string, unknown> => {
    const names = keys(from)
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      const value = clone((from as Record<string, unknown>)[name], seen)
      intrinsics.define(to, name, { value, writable: true, enumerable: true, configurable: true })
    }
    return to
  }

  const copyView = (view: DataView & { length?: number }, seen: Map<unknown, unknown>): unknown => {
    const prototype = prototypeOf(view)
    const make = views[tag(view)] as (new (...args: unknown[]) => unknown) | undefined
    if (make === undefined || prototype === null) return refuse('A view')
    const buffer = clone(view.buffer, seen)
    return new make(buffer, view.byteOffset, view.length ?? view.byteLength)
  }

  expose(globalThis, 'structuredClone', (...args: unknown[]) => {
    if (args.length === 0) throw new TypeError('structuredClone takes a value')
    return clone(args[0], new NativeMap())
  })
}
