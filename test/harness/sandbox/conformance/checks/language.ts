import type { Checks } from '../check.ts'

/** Syntax and semantics of the language. */
export const language: Checks = {
  'let has a temporal dead zone': 'return throws(() => { x; let x = 1 }) === "ReferenceError"',
  'const cannot be assigned': 'const x = 1; return throws(() => { x = 2 }) === "TypeError"',
  'each round of a for loop has its own binding': [
    'const f = []; for (let i = 0; i < 3; i++) f.push(() => i); return f.map((g) => g())',
    [0, 1, 2],
  ],
  'var is hoisted': 'const seen = typeof v; var v = 1; return seen === "undefined"',
  'a function in a block is seen after it in sloppy mode':
    'if (true) { function inner() { return 1 } } return inner() === 1',
  'a function in a block stays there in strict mode':
    '"use strict"; { function inner() {} } return typeof inner === "undefined"',
  'this is the global object in sloppy mode':
    'return (function () { return this })() === globalThis',
  'this is undefined in strict mode':
    'return (function () { "use strict"; return this })() === undefined',
  'an undeclared name becomes a global in sloppy mode':
    'undeclared1 = 5; const found = globalThis.undeclared1; delete globalThis.undeclared1; return found === 5',
  'an undeclared name is an error in strict mode':
    '"use strict"; return throws(() => { undeclared2 = 5 }) === "ReferenceError"',
  'with works in sloppy mode': 'with ({ inside: 3 }) { return inside === 3 }',
  'with respects Symbol.unscopables':
    'const values = 1; with ([]) { return typeof values === "number" }',
  'arguments is tied to the parameters in sloppy mode':
    'return (function (a) { arguments[0] = 2; return a })(1) === 2',
  'arguments is apart from the parameters in strict mode':
    'return (function (a) { "use strict"; arguments[0] = 2; return a })(1) === 1',
  'arguments.callee in sloppy mode':
    'return (function () { return typeof arguments.callee })() === "function"',
  'arguments.callee in strict mode':
    'return throws(function () { "use strict"; arguments.callee }) === "TypeError"',
  'octal escapes in sloppy mode': 'return 010 === 8 && "\\101" === "A"',
  'numeric separators': 'return 1_000_000 === 1e6 && 0xff_ff === 65535 && 1_0n === 10n',
  'binary and octal literals': 'return 0b101 === 5 && 0o17 === 15',
  exponentiation: 'let x = 2; x **= 3; return x === 8 && 2 ** -1 === 0.5 && (-2) ** 2 === 4',
  'a delete that fails is false in sloppy mode':
    'return delete Object.freeze({ a: 1 }).a === false',
  'a delete that fails throws in strict mode':
    'return throws(() => { "use strict"; delete Object.freeze({ a: 1 }).a }) === "TypeError"',
  'a comma gives the last value': 'return (1, 2, 3) === 3',
  'void gives undefined': 'return void 0 === undefined',
  'typeof of everything': [
    'return [undefined, null, true, 1, 1n, "", Symbol(), () => 1, class {}, [], /x/].map((v) => typeof v)',
    [
      ...['undefined', 'object', 'boolean', 'number', 'bigint', 'string', 'symbol'],
      ...['function', 'function', 'object', 'object'],
    ],
  ],
  'typeof of a name that is not there': 'return typeof nowhere === "undefined"',
  'loose equality':
    'return null == undefined && !(null == 0) && "1" == 1 && [1] == 1 && NaN != NaN',
  'in and instanceof': 'return "a" in { a: 1 } && [] instanceof Array && !("b" in {})',
  'Symbol.hasInstance decides instanceof':
    'return 2 instanceof { [Symbol.hasInstance]: (n) => n % 2 === 0 }',
  'switch falls through': [
    'const o = []; switch (1) { case 1: o.push(1); case 2: o.push(2); break; default: o.push(3) } return o',
    [1, 2],
  ],
  'switch compares strictly': 'switch ("1") { case 1: return false; default: return true }',
  'default in the middle of a switch': [
    'const o = []; switch (9) { case 1: o.push(1); default: o.push("d"); case 2: o.push(2) } return o',
    ['d', 2],
  ],
  'a labelled continue': [
    'const o = []; outer: for (const a of [1, 2]) { for (const b of [1, 2]) { if (b === 2) continue outer; o.push([a, b]) } } return o',
    [
      [1, 1],
      [2, 1],
    ],
  ],
  'a labelled break out of a block':
    'let n = 0; block: { n++; if (n) break block; n++ } return n === 1',
  'for…in goes through own and inherited names in order': [
    'const o = Object.create({ z: 1 }); o.b = 1; o[2] = 1; o[1] = 1; const k = []; for (const x in o) k.push(x); return k',
    ['1', '2', 'b', 'z'],
  ],
  'for…in over nothing':
    'for (const x in null) return false; for (const x in undefined) return false; return true',
  'for…of closes the iterator on break':
    'let closed = 0; const it = { [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }), return() { closed++; return {} } }) }; for (const x of it) break; return closed === 1',
  'for…of over a string goes by code points': ['return [..."a😀b"]', ['a', '😀', 'b']],
  'finally runs last and may override': [
    'const f = () => { try { return 1 } finally { return 2 } }; const g = () => { for (;;) { try { return 1 } finally { break } } return 3 }; return [f(), g()]',
    [2, 3],
  ],
  'catch without a binding': 'try { throw 1 } catch { return true }',
  'catch with a pattern': 'try { throw { a: 1 } } catch ({ a }) { return a === 1 }',
  'anything can be thrown': 'try { throw undefined } catch (e) { return e === undefined }',
  'default parameters see those before': 'return ((a, b = a + 1) => b)(1) === 2',
  'default parameters have a scope of their own':
    'var x = 1; function f(a = () => x) { var x = 2; return a() } return f() === 1',
  'rest parameters are an array': ['return ((a, ...r) => r)(1, 2, 3)', [2, 3]],
  'length counts up to the first default': [
    'return [((a, b) => 1).length, ((a, b = 1, c) => 1).length, ((...r) => 1).length]',
    [2, 1, 0],
  ],
  'spread in calls and arrays': [
    'return [Math.max(...[1, 5, 3]), ...new Set([1, 1, 2])]',
    [5, 1, 2],
  ],
  'spread of objects takes own properties and calls getters': [
    'return { ...{ get a() { return 1 } }, ...null, ...[5], b: 2 }',
    { 0: 5, a: 1, b: 2 },
  ],
  'spread of a string into an object takes its characters': [
    'return { ..."hi" }',
    { 0: 'h', 1: 'i' },
  ],
  'getters and setters':
    'const o = { v: 1, get x() { return this.v }, set x(n) { this.v = n * 2 } }; o.x = 4; return o.x === 8',
  'computed names': [
    'const k = "b"; return { ["a" + 1]: 1, [k]() { return 2 }, get [k + 2]() { return 3 } }.b2',
    3,
  ],
  '__proto__ in a literal sets the prototype':
    'const p = {}; return Object.getPrototypeOf({ __proto__: p }) === p',
  '__proto__ as a shorthand is a property':
    'const __proto__ = 1; return Object.hasOwn({ __proto__ }, "__proto__")',
  'names of functions come from where they stand': [
    'const a = () => 1; const o = { b() {}, c: function () {}, get d() { return 1 } }; const [e = () => 1] = []; return [a.name, o.b.name, o.c.name, Object.getOwnPropertyDescriptor(o, "d").get.name, e.name, (class Q {}).name, (() => 1).name]',
    ['a', 'b', 'c', 'get d', 'e', 'Q', ''],
  ],
  'arrow functions take this and arguments from outside':
    'return (function () { return (() => this.v + arguments[0])() }).call({ v: 1 }, 2) === 3',
  'arrow functions are no constructors':
    'return !isConstructor(() => 1) && !("prototype" in (() => 1))',
  'methods are no constructors': 'return !isConstructor({ m() {} }.m)',
  'new.target':
    'function F() { return { t: new.target } } return new F().t === F && F().t === undefined',
  'optional chaining stops early':
    'let n = 0; const o = null; const r = o?.a[n++].b(n++); return r === undefined && n === 0',
  'optional calls':
    'const o = { f: () => 1 }; return o.f?.() === 1 && o.g?.() === undefined && o?.["f"]() === 1',
  'delete with optional chaining':
    'const o = { a: { b: 1 } }; return delete o?.a?.b && !("b" in o.a) && delete o.x?.y',
  'nullish coalescing': [
    'return [null ?? 1, undefined ?? 2, 0 ?? 3, "" ?? 4, false ?? 5]',
    [1, 2, 0, '', false],
  ],
  'logical assignment evaluates only what it needs':
    'let n = 0; const o = { get a() { return 1 }, set a(v) { n++ } }; o.a ||= 2; o.a ??= 2; o.a &&= 2; return n === 1',
  'tagged templates get raw and cooked': [
    'const tag = (s, ...v) => [s.length, s[0], s.raw[0], ...v]; return tag`a\\n${1}b${2}`',
    [3, 'a\n', 'a\\n', 1, 2],
  ],
  'a tagged template is the same object each time':
    'const id = (s) => s; const f = () => id`x`; return f() === f() && Object.isFrozen(f()) && f() !== id`x`',
  'an invalid escape in a tagged template':
    'return ((s) => s[0] === undefined && s.raw[0] === "\\\\u")`\\u`',
  'templates nest': 'const n = 2; return `a${n > 1 ? `b${n}` : ""}c` === "ab2c"',
  'a template turns values to strings, not primitives of choice':
    'return `${{ toString: () => "s", valueOf: () => "v" }}` === "s" && throws(() => `${Symbol()}`) === "TypeError"',
  'line separators in strings': 'return "\\u2028".length === 1',
  'unicode escapes in names': 'const \\u0061b = 1; return ab === 1',
  'names beyond ASCII': 'const größe = 1, 変数 = 2; return größe + 変数 === 3',
  'automatic semicolons': [
    'const f = () => {\nreturn\n1 }\nlet a = 1\nlet b = a\n++a\nreturn [f() === undefined, a, b]',
    [true, 2, 1],
  ],
  'an HTML-like comment in a script': 'let x = 1\n<!-- x = 2\n--> x = 3\nreturn x === 1',
  'a hashbang starts a script': { script: '#!/usr/bin/env node\n(async () => true)' },
  'evaluation goes from left to right': [
    'const o = []; const f = (x) => (o.push(x), x); f(1) + f(2) * f(3); ({ [f("k")]: f("v") }); return o',
    [1, 2, 3, 'k', 'v'],
  ],
  'bit operations': [
    'return [5 & 3, 5 | 3, 5 ^ 3, ~5, 1 << 31, -1 >>> 28, -16 >> 2]',
    [1, 7, 6, -6, -2147483648, 15, -4],
  ],
  'increments give the value before or after': [
    'let x = 1; return [x++, ++x, x--, --x]',
    [1, 3, 3, 1],
  ],
  'a debugger statement does nothing': 'debugger; return true',
  'recursion ends in a RangeError': 'const f = () => f() + 1; return throws(f) === "RangeError"',
  'a program goes on after recursion was too deep':
    'const f = () => f() + 1; for (let i = 0; i < 5; i++) throws(f); return [1, 2].map((x) => x * 2).join() === "2,4"',
  'var and function at the top are properties of the global object': {
    script:
      'var atTop = 1; function alsoAtTop() {}\n(async () => globalThis.atTop === 1 && globalThis.alsoAtTop === alsoAtTop && delete globalThis.atTop === false)',
  },
  'let, const and class at the top are not': {
    script:
      'let a1 = 1; const b1 = 2; class C1 {}\n(async () => a1 + b1 === 3 && !("a1" in globalThis) && !("b1" in globalThis) && !("C1" in globalThis))',
  },
  'this at the top is the global object': {
    script: 'var top1 = this;\n(async () => top1 === globalThis)',
  },
  'a program may end in an arrow function': { script: 'const x = 1;\n(async () => x === 1)' },
  'a program may declare the names of the realm': {
    script:
      '(async function () { const data = 1, tools = 2, console = 3, URL = 4, progress = 5; return data + tools + console + URL + progress === 15 })',
  },
  'a program may declare the names of the host': {
    script:
      '(async function () { const process = 1, module = 2, require = 3, global = 4, Buffer = 5, fetch = 6; return process + module + require + global + Buffer + fetch === 21 })',
  },
  'undefined, NaN and Infinity cannot be changed': [
    'return [flags(globalThis, "undefined"), flags(globalThis, "NaN"), flags(globalThis, "Infinity"), flags(globalThis, "globalThis")]',
    ['---', '---', '---', 'w-c'],
  ],
  'the functions of the global object':
    'return all(method(globalThis, "parseInt", 2), method(globalThis, "parseFloat", 1), method(globalThis, "isNaN", 1), method(globalThis, "isFinite", 1), method(globalThis, "decodeURI", 1), method(globalThis, "encodeURIComponent", 1))',
  'escape and unescape':
    'return escape("ü€ a") === "%FC%u20AC%20a" && unescape("%FC%u20AC") === "ü€"',
  'URI functions':
    'return encodeURIComponent("a b&ü/") === "a%20b%26%C3%BC%2F" && encodeURI("a b&ü/") === "a%20b&%C3%BC/" && throws(() => decodeURIComponent("%")) === "URIError" && throws(() => encodeURIComponent("\\ud800")) === "URIError"',
}
