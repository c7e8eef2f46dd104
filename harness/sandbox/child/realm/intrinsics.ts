/** Strings in, strings out: the one way from the realm to the trusted runner around it. */
export type HostCall = (operation: string, text: string) => string

/** Built-ins as they were before any guest code ran; whatever a program patches, these stay. */
export interface Intrinsics {
  readonly apply: (fn: unknown, receiver: unknown, args: readonly unknown[]) => unknown
  readonly keys: (object: object) => string[]
  readonly prototypeOf: (object: object) => object | null
  readonly define: (object: object, key: PropertyKey, descriptor: PropertyDescriptor) => unknown
  readonly create: (prototype: object | null) => Record<string, unknown>
  readonly freeze: <T>(object: T) => Readonly<T>
  readonly isArray: (value: unknown) => value is unknown[]
  readonly isView: (value: unknown) => boolean
  readonly isError: (value: unknown) => value is Error
  readonly isFinite: (value: number) => boolean
  readonly parseJson: (text: string) => unknown
  readonly toJson: (value: unknown) => string | undefined
  readonly text: (value: unknown) => string
  readonly symbolText: (value: symbol) => string
  readonly functionText: (value: unknown) => string
  readonly tag: (value: unknown) => string
  readonly slice: (text: string, start: number, end?: number) => string
  readonly matches: (pattern: RegExp, text: string) => boolean
  readonly isoDate: (date: Date) => string
  readonly dateTime: (date: Date) => number
  readonly whenSettled: (promise: unknown, fulfilled: unknown, rejected: unknown) => unknown
  /** The name of the built-in class whose internal slots a value has, else null. */
  readonly brand: (value: object) => string | null
  readonly objectPrototype: object
  readonly setPrototypeOf: <T extends object>(object: T, prototype: object | null) => T
  readonly now: () => number
  /** Defines a hidden, configurable property, as the built-ins of the language are. */
  readonly expose: (target: object, name: string, value: unknown) => void
}

/**
 * Collects the built-ins that the realm's own code relies on. Its text is evaluated inside the guest
 * engine, so it refers to nothing outside itself; the same holds for every `install…` function here.
 */
export function captureIntrinsics(): Intrinsics {
  const { apply, getPrototypeOf } = Reflect
  const { keys, defineProperty, create, freeze, setPrototypeOf } = Object
  const { isArray } = Array
  const { parse, stringify } = JSON
  const isView = ArrayBuffer.isView
  const isFiniteNumber = Number.isFinite
  const toText = String
  const functionToString = Function.prototype.toString
  const symbolToString = Symbol.prototype.toString
  const objectToString = Object.prototype.toString
  const stringSlice = String.prototype.slice
  const regExpExec = RegExp.prototype.exec
  const dateToIso = Date.prototype.toISOString
  const dateGetTime = Date.prototype.getTime
  const promiseThen = Promise.prototype.then
  const isError = (Error as unknown as { isError(value: unknown): value is Error }).isError
  const performanceNow = performance.now
  const clock = performance

  const getter = (prototype: object, name: PropertyKey): unknown =>
    Object.getOwnPropertyDescriptor(prototype, name)?.get
  // Each of these throws unless the receiver really has the internal slots of its class: unlike
  // Symbol.toStringTag and instanceof, that cannot be faked by accident or on purpose.
  const brands: readonly (readonly [string, unknown, readonly unknown[]])[] = [
    ['Map', getter(Map.prototype, 'size'), []],
    ['Set', getter(Set.prototype, 'size'), []],
    ['Date', dateGetTime, []],
    ['RegExp', getter(RegExp.prototype, 'source'), []],
    ['WeakMap', WeakMap.prototype.has, [{}]],
    ['WeakSet', WeakSet.prototype.has, [{}]],
    ['ArrayBuffer', getter(ArrayBuffer.prototype, 'byteLength'), []],
    ['SharedArrayBuffer', getter(SharedArrayBuffer.prototype, 'byteLength'), []],
    ['Number', Number.prototype.valueOf, []],
    ['String', String.prototype.valueOf, []],
    ['Boolean', Boolean.prototype.valueOf, []],
    ['BigInt', BigInt.prototype.valueOf, []],
    ['Symbol', Symbol.prototype.valueOf, []],
  ]

  return freeze({
    apply: (fn, receiver, args) => apply(fn as () => unknown, receiver, args),
    keys,
    prototypeOf: getPrototypeOf,
    define: defineProperty,
    create: create as Intrinsics['create'],
    freeze,
    isArray,
    isView,
    isError,
    isFinite: isFiniteNumber,
    parseJson: parse,
    toJson: stringify as Intrinsics['toJson'],
    text: toText,
    symbolText: (value) => apply(symbolToString, value, []),
    functionText: (value) => apply(functionToString, value, []),
    tag: (value) => apply(stringSlice, apply(objectToString, value, []), [8, -1]),
    slice: (text, start, end) => apply(stringSlice, text, [start, end]),
    matches: (pattern, text) => apply(regExpExec, pattern, [text]) !== null,
    isoDate: (date) => apply(dateToIso, date, []),
    dateTime: (date) => apply(dateGetTime, date, []),
    whenSettled: (promise, fulfilled, rejected) =>
      apply(promiseThen, promise, [fulfilled, rejected]),
    brand: (value) => {
      for (let i = 0; i < brands.length; i++) {
        const entry = brands[i]
        if (entry === undefined) continue
        try {
          apply(entry[1] as () => unknown, value, entry[2])
          return entry[0]
        } catch {
          // Not of this class: the next one is asked.
        }
      }
      return null
    },
    objectPrototype: Object.prototype,
    setPrototypeOf,
    now: () => apply(performanceNow, clock, []),
    expose: (target, name, value) => {
      defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true })
    },
  } satisfies Intrinsics)
}
