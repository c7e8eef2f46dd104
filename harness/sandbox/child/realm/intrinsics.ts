/** Strings in, strings out: the one way from the realm to the trusted runner around it. */
export type HostCall = (operation: string, text: string) => string

/** Functions and getters by name, as an object literal of methods gives them. */
export type Members = Readonly<Record<PropertyKey, unknown>>

/**
 * Built-ins as they were before any guest code ran; whatever a program patches, these stay.
 *
 * What the realm's own code must not do once guest code has run, because a patched built-in would
 * hear of it: name a global, call a method of a value, spread, destructure an array, `for…of`,
 * fill in a template literal (QuickJS calls `concat` for it), append to an array that has a
 * prototype, read a property or an argument that may be missing, pass a descriptor that has a
 * prototype.
 */
export interface Intrinsics {
  readonly apply: (fn: unknown, receiver: unknown, args: readonly unknown[]) => unknown
  readonly construct: (make: unknown, args: readonly unknown[], newTarget?: unknown) => object
  readonly keys: (object: object) => string[]
  readonly ownKeys: (object: object) => PropertyKey[]
  readonly prototypeOf: (object: object) => object | null
  readonly setPrototypeOf: <T extends object>(object: T, prototype: object | null) => T
  readonly define: (object: object, key: PropertyKey, descriptor: PropertyDescriptor) => boolean
  readonly ownProperty: (object: object, key: PropertyKey) => PropertyDescriptor | undefined
  readonly hasOwn: (object: object, key: PropertyKey) => boolean
  readonly create: (prototype: object | null) => Record<string, unknown>
  readonly freeze: <T>(object: T) => Readonly<T>
  /** An argument, undefined when it is missing: what lies beyond the end is the guest's to define. */
  readonly at: (args: readonly unknown[], index: number) => unknown
  readonly isArray: (value: unknown) => value is unknown[]
  readonly isView: (value: unknown) => value is ArrayBufferView
  readonly isError: (value: unknown) => value is Error
  readonly isFinite: (value: unknown) => boolean
  readonly parseJson: (text: string) => unknown
  readonly toJson: (value: unknown) => string | undefined
  /** Text as a JSON string. */
  readonly quote: (text: string) => string
  /** As the language turns a value into a string: a symbol is a TypeError. */
  readonly text: (value: unknown) => string
  /** The same, with lone surrogates replaced. */
  readonly wellFormed: (value: unknown) => string
  readonly number: (value: unknown) => number
  readonly symbolText: (value: symbol) => string
  /** The class of a value as it names itself: words for a person, never a reason to trust it. */
  readonly tag: (value: unknown) => string
  readonly slice: (text: string, start: number, end?: number) => string
  readonly codeAt: (text: string, index: number) => number
  readonly matches: (pattern: RegExp, text: string) => boolean
  readonly isoDate: (date: Date) => string
  readonly dateTime: (date: Date) => number
  /** The reactions of a promise. A value that is no native promise is a TypeError. */
  readonly whenSettled: (promise: unknown, fulfilled: unknown, rejected: unknown) => unknown
  /** The name of the built-in class whose internal slots a value has, else null. */
  readonly brand: (value: object) => string | null
  /** The primitive in a boxed one, told by its brand. */
  readonly unbox: (value: object) => unknown
  /** The name of a typed array's class, or `'DataView'`. */
  readonly viewKind: (view: ArrayBufferView) => string
  /** How many items a typed array has. */
  readonly viewLength: (view: ArrayBufferView) => number
  /** What an error says of where it came to be. */
  readonly stackOf: (error: Error) => unknown
  /** The source of a regular expression, and its flags. */
  readonly patternSource: (pattern: object) => string
  readonly patternFlags: (pattern: object) => string
  readonly forEach: (collection: object, visit: (value: unknown, key: unknown) => void) => void
  readonly objectPrototype: object
  readonly arrayPrototype: object
  /** Milliseconds since the run began. */
  readonly now: () => number
  readonly typeError: (message: string) => TypeError
  readonly rangeError: (message: string) => RangeError
  readonly domError: (message: string, name: string) => Error
  /** Lets a function read as a built-in does, where its source would show otherwise. */
  readonly hideSource: (fn: object) => void
  /** An empty array without a prototype: appending to it calls no setter of the guest's. */
  readonly list: <T>() => T[]
  /** Defines a hidden, configurable property, as the built-ins of the language are. */
  readonly expose: (target: object, name: string, value: unknown) => void
  /** Gives an object the members of a literal: methods stay what they are, no constructors. */
  readonly install: (target: object, members: Members, isEnumerable: boolean) => void
  /**
   * Puts a class in place, its members visible as WebIDL has them.
   *
   * @param lengths - The `length` of members that take their arguments as a rest.
   */
  readonly installClass: (
    made: { readonly name: string; readonly prototype: object },
    lengths?: Readonly<Record<string, number>>,
  ) => void
}

/**
 * Collects the built-ins that the realm's own code relies on. Its text is evaluated inside the guest
 * engine, so it refers to nothing outside itself; the same holds for every `install…` function here.
 *
 * @param functions - Takes every function the realm installs, where that has to be known.
 */
export function captureIntrinsics(functions: WeakSet<object> | null): Intrinsics {
  const { apply, construct, getPrototypeOf, ownKeys, getOwnPropertyDescriptor } = Reflect
  const reflectDefine = Reflect.defineProperty
  const { keys, defineProperty, create, freeze, setPrototypeOf, hasOwn } = Object
  const { isArray } = Array
  const { parse, stringify } = JSON
  const NativeTypeError = TypeError
  const NativeRangeError = RangeError
  const NativeDOMException = DOMException
  const toNumber = Number
  const concat = String.prototype.concat
  const toWellFormed = String.prototype.toWellFormed
  const symbolToString = Symbol.prototype.toString
  const objectToString = Object.prototype.toString
  const stringSlice = String.prototype.slice
  const charCodeAt = String.prototype.charCodeAt
  const regExpExec = RegExp.prototype.exec
  const dateToIso = Date.prototype.toISOString
  const dateGetTime = Date.prototype.getTime
  const promiseThen = Promise.prototype.then
  const mapGet = Map.prototype.get
  const mapForEach = Map.prototype.forEach
  const setForEach = Set.prototype.forEach
  const { isError } = Error as unknown as { isError(value: unknown): value is Error }
  const performanceNow = performance.now
  const clock = performance
  const typedArray = getPrototypeOf(Uint8Array.prototype) as object
  const getter = (prototype: object, name: PropertyKey): unknown =>
    getOwnPropertyDescriptor(prototype, name)?.get
  const typedArrayKind = getter(typedArray, Symbol.toStringTag)
  const typedArrayLength = getter(typedArray, 'length')
  // QuickJS has one for all errors, V8 gives each error its own.
  const stackGetter = getter(Error.prototype, 'stack')

  const sourceOf = getter(RegExp.prototype, 'source')
  // The getter of all flags at once asks the others by name, which may be the guest's by then.
  const flags = 'hasIndices global ignoreCase multiline dotAll unicode unicodeSets sticky'
  const flagGetters = flags.split(' ').map((name) => getter(RegExp.prototype, name))

  type Check = readonly [name: string, check: unknown, args: readonly unknown[]]
  const none: readonly unknown[] = []
  const known = new Map<object, Check>()
  // Each check throws unless its receiver really has the internal slots of the class: unlike
  // Symbol.toStringTag and instanceof, that cannot be faked by accident or on purpose.
  const checks: readonly (readonly [{ readonly prototype: object }, unknown, unknown[]?])[] = [
    [Map, getter(Map.prototype, 'size')],
    [Set, getter(Set.prototype, 'size')],
    [Date, dateGetTime],
    [RegExp, sourceOf],
    [WeakMap, WeakMap.prototype.has, [{}]],
    [WeakSet, WeakSet.prototype.has, [{}]],
    [WeakRef, WeakRef.prototype.deref],
    [FinalizationRegistry, FinalizationRegistry.prototype.unregister, [{}]],
    [ArrayBuffer, getter(ArrayBuffer.prototype, 'byteLength')],
    [SharedArrayBuffer, getter(SharedArrayBuffer.prototype, 'byteLength')],
    [Number, Number.prototype.valueOf],
    [String, String.prototype.valueOf],
    [Boolean, Boolean.prototype.valueOf],
    [BigInt, BigInt.prototype.valueOf],
    [Symbol, Symbol.prototype.valueOf],
    [Promise, null],
  ]
  for (const [owner, check, args] of checks) {
    known.set(owner.prototype, [(owner as { name?: string }).name ?? '', check, args ?? none])
  }
  const maxChain = 100
  const own: PropertyDescriptor = freeze(setPrototypeOf({ value: undefined }, null))
  const define = (object: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean =>
    reflectDefine(object, key, descriptor)

  const text = (value: unknown): string =>
    typeof value === 'string' ? value : (apply(concat, '', [value]) as string)
  // Looked up by prototype, because asking every class in turn costs an exception for each.
  const classOf = (value: object): Check | null => {
    let prototype = getPrototypeOf(value)
    for (let i = 0; prototype !== null && i < maxChain; i++) {
      const found = apply(mapGet, known, [prototype]) as Check | undefined
      if (found !== undefined) return found
      prototype = getPrototypeOf(prototype)
    }
    return null
  }
  const brand = (value: object): string | null => {
    const found = classOf(value)
    if (found === null) return null
    try {
      if (found[1] !== null) apply(found[1] as () => unknown, value, found[2])
      return found[0]
    } catch {
      return null
    }
  }
  const addToSet = WeakSet.prototype.add
  const noteOne = (made: unknown): void => {
    if (functions !== null && typeof made === 'function') apply(addToSet, functions, [made])
  }
  const note = (descriptor: PropertyDescriptor): void => {
    noteOne(descriptor.value)
    noteOne(descriptor.get)
    noteOne(descriptor.set)
  }
  const expose = (target: object, name: string, value: unknown): void => {
    noteOne(value)
    defineProperty(target, name, {
      __proto__: null,
      value,
      writable: true,
      enumerable: false,
      configurable: true,
    } as PropertyDescriptor)
  }
  const install = (target: object, members: Members, isEnumerable: boolean): void => {
    for (const key of ownKeys(members)) {
      const descriptor = getOwnPropertyDescriptor(members, key) as PropertyDescriptor
      note(descriptor)
      defineProperty(target, key, { ...descriptor, enumerable: isEnumerable })
    }
  }

  return freeze({
    apply: (fn, receiver, args) => apply(fn as () => unknown, receiver, args),
    construct: (make, args, newTarget = make) =>
      construct(make as () => unknown, args, newTarget as () => unknown) as object,
    keys,
    ownKeys,
    prototypeOf: getPrototypeOf,
    setPrototypeOf,
    define,
    ownProperty: getOwnPropertyDescriptor,
    hasOwn,
    create: create as Intrinsics['create'],
    freeze,
    at: (args, index) => (index < args.length ? args[index] : undefined),
    isArray,
    isView: ArrayBuffer.isView,
    isError,
    isFinite: Number.isFinite,
    parseJson: parse,
    toJson: stringify as Intrinsics['toJson'],
    quote: stringify,
    text,
    wellFormed: (value) => apply(toWellFormed, text(value), none) as string,
    number: (value) => toNumber(value),
    symbolText: (value) => apply(symbolToString, value, none),
    tag: (value) => apply(stringSlice, apply(objectToString, value, none), [8, -1]),
    slice: (value, start, end) => apply(stringSlice, value, [start, end]),
    codeAt: (value, index) => apply(charCodeAt, value, [index]),
    matches: (pattern, value) => apply(regExpExec, pattern, [value]) !== null,
    isoDate: (date) => apply(dateToIso, date, none as []),
    dateTime: (date) => apply(dateGetTime, date, none as []),
    whenSettled: (promise, fulfilled, rejected) => {
      // Otherwise `then` makes its promise with whatever the guest has put in this place.
      if (classOf(promise as object)?.[1] === null) define(promise as object, 'constructor', own)
      return apply(promiseThen, promise, [fulfilled, rejected])
    },
    brand,
    unbox: (value) => apply((classOf(value) as Check)[1] as () => unknown, value, none),
    viewKind: (view) => (apply(typedArrayKind as () => string, view, none) ?? 'DataView') as string,
    viewLength: (view) => apply(typedArrayLength as () => number, view, none),
    stackOf: (error) => {
      const own = getOwnPropertyDescriptor(error, 'stack')
      if (own === undefined && stackGetter !== undefined)
        return apply(stackGetter as () => unknown, error, none)
      return error.stack
    },
    patternSource: (pattern) => apply(sourceOf as () => string, pattern, none),
    patternFlags: (pattern) => {
      const letters = 'dgimsuvy'
      let found = ''
      for (let i = 0; i < letters.length; i++)
        if (apply(flagGetters[i] as () => unknown, pattern, none)) found += letters[i]
      return found
    },
    forEach: (collection, visit) => {
      apply(brand(collection) === 'Map' ? mapForEach : setForEach, collection, [visit])
    },
    objectPrototype: Object.prototype,
    arrayPrototype: Array.prototype,
    now: () => apply(performanceNow, clock, none as []),
    typeError: (message) => new NativeTypeError(message),
    rangeError: (message) => new NativeRangeError(message),
    domError: (message, name) => new NativeDOMException(message, name),
    hideSource: noteOne,
    list: () => setPrototypeOf([], null),
    expose,
    install,
    installClass: (made, lengths = {}) => {
      for (const owner of [made, made.prototype]) {
        for (const key of ownKeys(owner)) {
          const descriptor = getOwnPropertyDescriptor(owner, key) as PropertyDescriptor
          const { value, get } = descriptor
          note(descriptor)
          if (key === 'constructor' || (typeof value !== 'function' && get === undefined)) continue
          defineProperty(owner, key, { enumerable: true })
          if (hasOwn(lengths, key)) {
            defineProperty(value, 'length', { value: lengths[key as string] })
          }
        }
      }
      defineProperty(made.prototype, Symbol.toStringTag, { value: made.name, configurable: true })
      expose(globalThis, made.name, made)
    },
  } satisfies Intrinsics)
}
