import type { Checks } from '../check.ts'

/** Generators, async functions, iterators and their helpers. */
export const generators: Checks = {
  'values, return value and end': [
    'function* g() { const x = yield 1; return x } const it = g(); return [it.next(), it.next(5), it.next()]',
    [{ value: 1, done: false }, { value: 5, done: true }, { done: true }],
  ],
  'throw into a generator': [
    'function* g() { try { yield 1 } catch (e) { yield e } } const it = g(); it.next(); return it.throw("x")',
    { value: 'x', done: false },
  ],
  'return ends a generator through finally': [
    'const o = []; function* g() { try { yield 1 } finally { o.push("f") } } const it = g(); it.next(); const r = it.return(7); return [r, o, it.next()]',
    [{ value: 7, done: true }, ['f'], { done: true }],
  ],
  'yield* hands everything on': [
    'function* a() { const x = yield 1; return x + 1 } function* b() { return yield* a() } const it = b(); it.next(); return it.next(4)',
    { value: 5, done: true },
  ],
  'yield* over any iterable': [
    'function* g() { yield* "ab"; yield* [1] } return [...g()]',
    ['a', 'b', 1],
  ],
  'a generator that runs cannot be entered':
    'let it; function* g() { it.next() } it = g(); return throws(() => it.next()) === "TypeError"',
  'a generator function is no constructor':
    'return !isConstructor(function* () {}) && !isConstructor({ *m() {} }.m)',
  'prototypes of generators':
    'function* g() {} return Object.getPrototypeOf(g()) === g.prototype && Object.getPrototypeOf(g.prototype) === Object.getPrototypeOf(function* () {}).prototype && g()[Symbol.iterator]() instanceof g',
  'infinite generators are lazy': [
    'function* n() { let i = 0; for (;;) yield i++ } const o = []; for (const x of n()) { if (x > 3) break; o.push(x) } return o',
    [0, 1, 2, 3],
  ],
  'await gives the value':
    'return (await 1) + (await Promise.resolve(2)) + (await { then: (r) => r(3) }) === 6',
  'await throws what was rejected':
    'try { await Promise.reject(new RangeError()) } catch (e) { return e.name === "RangeError" }',
  'an async function never throws':
    'const f = async () => { throw new TypeError() }; const p = f(); return p instanceof Promise && (await rejects(() => p)) === "TypeError"',
  'async arrow functions and methods': [
    'const o = { async m() { return 1 }, a: async (x) => x }; return [await o.m(), await o.a(2)]',
    [1, 2],
  ],
  'async functions are no constructors':
    'return !isConstructor(async () => 1) && !isConstructor(async function () {}) && !isConstructor({ async m() {} }.m)',
  'await in parameters of calls keeps the order': [
    'const o = []; const f = async (x) => (o.push(x), x); const r = [await f(1), await f(2)]; return [o, r]',
    [
      [1, 2],
      [1, 2],
    ],
  ],
  'reactions run after the code that is running': [
    'const o = []; const p = Promise.resolve().then(() => o.push("m")); o.push("s"); await p; return o',
    ['s', 'm'],
  ],
  'await takes one turn for a native promise': [
    'const o = []; const a = (async () => { o.push("a1"); await null; o.push("a2") })(); Promise.resolve().then(() => o.push("b1")).then(() => o.push("b2")); await a; await 0; await 0; return o',
    ['a1', 'a2', 'b1', 'b2'],
  ],
  'async generators': [
    'async function* g() { yield 1; yield Promise.resolve(2); return 3 } const o = []; for await (const x of g()) o.push(x); return o',
    [1, 2],
  ],
  'async generators queue their requests': [
    'async function* g() { yield 1; yield 2 } const it = g(); return Promise.all([it.next(), it.next(), it.next()])',
    [{ value: 1, done: false }, { value: 2, done: false }, { done: true }],
  ],
  'for await over promises in an array': [
    'const o = []; for await (const x of [Promise.resolve(1), 2]) o.push(x); return o',
    [1, 2],
  ],
  'for await closes the iterator':
    'let closed = 0; const it = { [Symbol.asyncIterator]: () => ({ next: async () => ({ value: 1, done: false }), async return() { closed++; return {} } }) }; for await (const x of it) break; return closed === 1',
  'yield* in an async generator': [
    'async function* g() { yield* [1, Promise.resolve(2)]; yield* (async function* () { yield 3 })() } const o = []; for await (const x of g()) o.push(x); return o',
    [1, 2, 3],
  ],
  'return awaits in an async generator': [
    'async function* g() { return Promise.resolve(4) } return g().next()',
    { value: 4, done: true },
  ],
  'throw into an async generator':
    'async function* g() { yield 1 } const it = g(); await it.next(); return (await rejects(() => it.throw(new RangeError()))) === "RangeError"',
  'try and finally around await': [
    'const o = []; const f = async () => { try { await 1; return "r" } finally { await 2; o.push("f") } }; return [await f(), o]',
    ['r', ['f']],
  ],
  'awaiting many in turn':
    'let n = 0; for (let i = 0; i < 1000; i++) n += await i; return n === 499500',
  'a thenable that throws rejects':
    'return (await rejects(async () => await { then() { throw new SyntaxError() } })) === "SyntaxError"',
  'iterator map, filter, take, drop': [
    'return [1, 2, 3, 4, 5].values().map((x) => x * 2).filter((x) => x > 2).drop(1).take(2).toArray()',
    [6, 8],
  ],
  'iterator flatMap': [
    'return [1, 2].values().flatMap((x) => [x, x * 10]).toArray()',
    [1, 10, 2, 20],
  ],
  'iterator reduce, some, every, find, forEach': [
    'let n = 0; const v = () => [1, 2, 3].values(); v().forEach((x) => { n += x }); return [v().reduce((a, b) => a + b), v().some((x) => x > 2), v().every((x) => x > 1), v().find((x) => x > 1), n]',
    [6, true, false, 2, 6],
  ],
  'Iterator.from': [
    'const it = { i: 0, next() { return { value: this.i, done: this.i++ > 2 } } }; return Iterator.from(it).map((x) => x + 1).toArray()',
    [1, 2, 3],
  ],
  'Iterator is abstract':
    'return throws(() => new Iterator()) === "TypeError" && new (class extends Iterator {})() instanceof Iterator',
  'iterator helpers are lazy':
    'let n = 0; const it = [1, 2, 3].values().map((x) => { n++; return x }); it.next(); return n === 1',
  'iterator helpers close what they take from':
    'let closed = 0; const src = { __proto__: Iterator.prototype, next: () => ({ value: 1, done: false }), return() { closed++; return {} } }; const it = src.map((x) => x); it.next(); it.return(); return closed === 1',
  'a helper refuses what is no function':
    'return throws(() => [].values().map(1)) === "TypeError" && throws(() => [].values().take(-1)) === "RangeError"',
  'iterator helpers as methods':
    'return all(method(Iterator.prototype, "map", 1), method(Iterator.prototype, "toArray", 0), method(Iterator, "from", 1))',
  'Iterator.concat': [
    'return Iterator.concat([1], new Set([2]), [3].values()).toArray()',
    [1, 2, 3],
  ],
  'Iterator.zip': [
    'return [...Iterator.zip([[1, 2], [3, 4]])]',
    [
      [1, 3],
      [2, 4],
    ],
  ],
  'Array.fromAsync': [
    'async function* g() { yield 1; yield 2 } return Array.fromAsync(g(), (x) => x * 2)',
    [2, 4],
  ],
  'Array.fromAsync of an array of promises': [
    'return Array.fromAsync([Promise.resolve(1), 2])',
    [1, 2],
  ],
  'tags of iterators': [
    'return [[].values(), new Map().keys(), new Set().values(), ""[Symbol.iterator](), "".matchAll(/x/g), (function* () {})(), (async function* () {})(), [].values().map(Number)].map((x) => Object.prototype.toString.call(x).slice(8, -1))',
    [
      'Array Iterator',
      'Map Iterator',
      'Set Iterator',
      'String Iterator',
      'RegExp String Iterator',
      'Generator',
      'AsyncGenerator',
      'Iterator Helper',
    ],
  ],
  'a spread of a broken iterator throws':
    'return throws(() => [...{ [Symbol.iterator]: () => ({ next: () => 1 }) }]) === "TypeError"',
}
