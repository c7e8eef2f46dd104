import type { JsonValue } from '../../../../harness/json-value.ts'

/**
 * One check: the body of an async function that gives `true`; or that body and the value it gives; or
 * a whole script that ends in such a function.
 */
export type Check = string | readonly [body: string, value: JsonValue] | { readonly script: string }

/** Checks by what they say is so. */
export type Checks = Readonly<Record<string, Check>>

/** What every body may use. */
const PRELUDE = `
const throws = (f) => {
  try { f() } catch (e) { return e === null || typeof e !== 'object' ? 'no error' : e.name }
  return 'nothing'
}
const rejects = async (f) => {
  try { await f() } catch (e) { return e === null || typeof e !== 'object' ? 'no error' : e.name }
  return 'nothing'
}
const isConstructor = (f) => {
  try { Reflect.construct(Object, [], f) } catch { return false }
  return true
}
const flags = (o, k) => {
  const d = Reflect.getOwnPropertyDescriptor(o, k)
  if (d === undefined) return 'missing'
  const kind = 'value' in d ? (d.writable ? 'w' : '-') : (d.get ? 'g' : '') + (d.set ? 's' : '')
  return kind + (d.enumerable ? 'e' : '-') + (d.configurable ? 'c' : '-')
}
const method = (o, k, length, expected = 'w-c', name = typeof k === 'symbol' ? '[' + k.description + ']' : k) => {
  const d = Reflect.getOwnPropertyDescriptor(o, k)
  if (d === undefined || typeof d.value !== 'function') return String(k) + ' is no method'
  const f = d.value
  const found = [flags(o, k), f.name, f.length, isConstructor(f), 'prototype' in f, flags(f, 'name'), flags(f, 'length')]
  const wanted = [expected, name, length, false, false, '--c', '--c']
  return found.join() === wanted.join() ? true : String(k) + ': ' + found.join() + ' and not ' + wanted.join()
}
const all = (...results) => results.find((r) => r !== true) ?? true
const isNative = (f) => /\\{\\s*\\[native code\\]\\s*\\}$/.test(Function.prototype.toString.call(f))
`

/** The script that runs a check and gives what its body gives. */
export function scriptOf(check: Check): string {
  if (typeof check === 'object' && 'script' in check) return check.script
  const body = typeof check === 'string' ? check : check[0]
  return `(async function () {${PRELUDE}
return await (async function () {
${body}
})() })`
}

/** What a check must give. */
export function expectedOf(check: Check): JsonValue {
  return typeof check === 'string' || 'script' in check ? true : check[1]
}
