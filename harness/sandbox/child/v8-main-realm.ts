import { writeSync } from 'node:fs'
import process from 'node:process'
import type { StackText } from './realm/v8-stack.ts'

/** The globals that the runner still needs. The rest of them goes. */
const KEPT: ReadonlySet<string> = new Set([
  ...['Array', 'BigInt', 'Boolean', 'Buffer', 'Date', 'Infinity', 'Intl', 'JSON', 'Map', 'Math'],
  ...['NaN', 'Number', 'Object', 'Promise', 'RegExp', 'Set', 'String', 'Symbol', 'URL'],
  ...['URLSearchParams', 'Uint8Array', 'WeakMap', 'globalThis', 'undefined'],
  ...['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'],
])

const STANDARD_ERROR = 2
// Needed after the globals of these names are gone.
const { deleteProperty, ownKeys } = Reflect
const functionPrototype = Function.prototype

/**
 * Makes the realm of the runner worthless to a program that gets hold of a piece of it. The engine
 * itself lets two through: with no stack left, `import()` and the reading of `error.stack` throw an
 * error of the runner's realm. What such a piece leads to is cut down to a handful of functions that
 * give nothing away, all of it frozen; every other built-in is frozen too, and the globals are gone
 * but for the few that the runner uses.
 *
 * Everything has to be loaded before: from here on no module can be imported.
 *
 * @param stackText - Writes the text of `error.stack`, for the errors of every realm.
 */
export function hardenMainRealm(stackText: StackText): void {
  const samples = [() => {}, async () => {}, function* () {}, async function* () {}]
  const functions = samples.map((sample) => prototypeOf(sample))
  const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]
  keepOnly(Object.prototype, ['toString'])
  keepOnly(functionPrototype, ['apply', 'bind', 'call', 'toString', 'length', 'name'])
  // Their constructors make code out of text, were that not switched off as well.
  for (const prototype of functions) deleteProperty(prototype, 'constructor')
  for (const { prototype } of errors) deleteProperty(prototype, 'constructor')
  Object.defineProperty(Error, 'prepareStackTrace', { value: stackText })
  replaceGlobals()
  freezeBuiltIns([...functions, ...iteratorPrototypes()])
}

/**
 * Lets `import()` fail: the engine answers it with a promise of the runner's realm, whose `then` this
 * becomes. No promise of the runner can be awaited after this.
 */
export function refuseImports(then: unknown): void {
  Object.defineProperty(Promise.prototype, 'then', { value: then })
  Object.freeze(Promise.prototype)
}

function prototypeOf(object: object): object {
  return Object.getPrototypeOf(object) as object
}

function keepOnly(object: object, names: readonly string[]): void {
  for (const key of ownKeys(object)) {
    if (typeof key === 'symbol' || !names.includes(key)) deleteProperty(object, key)
  }
}

function replaceGlobals(): void {
  const { exit, ppid, threadCpuUsage, cpuUsage, resourceUsage } = process
  const now = performance.now.bind(performance)
  const print = (thrown: unknown): void => {
    writeSync(STANDARD_ERROR, `${describe(thrown)}\n`)
  }
  for (const name of ownKeys(globalThis)) {
    if (typeof name === 'symbol' || !KEPT.has(name)) deleteProperty(globalThis, name)
  }
  const instead = {
    process: { exit, ppid, threadCpuUsage, cpuUsage, resourceUsage },
    performance: { now },
    console: { error: print },
  }
  for (const [name, value] of Object.entries(instead)) {
    Object.defineProperty(globalThis, name, { value: Object.freeze(value) })
  }
}

// Only errors of the runner come here: to show one of a program would run its getters.
function describe(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : typeof thrown
}

/** Prototypes that no global leads to. */
function iteratorPrototypes(): object[] {
  const samples = [
    [][Symbol.iterator](),
    ''[Symbol.iterator](),
    new Map().keys(),
    new Set().keys(),
    ''.matchAll(/x/g),
    // Not in the type library yet.
    ([].values() as unknown as { map(callback: unknown): object }).map(String),
  ]
  return samples.map(prototypeOf)
}

/**
 * Freezes the built-ins and what they hold, one level deep and prototypes all the way; not
 * `Promise.prototype`, which has yet to change. To follow every function would take 3 ms.
 */
function freezeBuiltIns(hidden: readonly object[]): void {
  const seen = new Set<unknown>([Promise.prototype])
  const freeze = (value: unknown): void => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return
    for (let object = value; object !== null && !seen.has(object); object = prototypeOf(object)) {
      seen.add(object)
      Object.freeze(object)
    }
  }
  // Every error has these two of its realm as its own.
  const { get, set } = Object.getOwnPropertyDescriptor(new Error(), 'stack') ?? {}
  for (const value of [get, set, ...hidden]) freeze(value)
  for (const key of ownKeys(globalThis)) {
    const owner = (globalThis as Record<PropertyKey, unknown>)[key]
    freeze(owner)
    if (typeof owner === 'function') freeze(owner.prototype)
  }
  for (const owner of [Intl, Object.prototype, functionPrototype, Error.prototype]) {
    for (const key of ownKeys(owner)) {
      const value = Object.getOwnPropertyDescriptor(owner, key)?.value
      freeze(value)
      if (typeof value === 'function') freeze(value.prototype)
    }
  }
  Object.freeze(globalThis)
}
