/** Bodies that recurse until something gives way, and name what did. */
export const DEEP_BODIES: Readonly<Record<string, string>> = {
  calls: 'function f() { f() } f()',
  'calls with many arguments': 'const o = { m(...a) { this.m(...a, 1) } }; o.m()',
  'calls that catch': 'function f() { try { f() } catch (e) { new Error().stack; throw e } } f()',
  getters: 'const o = { get x() { return this.x } }; o.x',
  'default arguments': 'function f(a = f()) {} f()',
  generators: 'function* g() { yield* g() } g().next()',
  'async functions': 'const f = async () => { await f() }; await f()',
  'classes that extend':
    'let C = class {}; for (let i = 0; i < 5e3; i++) { const B = C; C = class extends B { x = 1 } } new C()',
  'proxy traps': 'const p = new Proxy({}, { get: (t, k, r) => r[k] }); p.x',
  'proxies of proxies, read': 'let p = {}; for (let i = 0; i < 5e4; i++) p = new Proxy(p, {}); p.x',
  'proxies of proxies, searched':
    'let p = {}; for (let i = 0; i < 5e4; i++) p = new Proxy(p, {}); "x" in p',
  'proxies of proxies, called':
    'let p = () => 1; for (let i = 0; i < 5e4; i++) p = new Proxy(p, {}); p()',
  'proxies of proxies, their prototype':
    'let p = {}; for (let i = 0; i < 5e4; i++) p = new Proxy(p, {}); Object.getPrototypeOf(p)',
  'bound functions': 'let f = () => 1; for (let i = 0; i < 1e4; i++) f = f.bind(null); f()',
  'JSON.parse of arrays': 'JSON.parse("[".repeat(1e5) + "]".repeat(1e5))',
  'JSON.parse of objects': "JSON.parse('{\"a\":'.repeat(1e5) + 1 + '}'.repeat(1e5))",
  'JSON.parse with a reviver':
    'JSON.parse("[[1]]", function f() { return JSON.parse("[[1]]", f) })',
  'JSON.stringify': 'let a = []; for (let i = 0; i < 5e3; i++) a = [a]; JSON.stringify(a)',
  toJSON: 'const o = { toJSON: () => JSON.stringify(o) }; JSON.stringify(o)',
  'JSON.stringify with a replacer': 'const f = () => JSON.stringify([1], f); f()',
  'comparison in a sort': 'const f = () => { [2, 1].sort(f); return 0 }; f()',
  'comparison in a sort of bytes': 'const f = () => { new Int8Array(3).sort(f); return 0 }; f()',
  'replacement of a string': 'const f = () => "a".replace("a", f); f()',
  'replacement by pattern': 'const f = () => "a".replace(/a/g, f); f()',
  'Array.prototype.map': 'const f = () => [1].map(f); f()',
  'Array.from': 'const f = () => Array.from([1], f); f()',
  'Array.prototype.flat': 'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity)',
  'joined arrays': 'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; String(a)',
  'Set.prototype.forEach': 'const f = () => new Set([1]).forEach(f); f()',
  'Map.groupBy': 'const f = () => Map.groupBy([1], f); f()',
  'Reflect.apply': 'const f = () => Reflect.apply(f, null, []); f()',
  'Reflect.construct': 'class A { constructor() { Reflect.construct(A, []) } } new A()',
  'conversion to a primitive': 'const o = { [Symbol.toPrimitive]: () => `${o}` }; `${o}`',
  valueOf: 'const o = { valueOf: () => o + 1 }; o + 1',
  iterators: 'const o = { [Symbol.iterator]: () => [...o] }; [...o]',
  instanceof: 'const o = { [Symbol.hasInstance]: () => ({}) instanceof o }; ({}) instanceof o',
  'tagged templates': 'function f() { f`` } f()',
  disposal: 'const f = () => { using x = { [Symbol.dispose]() { f() } } }; f()',
  'a pattern of groups': 'new RegExp("(?:".repeat(1e5) + ")".repeat(1e5))',
  'a pattern of classes': 'new RegExp("[".repeat(1e5) + "]".repeat(1e5), "v")',
  'a pattern with an own exec':
    'class R extends RegExp { exec(s) { return RegExp.prototype[Symbol.replace].call(this, s, "") } } new R("a")[Symbol.replace]("a", "b")',
  'an encoder':
    'const o = { toString: () => new TextEncoder().encode(o) }; new TextEncoder().encode(o)',
  structuredClone: 'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; structuredClone(a)',
}

const nested = (open: string, middle: string, close: string): string =>
  open.repeat(1e5) + middle + close.repeat(1e5)

/** Texts that nest until the parser gives way. */
export const DEEP_TEXTS: Readonly<Record<string, string>> = {
  parentheses: nested('(', '1', ')'),
  arrays: nested('[', '', ']'),
  objects: `(${nested('{a:', '1', '}')})`,
  blocks: nested('{', '', '}'),
  functions: nested('()=>', '1', ''),
  operators: nested('!', '1', ''),
  powers: nested('2**', '2', ''),
  conditions: nested('1?', '1', ':1'),
  templates: nested('`${', '1', '}`'),
  statements: nested('if(1)', ';', ''),
  assignments: nested('a=', '1', ''),
  constructors: nested('new ', 'Object', ''),
  classes: nested('class A{static{', '', '}}'),
}
