import type { Checks } from '../check.ts'

/** Destructuring and what it does in order. */
export const destructuring: Checks = {
  'arrays with holes, defaults and a rest': [
    'const [a, , b = 3, ...c] = [1, 2, undefined, 4, 5]; return [a, b, c]',
    [1, 3, [4, 5]],
  ],
  'objects with renaming, defaults and a rest': [
    'const { a, b: { c = 2 } = {}, ...r } = { a: 1, d: 3, e: 4 }; return [a, c, r]',
    [1, 2, { d: 3, e: 4 }],
  ],
  'a default counts for undefined only': [
    'const { a = 1, b = 1, c = 1 } = { a: null, b: 0 }; return [a, b, c]',
    [null, 0, 1],
  ],
  'defaults are evaluated only when needed':
    'let n = 0; const { a = n++ } = { a: 1 }; return n === 0',
  'computed keys': ['const k = "x"; const { [k]: v } = { x: 5 }; return v', 5],
  'a rest leaves out what was taken by a computed key': [
    'const k = "x"; const { [k]: v, ...r } = { x: 5, y: 6 }; return r',
    { y: 6 },
  ],
  swapping: ['let a = 1, b = 2; [a, b] = [b, a]; return [a, b]', [2, 1]],
  'targets may be members': [
    'const o = {}; [o.a, o["b"]] = [1, 2]; ({ c: o.c } = { c: 3 }); return o',
    { a: 1, b: 2, c: 3 },
  ],
  'an assignment gives the whole right side': 'let a; const r = [1]; return ([a] = r) === r',
  parameters: [
    'const f = ({ a = 1, b } = {}, [c] = [3]) => [a, b, c]; return f({ b: 2 })',
    [1, 2, 3],
  ],
  'in for…of': [
    'const o = []; for (const [k, { v }] of [["a", { v: 1 }]]) o.push(k, v); return o',
    ['a', 1],
  ],
  'null and undefined cannot be taken apart':
    'return throws(() => { const {} = null }) === "TypeError" && throws(() => { const [] = undefined }) === "TypeError"',
  'what is not iterable cannot be an array':
    'return throws(() => { const [a] = {} }) === "TypeError"',
  'strings and numbers have properties too':
    'const { length } = "abc"; const { toFixed } = 1; return length === 3 && toFixed === Number.prototype.toFixed',
  'an iterator is closed when not used up':
    'let closed = 0; const it = { [Symbol.iterator]() { return this }, next: () => ({ value: 1, done: false }), return() { closed++; return {} } }; const [a] = it; return closed === 1',
  'an iterator that ends is not closed':
    'let closed = 0; const it = { [Symbol.iterator]() { return this }, next: () => ({ done: true }), return() { closed++; return {} } }; const [a] = it; return closed === 0',
  'names of anonymous functions in defaults': 'const { f = () => 1 } = {}; return f.name === "f"',
  'order of evaluation': [
    'const o = []; const src = { get a() { o.push("get a") }, get b() { o.push("get b") } }; const { [(o.push("key a"), "a")]: x = o.push("default a"), [(o.push("key b"), "b")]: y = 1 } = src; return o',
    ['key a', 'get a', 'default a', 'key b', 'get b'],
  ],
  'symbols stay in the rest':
    'const s = Symbol(); const { a, ...r } = { a: 1, [s]: 2 }; return r[s] === 2',
  'generators are consumed only as far as needed':
    'let n = 0; function* g() { for (;;) { n++; yield n } } const [a, b] = g(); return n === 2 && b === 2',
}
