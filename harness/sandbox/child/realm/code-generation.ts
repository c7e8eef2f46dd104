import type { Intrinsics } from './intrinsics.ts'

/**
 * Takes `eval`, the function constructors and the hook for stack traces away: text that was not part of the program was never
 * analysed or shown to an approver, so it does not run. `instanceof Function` keeps working.
 */
export function blockCodeGeneration(intrinsics: Intrinsics): void {
  const { define, expose, prototypeOf } = intrinsics
  const refuse = (): never => {
    throw new EvalError('Code generation from strings is not available; write the code itself')
  }
  const prototypes = [
    Function.prototype,
    prototypeOf(async () => undefined),
    prototypeOf(function* () {}),
    prototypeOf(async function* () {}),
  ]
  for (const prototype of prototypes) {
    if (prototype === null) continue
    const name = (prototype.constructor as { name: string }).name
    // biome-ignore lint/complexity/useArrowFunction: `new Function(…)` has to reach the refusal
    const blocked = function (): never {
      return refuse()
    }
    define(blocked, 'name', { value: name, configurable: true })
    define(blocked, 'prototype', { value: prototype, writable: false })
    define(prototype, 'constructor', { value: blocked, writable: true, configurable: true })
    if (name === 'Function') expose(globalThis, 'Function', blocked)
  }
  const blockedEval = (_text: unknown): never => refuse()
  define(blockedEval, 'name', { value: 'eval', configurable: true })
  expose(globalThis, 'eval', blockedEval)
  // A hook for stack traces is handed the functions on the stack, the realm's own among them.
  define(Error, 'prepareStackTrace', { get: () => undefined, set: () => {}, configurable: false })
}
