import type { Checks } from '../check.ts'

/** Classes. */
export const classes: Checks = {
  'constructor, method, accessor, static': [
    'class A { constructor(x) { this.x = x } get twice() { return this.x * 2 } set twice(v) { this.x = v / 2 } plus(n) { return this.x + n } static of(x) { return new this(x) } } const a = A.of(2); a.twice = 10; return [a.x, a.twice, a.plus(1)]',
    [5, 10, 6],
  ],
  'members are hidden and prototype is fixed': [
    'class A { m() {} static s() {} get g() { return 1 } } return [flags(A.prototype, "m"), flags(A, "s"), flags(A.prototype, "g"), flags(A, "prototype"), flags(A.prototype, "constructor")]',
    ['w-c', 'w-c', 'g-c', '---', 'w-c'],
  ],
  'a class needs new': 'class A {} return throws(() => A()) === "TypeError"',
  'a class body is strict':
    'class A { m() { return (function () { return this })() } } return new A().m() === undefined',
  'a class is in its dead zone before':
    'return throws(() => { new A(); class A {} }) === "ReferenceError"',
  'inheritance and super': [
    'class A { constructor(x) { this.x = x } m() { return "A" + this.x } static s() { return "sA" } } class B extends A { constructor() { super(1) } m() { return super.m() + "B" } static s() { return super.s() + "B" } } return [new B().m(), B.s(), new B() instanceof A]',
    ['A1B', 'sAB', true],
  ],
  'this before super is an error':
    'class A {} class B extends A { constructor() { this.x = 1; super() } } return throws(() => new B()) === "ReferenceError"',
  'super twice is an error':
    'class A {} class B extends A { constructor() { super(); super() } } return throws(() => new B()) === "ReferenceError"',
  'a missing super is an error':
    'class A {} class B extends A { constructor() {} } return throws(() => new B()) === "ReferenceError"',
  'extends null':
    'class A extends null { static s() { return 1 } } return Object.getPrototypeOf(A.prototype) === null && A.s() === 1',
  'extends what is no constructor':
    'return throws(() => class extends (() => 1) {}) === "TypeError" && throws(() => class extends 5 {}) === "TypeError"',
  'a constructor may return another object':
    'class A { constructor() { return { other: 1 } } } class B extends A { y = 2 } const b = new B(); return b.other === 1 && b.y === 2 && !(b instanceof B)',
  'fields are defined, not assigned':
    'let n = 0; class A { set x(v) { n++ } } class B extends A { x = 1 } return n === 0 && Object.hasOwn(new B(), "x")',
  'fields see this and run in order': [
    'class A { a = 1; b = this.a + 1; ["c" + 1] = this.b + 1 } return { ...new A() }',
    { a: 1, b: 2, c1: 3 },
  ],
  'static fields and blocks': [
    'class A { static x = 1; static { this.y = this.x + 1 } static z = A.y + 1 } return [A.x, A.y, A.z]',
    [1, 2, 3],
  ],
  'private fields':
    'class A { #x = 1; inc() { return ++this.#x } static read(a) { return a.#x } } const a = new A(); a.inc(); return A.read(a) === 2 && !Object.keys(a).length',
  'private methods and accessors': [
    'class A { #v = 1; #m() { return this.#v } get #g() { return 10 } set #g(x) { this.#v = x } run() { const before = this.#m() + this.#g; this.#g = 5; return [before, this.#m()] } } return new A().run()',
    [11, 5],
  ],
  'static private members':
    'class A { static #n = 0; static #inc() { return ++A.#n } static run() { A.#inc(); return A.#inc() } } return A.run() === 2',
  'a private name of another object is a TypeError':
    'class A { #x = 1; static read(o) { return o.#x } } return throws(() => A.read({})) === "TypeError"',
  'private methods cannot be assigned':
    'class A { #m() {} run() { this.#m = 1 } } return throws(() => new A().run()) === "TypeError"',
  '#x in object': [
    'class A { #x; static has(o) { return #x in o } } return [A.has(new A()), A.has({}), throws(() => A.has(1))]',
    [true, false, 'TypeError'],
  ],
  'private names differ between evaluations of a class':
    'const make = () => class { #x = 1; static read(o) { return o.#x } }; const A = make(), B = make(); return throws(() => B.read(new A())) === "TypeError"',
  'a private field stays out of a proxy':
    'class A { #x = 1; read() { return this.#x } } return throws(() => new Proxy(new A(), {}).read()) === "TypeError"',
  'new.target in an inherited constructor':
    'let seen; class A { constructor() { seen = new.target } } class B extends A {} new B(); return seen === B',
  'Symbol.species':
    'class A extends Array { static get [Symbol.species]() { return Array } } const m = new A(1, 2, 3).map((x) => x); return !(m instanceof A) && m instanceof Array',
  'subclasses of arrays':
    'class A extends Array { last() { return this[this.length - 1] } } const a = A.from([1, 2, 3]); return a.last() === 3 && a.map((x) => x * 2).last() === 6 && Array.isArray(a)',
  'subclasses of errors':
    'class E extends Error { constructor(m) { super(m); this.name = "E" } } const e = new E("x"); return e instanceof Error && String(e) === "E: x" && Object.prototype.toString.call(e) === "[object Error]"',
  'subclasses of promises':
    'class P extends Promise {} return P.resolve(1).then(() => 2) instanceof P && (await new P((r) => r(3))) === 3',
  'subclasses of maps, sets, functions of their own': [
    'class M extends Map { get(k) { return super.get(k) ?? 0 } } class S extends Set { add(v) { return super.add(v * 2) } } return [new M([[1, 2]]).get(9), [...new S([1])]]',
    [0, [2]],
  ],
  'toString gives the source':
    'class A { m() { return 1 } } return String(A) === "class A { m() { return 1 } }"',
  'class expressions have their name inside only':
    'const A = class Inner { static n() { return Inner.name } }; return A.n() === "Inner" && typeof Inner === "undefined"',
  'accessors on the class':
    'class A { static get v() { return this.w } static w = 4 } class B extends A { static w = 5 } return B.v === 5',
  'generator and async methods': [
    'class A { *g() { yield 1 } async a() { return 2 } async *ag() { yield 3 } static async *[Symbol.asyncIterator]() { yield 4 } } const a = new A(); const o = [...a.g(), await a.a()]; for await (const x of a.ag()) o.push(x); for await (const x of A) o.push(x); return o',
    [1, 2, 3, 4],
  ],
  'super in object literals':
    'const p = { m() { return "p" } }; const o = { __proto__: p, m() { return super.m() + "o" } }; return o.m() === "po"',
  'super property assignment goes to this':
    'class A {} class B extends A { m() { super.x = 1; return Object.hasOwn(this, "x") } } return new B().m()',
  'await is allowed as a name outside async functions': {
    script: 'var await = 1;\n(async function () { return globalThis.await === 1 })',
  },
  'fields hold functions bound to this':
    'class A { v = 1; f = () => this.v } const { f } = new A(); return f() === 1',
  'a getter may be inherited and the setter own':
    'class A { get x() { return 1 } } class B extends A { set x(v) {} } return new B().x === undefined',
  mixins:
    'const M = (B) => class extends B { m() { return "m" } }; class A extends M(Object) {} return new A().m() === "m"',
  'static methods are inherited':
    'class A { static make() { return new this() } } class B extends A {} return B.make() instanceof B',
}
