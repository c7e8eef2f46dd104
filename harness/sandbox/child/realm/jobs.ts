import type { Ending } from './ending.ts'
import type { Intrinsics } from './intrinsics.ts'

/** Puts `queueMicrotask` into the realm: a job like that of a promise, but one that may throw. */
export function installMicrotasks(intrinsics: Intrinsics, ending: Ending): void {
  const settled = Promise.resolve()
  const members = {
    queueMicrotask(callback: unknown) {
      if (typeof callback !== 'function')
        throw intrinsics.typeError('The argument of queueMicrotask must be a function')
      intrinsics.whenSettled(settled, ending.guarded(callback), undefined)
    },
  }
  intrinsics.install(globalThis, members, true)
}

/**
 * Lets what a finalizer throws end the program, for an engine that would hand it to the runner: V8
 * calls finalizers in a turn of their own. Nothing else about `FinalizationRegistry` changes.
 */
export function guardFinalizers(intrinsics: Intrinsics, ending: Ending): void {
  const { define, expose } = intrinsics
  const Native = FinalizationRegistry
  const Registry = function (cleanup: unknown): object {
    if (new.target === undefined) throw intrinsics.typeError('FinalizationRegistry needs new')
    if (typeof cleanup !== 'function') throw intrinsics.typeError('The cleanup must be a function')
    return intrinsics.construct(Native, [ending.guarded(cleanup)], new.target)
  }
  define(Registry, 'name', { value: 'FinalizationRegistry' })
  define(Registry, 'prototype', { value: Native.prototype, writable: false })
  expose(Native.prototype, 'constructor', Registry)
  expose(globalThis, 'FinalizationRegistry', Registry)
}
