import type { Intrinsics } from './intrinsics.ts'

/**
 * Lets the realm's own functions read as built-ins do, for an engine that keeps the source of every
 * function: what a program sees is the standard's function, not how it is made here.
 */
export function installNativeText(intrinsics: Intrinsics, functions: WeakSet<object>): void {
  const { apply, ownProperty } = intrinsics
  const functionText = Function.prototype.toString
  const has = WeakSet.prototype.has
  // What stood in for a missing built-in before this realm was begun.
  for (const owner of [globalThis, Date, DOMException.prototype, Intl.DateTimeFormat.prototype]) {
    for (const key of intrinsics.ownKeys(owner)) {
      const { value, get } = ownProperty(owner, key) as PropertyDescriptor
      for (const made of [value, get]) if (typeof made === 'function') functions.add(made)
    }
  }
  const members = {
    toString(this: unknown) {
      if (!apply(has, functions, [this])) return apply(functionText, this, [])
      const own = ownProperty(this as object, 'name')
      const name: unknown = own !== undefined && intrinsics.hasOwn(own, 'value') ? own.value : ''
      return 'function ' + (typeof name === 'string' ? name : '') + '() { [native code] }'
    },
  }
  intrinsics.install(Function.prototype, members, false)
}
