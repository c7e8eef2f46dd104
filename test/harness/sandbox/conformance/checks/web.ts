import type { Checks } from '../check.ts'

/** What the web platform has and programs expect. Node itself passes every one. */
export const web: Checks = {
  'UTF-8 there and back': [
    'return [[...new TextEncoder().encode("aü€😀")], new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0xc3, 0xbc]))]',
    [[97, 195, 188, 226, 130, 172, 240, 159, 152, 128], 'ü'],
  ],
  'broken UTF-8 is replaced': [
    'return [[0xff], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x41], [0xc0, 0x80], [0xf5, 0x80]].map((b) => new TextDecoder().decode(new Uint8Array(b)))',
    ['\ufffd', '\ufffd', '\ufffd', '\ufffd\ufffd\ufffd', '\ufffdA', '\ufffd\ufffd', '\ufffd\ufffd'],
  ],
  'broken UTF-8 is a TypeError when fatal':
    'return throws(() => new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff]))) === "TypeError"',
  'decoding in pieces': [
    'const d = new TextDecoder(); return [d.decode(new Uint8Array([0xe2, 0x82]), { stream: true }), d.decode(new Uint8Array([0xac]), { stream: true }), d.decode()]',
    ['', '€', ''],
  ],
  'the mark at the start': [
    'const bom = new Uint8Array([0xef, 0xbb, 0xbf, 65]); return [new TextDecoder().decode(bom).length, new TextDecoder("utf-8", { ignoreBOM: true }).decode(bom).length]',
    [1, 2],
  ],
  'labels of encodings': [
    'return ["utf8", " UTF-8\\n", "unicode-1-1-utf-8", "utf-16le", "utf-16", "latin1", "ascii", "iso-8859-1", "windows-1252"].map((l) => new TextDecoder(l).encoding)',
    [
      'utf-8',
      'utf-8',
      'utf-8',
      'utf-16le',
      'utf-16le',
      'windows-1252',
      'windows-1252',
      'windows-1252',
      'windows-1252',
    ],
  ],
  'labels that are none':
    'return throws(() => new TextDecoder("nope")) === "RangeError" && throws(() => new TextDecoder("")) === "RangeError"',
  'UTF-16 and latin1': [
    'return [new TextDecoder("utf-16le").decode(new Uint8Array([0xe4, 0, 0x3d, 0xd8, 0, 0xde])), new TextDecoder("latin1").decode(new Uint8Array([0xe4, 0x80, 0x9f, 0x41]))]',
    ['ä😀', 'ä€ŸA'],
  ],
  'what can be decoded': [
    'const b = new Uint8Array([65, 66, 67]); return [new TextDecoder().decode(b.buffer), new TextDecoder().decode(new DataView(b.buffer, 1)), new TextDecoder().decode(b.subarray(0, 1)), new TextDecoder().decode(undefined), throws(() => new TextDecoder().decode("x")), throws(() => new TextDecoder().decode(null))]',
    ['ABC', 'BC', 'A', '', 'TypeError', 'TypeError'],
  ],
  'what can be encoded': [
    'const e = new TextEncoder(); return [[...e.encode()], [...e.encode(undefined)], [...e.encode(null)], [...e.encode("\\ud800")], e.encode("a") instanceof Uint8Array, throws(() => e.encode(Symbol()))]',
    [[], [], [110, 117, 108, 108], [239, 191, 189], true, 'TypeError'],
  ],
  encodeInto: [
    'const u = new Uint8Array(5); const r = new TextEncoder().encodeInto("aü€", u); return [r, [...u], throws(() => new TextEncoder().encodeInto("a", new Int8Array(1)))]',
    [{ read: 2, written: 3 }, [97, 195, 188, 0, 0], 'TypeError'],
  ],
  'the shape of the encoders': [
    'return [TextEncoder.length, TextDecoder.length, throws(() => TextEncoder()), throws(() => TextDecoder()), String(Object.prototype.toString.call(new TextEncoder())), Object.prototype.toString.call(new TextDecoder()), flags(globalThis, "TextDecoder"), flags(TextDecoder.prototype, "decode"), flags(TextDecoder.prototype, "encoding"), new TextEncoder().encoding]',
    [
      0,
      0,
      'TypeError',
      'TypeError',
      '[object TextEncoder]',
      '[object TextDecoder]',
      'w-c',
      'wec',
      'gec',
      'utf-8',
    ],
  ],
  'methods of the encoders are methods':
    'return all(method(TextEncoder.prototype, "encode", 0, "wec"), method(TextEncoder.prototype, "encodeInto", 2, "wec"), method(TextDecoder.prototype, "decode", 0, "wec"))',
  'encoders check their receiver':
    'return throws(() => TextEncoder.prototype.encode.call({}, "a")) === "TypeError" && throws(() => TextDecoder.prototype.decode.call({})) === "TypeError" && throws(() => TextDecoder.prototype.fatal) === "TypeError"',
  'atob and btoa': [
    'return [btoa("hi"), atob("aGk="), atob(" aG k "), atob("YQ=="), btoa("\\xff"), btoa(""), atob(""), btoa(null), atob("YWI")]',
    ['aGk=', 'hi', 'hi', 'a', '/w==', '', '', 'bnVsbA==', 'ab'],
  ],
  'base64 that is none': [
    'return ["a", "*", "YQ=", "Y===", "YQ==x"].map((s) => throws(() => atob(s))).concat(throws(() => btoa("€")), throws(() => atob()), throws(() => btoa()))',
    [
      'InvalidCharacterError',
      'InvalidCharacterError',
      'InvalidCharacterError',
      'InvalidCharacterError',
      'InvalidCharacterError',
      'InvalidCharacterError',
      'TypeError',
      'TypeError',
    ],
  ],
  'global functions are visible': [
    'return ["atob", "btoa", "setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate", "queueMicrotask", "structuredClone"].filter((k) => flags(globalThis, k) !== "wec")',
    [],
  ],
  'global classes are hidden': [
    'return ["URL", "URLSearchParams", "TextEncoder", "TextDecoder", "DOMException", "Crypto", "Performance", "console"].filter((k) => flags(globalThis, k) !== "w-c")',
    [],
  ],
  DOMException: [
    'const e = new DOMException("m", "AbortError"); return [e.name, e.message, e.code, e instanceof Error, String(e), Object.prototype.toString.call(e), new DOMException().name, DOMException.ABORT_ERR, new DOMException("", "Other").code, typeof e.stack]',
    [
      'AbortError',
      'm',
      20,
      true,
      'AbortError: m',
      '[object DOMException]',
      'Error',
      20,
      0,
      'string',
    ],
  ],
  'a clone is deep and keeps identity': [
    'const o = { d: new Date(5), m: new Map([[1, new Set([2])]]), u: new Uint8Array([1, 2]), r: /x/gi }; o.self = o; o.again = o.d; const c = structuredClone(o); return [c.self === c, c !== o, c.d.getTime(), c.again === c.d, [...c.m.get(1)], [...c.u], String(c.r), c.d instanceof Date]',
    [true, true, 5, true, [2], [1, 2], '/x/gi', true],
  ],
  'a clone of primitives and boxes': [
    'const c = structuredClone([1, "a", null, undefined, true, 10n, new Number(1), new String("ab"), new Boolean(false), Object(1n), -0, NaN]); return [c[0], c[1], c[2], c[3] === undefined, typeof c[5], typeof c[6], c[7].length, c[8].valueOf(), typeof c[9], Object.is(c[10], -0), Number.isNaN(c[11])]',
    [1, 'a', null, true, 'bigint', 'object', 2, false, 'object', true, true],
  ],
  'a clone of errors': [
    'const e = new RangeError("m", { cause: { a: 1 } }); e.extra = 1; const c = structuredClone(e); class Own extends Error { name = "Own" } const o = structuredClone(new Own("x")); return [c instanceof RangeError, c.message, c.cause, c.extra === undefined, c.stack === e.stack, o.name, o.constructor === Error, "message" in Object.getOwnPropertyDescriptors(structuredClone(new Error()))]',
    [true, 'm', { a: 1 }, true, true, 'Error', true, false],
  ],
  'a clone of arrays': [
    'const a = [1, , 3]; a.x = 4; const c = structuredClone(a); return [c.length, 1 in c, c.x, Array.isArray(c)]',
    [3, false, 4, true],
  ],
  'a clone of objects takes own visible values': [
    'class A { x = 1; #y = 2; get z() { return 3 } } const o = Object.defineProperty(new A(), "hidden", { value: 1 }); o[Symbol()] = 1; const c = structuredClone(o); const d = structuredClone({ get g() { return 5 } }); return [Object.keys(c), c.constructor === Object, flags(d, "g"), d.g]',
    [['x'], true, 'wec', 5],
  ],
  'a clone of buffers and views': [
    'const b = new ArrayBuffer(4); const o = structuredClone({ b, a: new Uint16Array(b, 2), v: new DataView(b, 1, 2), f: new Float32Array([1.5]) }); return [o.a.buffer === o.b, o.a.length, o.a.byteOffset, o.v.byteLength, o.f[0], o.b.byteLength]',
    [true, 1, 2, 2, 1.5, 4],
  ],
  'a clone of resizable buffers': [
    'const c = structuredClone(new ArrayBuffer(2, { maxByteLength: 8 })); return [c.byteLength, c.resizable, c.maxByteLength]',
    [2, true, 8],
  ],
  'transferring buffers': [
    'const b = new Uint8Array([1, 2]).buffer; const c = structuredClone({ b }, { transfer: [b] }); return [b.byteLength, b.detached, [...new Uint8Array(c.b)], throws(() => structuredClone(b))]',
    [0, true, [1, 2], 'DataCloneError'],
  ],
  'what cannot be transferred': [
    'const b = new ArrayBuffer(1); return [throws(() => structuredClone(1, { transfer: [{}] })), throws(() => structuredClone(1, { transfer: [b, b] })), throws(() => structuredClone(1, 1)), b.detached]',
    ['DataCloneError', 'DataCloneError', 'TypeError', false],
  ],
  'what cannot be cloned': [
    'return [() => 1, Symbol(), new WeakMap(), new WeakSet(), new WeakRef({}), Promise.resolve(), (function* () {})(), [].values(), { f() {} }, Object(Symbol())].map((v) => throws(() => structuredClone(v)))',
    Array(10).fill('DataCloneError') as string[],
  ],
  'the error of what cannot be cloned':
    'try { structuredClone(() => 1) } catch (e) { return e instanceof DOMException && e.code === 25 }',
  'a clone of a lookalike':
    'return structuredClone({ [Symbol.toStringTag]: "Map" }) instanceof Object && !(structuredClone({ __proto__: Map.prototype }) instanceof Map)',
  'a clone that throws in a getter':
    'return throws(() => structuredClone({ get a() { throw new RangeError() } })) === "RangeError"',
  'a clone needs a value':
    'return throws(() => structuredClone()) === "TypeError" && structuredClone(undefined) === undefined',
  'a clone of a DOMException':
    'const c = structuredClone(new DOMException("m", "AbortError")); return c instanceof DOMException && c.name === "AbortError" && c.message === "m"',
  'timers fire by time, then by order': [
    'const o = []; await new Promise((done) => { setTimeout(() => o.push("c"), 30); setTimeout(() => o.push("a"), 10); setTimeout((x) => o.push(x), 10, "b"); setTimeout(done, 60) }); return o',
    ['a', 'b', 'c'],
  ],
  'microtasks run before timers': [
    'const o = []; setTimeout(() => o.push("t"), 0); queueMicrotask(() => o.push("m")); Promise.resolve().then(() => o.push("p")); o.push("s"); await new Promise((r) => setTimeout(r, 20)); return o',
    ['s', 'm', 'p', 't'],
  ],
  'microtasks run between two timers': [
    'const o = []; setTimeout(() => { o.push(1); queueMicrotask(() => o.push("m")) }, 5); setTimeout(() => o.push(2), 5); await new Promise((r) => setTimeout(r, 30)); return o',
    [1, 'm', 2],
  ],
  'timers set by timers come later': [
    'const o = []; await new Promise((done) => { setTimeout(() => { o.push(1); setTimeout(() => { o.push(3); done() }, 0) }, 0); setTimeout(() => o.push(2), 0) }); return o',
    [1, 2, 3],
  ],
  'cleared timers do not fire': [
    'const o = []; const a = setTimeout(() => o.push("a"), 5); const b = setInterval(() => o.push("b"), 5); const c = setImmediate(() => o.push("c")); clearTimeout(a); clearInterval(b); clearImmediate(c); clearTimeout(undefined); clearTimeout({}); clearTimeout("x"); await new Promise((r) => setTimeout(r, 20)); return o',
    [],
  ],
  'a timer can clear another that is due': [
    'const o = []; let b; setTimeout(() => { o.push("a"); clearTimeout(b) }, 5); b = setTimeout(() => o.push("b"), 5); await new Promise((r) => setTimeout(r, 20)); return o',
    ['a'],
  ],
  'intervals repeat until cleared':
    'let n = 0; await new Promise((done) => { const i = setInterval(() => { if (++n === 3) { clearInterval(i); done() } }, 2) }); await new Promise((r) => setTimeout(r, 20)); return n === 3',
  'an interval may be cleared with clearTimeout':
    'let n = 0; const i = setInterval(() => n++, 1); await new Promise((r) => setTimeout(r, 10)); clearTimeout(i); const seen = n; await new Promise((r) => setTimeout(r, 10)); return seen > 0 && n === seen',
  'setImmediate comes before a long timer': [
    'const o = []; setTimeout(() => o.push("t"), 20); setImmediate((x) => o.push(x), "i"); await new Promise((r) => setTimeout(r, 40)); return o',
    ['i', 't'],
  ],
  'strange delays count as the least': [
    'const o = []; await new Promise((done) => { setTimeout(() => o.push("a"), NaN); setTimeout(() => o.push("b"), -5); setTimeout(() => o.push("c"), 1e12); setTimeout(() => o.push("d"), "1"); setTimeout(done, 30) }); return o',
    ['a', 'b', 'c', 'd'],
  ],
  'timers take functions only':
    'return throws(() => setTimeout("1")) === "TypeError" && throws(() => setInterval()) === "TypeError" && throws(() => setImmediate(null)) === "TypeError" && throws(() => queueMicrotask()) === "TypeError" && throws(() => queueMicrotask({})) === "TypeError"',
  'queueMicrotask keeps the order with promises': [
    'const o = []; queueMicrotask(() => o.push(1)); Promise.resolve().then(() => o.push(2)); queueMicrotask(() => o.push(3)); await 0; await 0; return o',
    [1, 2, 3],
  ],
  'microtasks of microtasks': [
    'const o = []; queueMicrotask(() => { o.push(1); queueMicrotask(() => o.push(3)) }); queueMicrotask(() => o.push(2)); await 0; await 0; await 0; return o',
    [1, 2, 3],
  ],
  'a thousand timers':
    'const o = []; const n = 1000; await new Promise((done) => { for (let i = 0; i < n; i++) setTimeout(() => o.push(i), 1 + ((i * 37) % 50)); setTimeout(done, 120) }); return o.length === n && new Set(o).size === n',
  'random identifiers':
    'const a = crypto.randomUUID(), b = crypto.randomUUID(); return a !== b && /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(a)',
  'random bytes':
    'const a = new Uint32Array(16); return crypto.getRandomValues(a) === a && new Set(a).size > 10 && crypto.getRandomValues(new BigInt64Array(1)).length === 1 && crypto.getRandomValues(new Uint8ClampedArray(2)).length === 2',
  'random bytes of a part of a buffer':
    'const b = new Uint8Array(64); crypto.getRandomValues(b.subarray(16, 48)); return b.subarray(0, 16).every((x) => x === 0) && b.subarray(48).every((x) => x === 0) && b.subarray(16, 48).some((x) => x !== 0)',
  'random bytes are refused': [
    'return [throws(() => crypto.getRandomValues(new Float64Array(1))), throws(() => crypto.getRandomValues(new Uint8Array(65537))), throws(() => crypto.getRandomValues([])), throws(() => crypto.getRandomValues())]',
    ['TypeMismatchError', 'QuotaExceededError', 'TypeMismatchError', 'TypeError'],
  ],
  'the shape of crypto': [
    'return [Object.prototype.toString.call(crypto), crypto instanceof Crypto, throws(() => new Crypto()), Object.keys(crypto), flags(Crypto.prototype, "randomUUID"), Crypto.prototype.getRandomValues.length, throws(() => Crypto.prototype.randomUUID.call({}))]',
    ['[object Crypto]', true, 'TypeError', [], 'wec', 1, 'TypeError'],
  ],
  performance: [
    'const t = performance.now(); return [typeof t, t >= 0, performance.now() >= t, Object.prototype.toString.call(performance), performance instanceof Performance, throws(() => new Performance()), typeof performance.timeOrigin, typeof performance.toJSON(), Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 1000]',
    ['number', true, true, '[object Performance]', true, 'TypeError', 'number', 'object', true],
  ],
  'console has every method': [
    'return ["log", "info", "warn", "error", "debug", "trace", "dir", "dirxml", "table", "assert", "clear", "count", "countReset", "group", "groupCollapsed", "groupEnd", "time", "timeEnd", "timeLog"].filter((k) => typeof console[k] !== "function" || flags(console, k) !== "wec")',
    [],
  ],
  'console methods work on their own':
    'const { log, group, groupEnd, count, assert } = console; return [log(), group(), groupEnd(), count("own"), assert(true)].every((x) => x === undefined)',
}
