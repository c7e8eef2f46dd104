import type { Intrinsics } from './intrinsics.ts'

/**
 * Takes `eval`, the function constructors and the hook for stack traces away: text that was not part
 * of the program was never analysed or shown to an approver, so it does not run. Everything else
 * about them stays as the language has it: `instanceof Function`, names, attributes.
 */
export function blockCodeGeneration(intrinsics: Intrinsics): void {
  const { define, prototypeOf } = intrinsics
  const NativeEvalError = EvalError
  const refuse = (): never => {
    throw new NativeEvalError(
      'Code generation from strings is not available; write the code itself',
    )
  }
  const block = (prototype: object, parent: object): object => {
    const native = (prototype as { constructor: { name: string } }).constructor
    // biome-ignore lint/complexity/useArrowFunction: `new Function(…)` has to reach the refusal
    const blocked = function (): never {
      return refuse()
    }
    define(blocked, 'name', { value: native.name })
    define(blocked, 'length', { value: 1 })
    define(blocked, 'prototype', { value: prototype, writable: false })
    define(prototype, 'constructor', { value: blocked })
    return intrinsics.setPrototypeOf(blocked, parent)
  }
  const functions = block(Function.prototype, Function.prototype)
  intrinsics.expose(globalThis, 'Function', functions)
  for (const sample of [async () => undefined, function* () {}, async function* () {}])
    block(prototypeOf(sample) as object, functions)
  const members = {
    eval(text: unknown) {
      return typeof text === 'string' ? refuse() : text
    },
  }
  intrinsics.install(globalThis, members, false)
  // A hook for stack traces is handed the functions on the stack, the realm's own among them.
  define(Error, 'prepareStackTrace', { get: () => undefined, set: () => {}, configurable: false })
}
