import type { Intrinsics } from './intrinsics.ts'

/**
 * Puts `structuredClone` into the realm. The engine package brings one as an extension, but version
 * 3.6.2 recurses without a stack check and overwrites the engine's memory on a deep value.
 */
export function installStructuredClone(intrinsics: Intrinsics): void {
  type Memory = Map<unknown, unknown>
  const { apply, brand, construct, create, define, expose, forEach, isArray, isError } = intrinsics
  const { hasOwn, isView, keys, list, ownProperty, text, viewKind } = intrinsics
  const NativeMap = Map
  const NativeSet = Set
  const NativeDate = Date
  const NativeRegExp = RegExp
  const NativeBuffer = ArrayBuffer
  const NativeDOMException = DOMException
  const Bytes = Uint8Array
  const toObject = Object
  const mapGet = Map.prototype.get
  const mapHas = Map.prototype.has
  const mapSet = Map.prototype.set
  const setAdd = Set.prototype.add
  const fill = Uint8Array.prototype.set
  const transfer = ArrayBuffer.prototype.transfer
  const iterator: typeof Symbol.iterator = Symbol.iterator
  const read = (prototype: object, name: string): unknown =>
    Object.getOwnPropertyDescriptor(prototype, name)?.get
  const typedArray = intrinsics.prototypeOf(Uint8Array.prototype) as object
  const isDetached = read(ArrayBuffer.prototype, 'detached')
  const bufferLength = read(ArrayBuffer.prototype, 'byteLength')
  const maxBufferLength = read(ArrayBuffer.prototype, 'maxByteLength')
  const isResizable = read(ArrayBuffer.prototype, 'resizable')
  // What a typed array and a DataView look like from outside their buffer, in this order.
  const viewParts = (prototype: object, length: string): unknown[] =>
    ['buffer', 'byteOffset', length].map((name) => read(prototype, name))
  const arrayParts = viewParts(typedArray, 'length')
  const dataViewParts = viewParts(DataView.prototype, 'byteLength')
  const makers = create(null)
  const named = 'DataView Int8 Uint8 Uint8Clamped Int16 Uint16 Int32 Uint32 Float16 Float32 Float64'
  for (const name of (named + ' BigInt64 BigUint64').split(' ')) {
    const full = name === 'DataView' ? name : name + 'Array'
    makers[full] = (globalThis as unknown as Record<string, unknown>)[full]
  }
  for (const make of [
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
  ])
    makers[make.name] = make
  const opaque = /^(?:Promise|WeakRef|(?:Async)?Generator|Intl\..*|.* Iterator|Iterator Helper)$/

  const refuse = (what: string): never => {
    throw intrinsics.domError(what + ' could not be cloned', 'DataCloneError')
  }

  const copyError = (error: Error, seen: Memory, remember: (copy: object) => object): unknown => {
    const name = text(error.name)
    const make = intrinsics.matches(/Error$/, name)
      ? (makers[name] ?? makers['Error'])
      : makers['Error']
    const message = ownProperty(error, 'message')
    const words = message !== undefined && hasOwn(message, 'value') ? [text(message.value)] : []
    const copy = remember(construct(make, words))
    expose(copy, 'stack', intrinsics.stackOf(error))
    if (hasOwn(error, 'cause')) expose(copy, 'cause', clone(error.cause, seen))
    return copy
  }
  const domPrototype = DOMException.prototype as object
  const isDomException = (value: object): boolean => {
    let prototype = intrinsics.prototypeOf(value)
    for (let i = 0; prototype !== null && i < 100; i++) {
      if (prototype === domPrototype) return true
      prototype = intrinsics.prototypeOf(prototype)
    }
    return false
  }
  const copyDomException = (error: Error): object =>
    construct(NativeDOMException, [text(error.message), text(error.name)])

  const copyBuffer = (buffer: object): object => {
    if (apply(isDetached, buffer, [])) return refuse('A detached ArrayBuffer')
    const length = apply(bufferLength, buffer, [])
    const options = create(null)
    options['maxByteLength'] = apply(maxBufferLength, buffer, [])
    const args = apply(isResizable, buffer, []) ? [length, options] : [length]
    const copy = construct(NativeBuffer, args)
    apply(fill, new Bytes(copy as ArrayBuffer), [new Bytes(buffer as ArrayBuffer)])
    return copy
  }
  const copyView = (view: ArrayBufferView, seen: Memory): object => {
    const kind = viewKind(view)
    const parts = kind === 'DataView' ? dataViewParts : arrayParts
    const buffer = clone(apply(parts[0], view, []), seen)
    const args = [buffer, apply(parts[1], view, []), apply(parts[2], view, [])]
    return construct(makers[kind], args)
  }

  const copyMembers = (from: object, to: object, seen: Memory): object => {
    const names = keys(from)
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      if (!hasOwn(from, name)) continue
      const descriptor = create(null) as PropertyDescriptor
      descriptor.value = clone((from as Record<string, unknown>)[name], seen)
      descriptor.writable = descriptor.enumerable = descriptor.configurable = true
      define(to, name, descriptor)
    }
    return to
  }
  /** The members of a collection, taken before any is cloned: cloning may run a getter. */
  const membersOf = (collection: object): unknown[] => {
    const members = list()
    forEach(collection, (value, key) => {
      members[members.length] = key
      members[members.length] = value
    })
    return members
  }

  const copyBranded = (
    value: object,
    name: string,
    seen: Memory,
    remember: <T extends object>(copy: T) => T,
  ): object => {
    switch (name) {
      case 'Date':
        return remember(new NativeDate(intrinsics.dateTime(value as Date)))
      case 'RegExp':
        return remember(
          construct(NativeRegExp, [
            intrinsics.patternSource(value),
            intrinsics.patternFlags(value),
          ]),
        )
      case 'ArrayBuffer':
        return remember(copyBuffer(value))
      case 'Map':
      case 'Set': {
        const members = membersOf(value)
        const copy = remember(name === 'Map' ? new NativeMap() : new NativeSet())
        for (let i = 0; i < members.length; i += 2) {
          const key = clone(members[i], seen)
          if (name === 'Map') apply(mapSet, copy, [key, clone(members[i + 1], seen)])
          else apply(setAdd, copy, [key])
        }
        return copy
      }
      case 'Number':
      case 'String':
      case 'Boolean':
      case 'BigInt':
        return remember(toObject(intrinsics.unbox(value)) as object)
      default:
        return refuse('A ' + name)
    }
  }

  const clone = (value: unknown, seen: Memory): unknown => {
    if (typeof value === 'function') return refuse('A function')
    if (typeof value === 'symbol') return refuse('A symbol')
    if (typeof value !== 'object' || value === null) return value
    const known = apply(mapGet, seen, [value])
    if (known !== undefined) return known
    const remember = <T extends object>(copy: T): T => {
      apply(mapSet, seen, [value, copy])
      return copy
    }
    if (isArray(value)) {
      const copy = remember<unknown[]>([])
      copy.length = value.length
      return copyMembers(value, copy, seen)
    }
    if (isDomException(value)) return remember(copyDomException(value as Error))
    if (isError(value)) return copyError(value, seen, remember)
    if (isView(value)) return remember(copyView(value, seen))
    const name = brand(value)
    if (name !== null) return copyBranded(value, name, seen, remember)
    const tag = intrinsics.tag(value)
    if (intrinsics.matches(opaque, tag)) return refuse('A ' + tag)
    return copyMembers(value, remember({}), seen)
  }

  /** The buffers in the transfer list, checked; they go only once the clone has been made. */
  const transfersOf = (options: unknown): object[] => {
    const buffers = list<object>()
    if (options === undefined || options === null) return buffers
    if (typeof options !== 'object' && typeof options !== 'function')
      throw intrinsics.typeError('The options must be an object')
    const given = (options as { transfer?: unknown }).transfer
    if (given === undefined) return buffers
    if (typeof given !== 'object' || given === null || !(iterator in given))
      throw intrinsics.typeError('The transfer list must be iterable')
    const met = new NativeMap()
    for (const item of given as Iterable<object>) {
      const isBuffer = typeof item === 'object' && item !== null && brand(item) === 'ArrayBuffer'
      if (!isBuffer || apply(isDetached, item, []) || apply(mapHas, met, [item]))
        return refuse('The transfer list')
      apply(mapSet, met, [item, item])
      buffers[buffers.length] = item
    }
    return buffers
  }

  const members = {
    structuredClone(...args: unknown[]) {
      if (args.length === 0) throw intrinsics.typeError('structuredClone takes a value')
      const buffers = transfersOf(intrinsics.at(args, 1))
      const copy = clone(args[0], new NativeMap())
      for (let i = 0; i < buffers.length; i++) apply(transfer, buffers[i], [])
      return copy
    },
  }
  intrinsics.install(globalThis, members, true)
  define(globalThis.structuredClone, 'length', { value: 1 })
}
