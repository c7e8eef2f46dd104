/**
 * Functions for an attack to find out whether it holds something of another realm, as text to put in
 * front of its code. `foreign(value)` says whether the prototypes of a value end elsewhere than the
 * program's own objects do; `note(how, value)` remembers that one did, and what it leads to.
 *
 * What `leads` gives is empty when all that hangs together with a value is frozen, and has no function
 * among it that makes functions, and when calling what is there gives nothing else.
 */
export const PROBE = `
const getPrototype = Object.getPrototypeOf
const ownKeys = Reflect.ownKeys
const describe = Reflect.getOwnPropertyDescriptor
const call = Reflect.apply
const root = Object.prototype
const isFrozen = Object.isFrozen
const Found = Set
const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function'
const foreign = (value) => {
  if (!isObject(value)) return false
  let last = value
  for (let next; (next = getPrototype(last)) !== null; ) last = next
  return last !== root && last !== value
}
const closure = (start) => {
  const seen = new Found()
  const waiting = [start]
  while (waiting.length > 0) {
    const object = waiting.pop()
    if (!isObject(object) || seen.has(object)) continue
    seen.add(object)
    waiting.push(getPrototype(object))
    for (const key of ownKeys(object)) {
      const property = describe(object, key)
      if (property !== undefined) waiting.push(property.value, property.get, property.set)
    }
  }
  return [...seen]
}
const judge = (start, objects) => {
  const bad = []
  for (const object of objects) {
    const name = typeof object === 'function' ? String(describe(object, 'name')?.value) : 'object'
    if (/Function$|^(?:eval|require|process|import)$/.test(name)) bad.push(name)
    if (describe(object, 'exit') ?? describe(object, 'mainModule') ?? describe(object, 'readSync')) bad.push('process')
    if (object !== start && !isFrozen(object)) bad.push('unfrozen ' + name)
  }
  return bad
}
const attempt = (action) => { try { return action() } catch (error) { return error } }
const leads = (start) => {
  const first = closure(start)
  const bad = judge(start, first)
  for (const f of first.filter((object) => typeof object === 'function')) {
    for (const receiver of [undefined, null, 1, 'a,b', true, Symbol.iterator, 1n, start, f, [1], () => 1]) {
      for (const args of [[], [','], [() => 1], [start]]) {
        const made = attempt(() => call(f, receiver, args))
        if (foreign(made)) bad.push(...judge(made, closure(made)))
      }
    }
  }
  return [...new Found(bad)]
}
const found = []
const note = (how, value) => {
  if (foreign(value)) found.push(how + ' is foreign', ...leads(value).map((what) => how + ' leads to ' + what))
}
`
