import type { Checks } from '../check.ts'

/** Objects, symbols, Reflect, Proxy and functions. */
export const objects: Checks = {
  'order of keys': [
    'const s = Symbol(); return Reflect.ownKeys({ b: 1, 2: 1, a: 1, 1: 1, [s]: 1, "-1": 1 }).map(String)',
    ['1', '2', 'b', 'a', '-1', 'Symbol()'],
  ],
  'Object.entries, values, fromEntries': [
    'return [Object.entries({ a: 1 }), Object.values("ab"), Object.fromEntries(new Map([["x", 1]]))]',
    [[['a', 1]], ['a', 'b'], { x: 1 }],
  ],
  'Object.assign': [
    'return [Object.assign({ a: 1 }, null, { b: 2 }, "c"), throws(() => Object.assign(null)), throws(() => Object.assign(Object.freeze({ a: 1 }), { a: 2 }))]',
    [{ 0: 'c', a: 1, b: 2 }, 'TypeError', 'TypeError'],
  ],
  'freeze, seal, preventExtensions': [
    'const f = Object.freeze({ a: 1, b: {} }); f.b.c = 1; const s = Object.seal({ a: 1 }); s.a = 2; delete s.a; return [Object.isFrozen(f), f.b.c, s.a, Object.isSealed(s), Object.isExtensible(Object.preventExtensions({}))]',
    [true, 1, 2, true, false],
  ],
  defineProperty: [
    'const o = Object.defineProperty({}, "a", { value: 1 }); return [Object.getOwnPropertyDescriptor(o, "a"), Object.keys(o), throws(() => Object.defineProperty(o, "a", { value: 2 })), throws(() => Object.defineProperty({}, "x", { get() {}, value: 1 }))]',
    [
      { value: 1, writable: false, enumerable: false, configurable: false },
      [],
      'TypeError',
      'TypeError',
    ],
  ],
  'defineProperties and descriptors': [
    'const o = Object.defineProperties({}, { a: { value: 1, enumerable: true }, b: { get: () => 2 } }); return [o.a, o.b, Object.keys(Object.getOwnPropertyDescriptors(o))]',
    [1, 2, ['a', 'b']],
  ],
  'Object.create with properties':
    'const o = Object.create({ p: 1 }, { q: { value: 2 } }); return o.p + o.q === 3 && Object.getPrototypeOf(Object.create(null)) === null',
  'Object.is': [
    'return [Object.is(NaN, NaN), Object.is(0, -0), Object.is("a", "a")]',
    [true, false, true],
  ],
  'hasOwn and hasOwnProperty':
    'return Object.hasOwn({ a: 1 }, "a") && !Object.hasOwn({}, "toString") && ({ a: 1 }).hasOwnProperty("a")',
  'prototypes can be changed':
    'const p = { x: 1 }; const o = {}; Object.setPrototypeOf(o, p); return o.x === 1 && p.isPrototypeOf(o) && throws(() => Object.setPrototypeOf(p, o)) === "TypeError"',
  '__proto__ as an accessor':
    'const o = {}; o.__proto__ = { x: 1 }; return o.x === 1 && flags(Object.prototype, "__proto__") === "gs-c"',
  '__defineGetter__ and its kin':
    'const o = {}; o.__defineGetter__("a", () => 1); return o.a === 1 && typeof o.__lookupGetter__("a") === "function"',
  'toString and Symbol.toStringTag': [
    'const t = (x) => Object.prototype.toString.call(x); return [t(null), t([]), t(() => 1), t(new Date()), t(/x/), t((function () { return arguments })()), t({ [Symbol.toStringTag]: "T" }), t(new Error())]',
    [
      '[object Null]',
      '[object Array]',
      '[object Function]',
      '[object Date]',
      '[object RegExp]',
      '[object Arguments]',
      '[object T]',
      '[object Error]',
    ],
  ],
  'conversion to primitives': [
    'const o = { [Symbol.toPrimitive]: (hint) => hint }; return [`${o}`, o + "", Number.isNaN(+o), o == "default", [] + {}, [] + [], 1 + { valueOf: () => 2 }]',
    ['string', 'default', true, true, '[object Object]', '', 3],
  ],
  symbols: [
    'const s = Symbol("d"); return [s.description, String(s), Symbol.for("a") === Symbol.for("a"), Symbol.keyFor(Symbol.for("a")), Symbol() === Symbol(), throws(() => new Symbol()), throws(() => +s), Object.keys({ [s]: 1 })]',
    ['d', 'Symbol(d)', true, 'a', false, 'TypeError', 'TypeError', []],
  ],
  'well-known symbols are fixed':
    'return ["iterator", "asyncIterator", "hasInstance", "isConcatSpreadable", "match", "matchAll", "replace", "search", "species", "split", "toPrimitive", "toStringTag", "unscopables", "dispose", "asyncDispose"].every((k) => typeof Symbol[k] === "symbol" && flags(Symbol, k) === "---")',
  Reflect: [
    'class A { constructor(x) { this.x = x } } return [Reflect.apply(Math.max, null, [1, 2]), Reflect.construct(A, [5]).x, Reflect.has({ a: 1 }, "a"), Reflect.ownKeys([1]), Reflect.get({ get a() { return this.b } }, "a", { b: 7 }), Reflect.set(Object.freeze({}), "a", 1), Reflect.defineProperty(Object.freeze({}), "a", {}), Reflect.deleteProperty({ a: 1 }, "a")]',
    [2, 5, true, ['0', 'length'], 7, false, false, true],
  ],
  'Reflect refuses what is no object':
    'return throws(() => Reflect.ownKeys(1)) === "TypeError" && throws(() => Reflect.getPrototypeOf(1)) === "TypeError"',
  'Reflect.construct with another target':
    'class A { constructor() { this.t = new.target } } class B {} const o = Reflect.construct(A, [], B); return o.t === B && o instanceof B && !(o instanceof A)',
  'every trap of a proxy': [
    'const o = []; const h = new Proxy({}, { get: (t, k) => (...a) => (o.push(k), Reflect[k](...a)) }); const p = new Proxy(function () {}, h); p.a = 1; p.a; "a" in p; delete p.a; Object.keys(p); Object.getPrototypeOf(p); Object.setPrototypeOf(p, null); Object.isExtensible(p); Object.preventExtensions(p); Object.getOwnPropertyDescriptor(p, "x"); Reflect.defineProperty(p, "y", {}); p(); new p(); return [...new Set(o)]',
    [
      'set',
      'getOwnPropertyDescriptor',
      'defineProperty',
      'get',
      'has',
      'deleteProperty',
      'ownKeys',
      'getPrototypeOf',
      'setPrototypeOf',
      'isExtensible',
      'preventExtensions',
      'apply',
      'construct',
    ],
  ],
  'invariants of proxies':
    'const t = Object.freeze({ a: 1 }); return throws(() => new Proxy(t, { get: () => 2 }).a) === "TypeError" && throws(() => Object.keys(new Proxy(t, { ownKeys: () => [] }))) === "TypeError"',
  'revocable proxies':
    'const { proxy, revoke } = Proxy.revocable({ a: 1 }, {}); const before = proxy.a; revoke(); return before === 1 && throws(() => proxy.a) === "TypeError"',
  'a proxy of an array is walked like one': [
    'return [...new Proxy([1, 2], {})].concat(new Proxy([3], {}))',
    [1, 2, 3],
  ],
  'call, apply, bind': [
    'function f(a, b) { return [this.x, a, b] } const g = f.bind({ x: 1 }, 2); return [f.call({ x: 0 }, 1, 2), f.apply({ x: 5 }, [6]), g(3), g.name, g.length]',
    [[0, 1, 2], [5, 6, null], [1, 2, 3], 'bound f', 1],
  ],
  'bound functions as constructors':
    'function F(a, b) { this.s = a + b } const G = F.bind(null, 1); return new G(2).s === 3 && new G(2) instanceof F && !("prototype" in G)',
  'toString of functions gives their source':
    'function f ( a ) { /* c */ } const m = { m( ) { } }.m; return String(f) === "function f ( a ) { /* c */ }" && String(m) === "m( ) { }" && String((x) => x) === "(x) => x"',
  'toString of built-ins':
    'return [Math.max, Array.prototype.map, Map, Promise.prototype.then, JSON.parse, Symbol].every(isNative)',
  'toString of what is no function':
    'return throws(() => Function.prototype.toString.call({})) === "TypeError" && throws(() => Function.prototype.toString.call(null)) === "TypeError"',
  'Function.prototype.toString is a method': 'return method(Function.prototype, "toString", 0)',
  'Function.prototype is a function':
    'return Function.prototype() === undefined && Function.prototype.name === "" && Function.prototype.length === 0 && !isConstructor(Function.prototype)',
  'own properties of functions': [
    'return [Reflect.ownKeys(function f(a) {}).sort(), flags(function () {}, "prototype"), flags(() => 1, "name"), flags(() => 1, "length")]',
    [['length', 'name', 'prototype'], 'w--', '--c', '--c'],
  ],
  'instanceof Function':
    'return (() => 1) instanceof Function && (async () => 1) instanceof Function && class {} instanceof Function && Function instanceof Function && Function.prototype.constructor === Function',
  'the function classes': [
    'const A = (async () => 1).constructor, G = (function* () {}).constructor, AG = (async function* () {}).constructor; return [A.name, G.name, AG.name, A.length, Object.getPrototypeOf(A) === Function, flags(A.prototype, "constructor"), flags(G, "prototype"), isConstructor(Function), isConstructor(A), Function.name, Function.length, flags(Function, "prototype"), flags(Function.prototype, "constructor")]',
    [
      'AsyncFunction',
      'GeneratorFunction',
      'AsyncGeneratorFunction',
      1,
      true,
      '--c',
      '---',
      true,
      true,
      'Function',
      1,
      '---',
      'w-c',
    ],
  ],
  'the prototypes of the function classes':
    'const A = (async () => 1).constructor, G = (function* () {}).constructor; return A.prototype === Object.getPrototypeOf(async () => 1) && G.prototype === Object.getPrototypeOf(function* () {}) && A.prototype[Symbol.toStringTag] === "AsyncFunction" && G.prototype.prototype[Symbol.toStringTag] === "Generator"',
  'eval is a function like others': [
    'return [typeof eval, eval.name, eval.length, isConstructor(eval), flags(globalThis, "eval"), eval(5), eval() === undefined]',
    ['function', 'eval', 1, false, 'w-c', 5, true],
  ],
  globalThis:
    'return globalThis === this && globalThis.globalThis === globalThis && flags(globalThis, "globalThis") === "w-c"',
  'global properties of the language are hidden':
    'return Object.keys(globalThis).filter((k) => /^[A-Z]/.test(k)).join() === ""',
  'built-in globals may be replaced': [
    'return ["Object", "Function", "Array", "Number", "Boolean", "String", "Symbol", "BigInt", "Date", "RegExp", "Promise", "Proxy", "Reflect", "Map", "Set", "WeakMap", "WeakSet", "WeakRef", "FinalizationRegistry", "ArrayBuffer", "DataView", "Uint8Array", "Float64Array", "JSON", "Math", "Iterator", "TypeError", "RangeError", "AggregateError", "SuppressedError", "DisposableStack", "parseInt", "isNaN", "escape", "eval"].filter((k) => flags(globalThis, k) !== "w-c")',
    [],
  ],
  'the global Error may be replaced': 'return flags(globalThis, "Error") === "w-c"',
  'Object.prototype cannot get another prototype':
    'return throws(() => Object.setPrototypeOf(Object.prototype, {})) === "TypeError"',
  'valueOf of symbols and big integers':
    'return Object(1n).valueOf() === 1n && typeof Object(Symbol()) === "object" && Object(Symbol.iterator) == Symbol.iterator',
}
