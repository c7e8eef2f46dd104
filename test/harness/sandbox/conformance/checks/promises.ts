import type { Checks } from '../check.ts'

/** Promises, microtasks and errors. */
export const promises: Checks = {
  'then, catch, finally': [
    'return [await Promise.resolve(1).then((x) => x + 1), await Promise.reject(1).catch((x) => x + 2), await Promise.resolve(4).finally(() => 9), await Promise.reject(5).finally(() => 9).catch((x) => x)]',
    [2, 3, 4, 5],
  ],
  'an error in a reaction rejects':
    'return (await rejects(() => Promise.resolve().then(() => { throw new RangeError() }))) === "RangeError"',
  'what is no function is passed by':
    'return (await Promise.resolve(1).then(2, 3)) === 1 && (await Promise.reject(1).then(2).catch((x) => x)) === 1',
  'a promise settles once':
    'return (await new Promise((a, b) => { a(1); b(2); a(3); throw 4 })) === 1',
  'resolving with itself is a TypeError':
    'let r; const p = new Promise((a) => { r = a }); r(p); return (await rejects(() => p)) === "TypeError"',
  'Promise.all': [
    'return [await Promise.all([1, Promise.resolve(2), { then: (r) => r(3) }]), await Promise.all([]), await Promise.all([Promise.reject(new RangeError("x"))]).catch((e) => e.message)]',
    [[1, 2, 3], [], 'x'],
  ],
  'Promise.allSettled': [
    'return Promise.allSettled([1, Promise.reject(2)])',
    [
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: 2 },
    ],
  ],
  'Promise.any': [
    'return [await Promise.any([Promise.reject(1), 2]), await Promise.any([Promise.reject(1)]).catch((e) => [e.name, e.errors, e instanceof AggregateError])]',
    [2, ['AggregateError', [1], true]],
  ],
  'Promise.race': [
    'return [await Promise.race([new Promise(() => {}), 2]), await Promise.race([Promise.reject(1), 2]).catch((x) => -x)]',
    [2, -1],
  ],
  'Promise.try': [
    'return [await Promise.try((x) => x * 2, 4), await rejects(() => Promise.try(() => { throw new TypeError() })), await Promise.try(async () => 3)]',
    [8, 'TypeError', 3],
  ],
  'Promise.withResolvers':
    'const { promise, resolve, reject } = Promise.withResolvers(); resolve(5); reject(6); return (await promise) === 5',
  'Promise itself': [
    'return [Promise.length, Promise.name, throws(() => Promise(() => 1)), throws(() => new Promise()), throws(() => Promise.resolve.call(1)), Object.prototype.toString.call(Promise.resolve()), flags(Promise, Symbol.species)]',
    [1, 'Promise', 'TypeError', 'TypeError', 'TypeError', '[object Promise]', 'g-c'],
  ],
  'promise functions are methods':
    'return all(method(Promise, "all", 1), method(Promise, "any", 1), method(Promise, "withResolvers", 0), method(Promise, "try", 1), method(Promise.prototype, "then", 2), method(Promise.prototype, "finally", 1))',
  'Promise.resolve gives a promise back as it is':
    'const p = Promise.resolve(); const r = Promise.reject(p); r.catch(() => 1); return Promise.resolve(p) === p && r !== p',
  'reactions keep their order': [
    'const o = []; const p = Promise.resolve(); p.then(() => o.push(1)); p.then(() => o.push(2)); p.then(() => o.push(3)).then(() => o.push(5)); p.then(() => o.push(4)); await p; await 0; await 0; await 0; return o',
    [1, 2, 3, 4, 5],
  ],
  'a thenable takes a turn more': [
    'const o = []; Promise.resolve({ then: (r) => r() }).then(() => o.push("t")); Promise.resolve().then(() => o.push("a")).then(() => o.push("b")); for (let i = 0; i < 5; i++) await 0; return o',
    ['a', 't', 'b'],
  ],
  'many promises':
    'const n = await Promise.all(Array.from({ length: 2000 }, async (_, i) => { await null; return i })); return n.length === 2000 && n[1999] === 1999',
  'error with a cause': [
    'const e = new Error("m", { cause: { a: 1 } }); return [e.cause, flags(e, "cause"), "cause" in new Error("m"), Object.hasOwn(new Error("m", { cause: undefined }), "cause")]',
    [{ a: 1 }, 'w-c', false, true],
  ],
  AggregateError: [
    'const e = new AggregateError([1, 2], "m", { cause: 3 }); return [e.errors, e.message, e.cause, e.name, flags(e, "errors"), AggregateError.length]',
    [[1, 2], 'm', 3, 'AggregateError', 'w-c', 2],
  ],
  'errors and their text': [
    'class Own extends TypeError {} return [String(new Error()), String(new RangeError("m")), new Own().name, String({ __proto__: Error.prototype, name: "", message: "m" }), Error("m") instanceof Error, Error.prototype.message]',
    ['Error', 'RangeError: m', 'TypeError', 'm', true, ''],
  ],
  'properties of errors': [
    'const e = new Error("m"); return [flags(e, "message"), Object.keys(e), flags(Error.prototype, "name"), Object.getPrototypeOf(TypeError) === Error, TypeError.length, Error.length, "message" in Object.getOwnPropertyDescriptors(new Error())]',
    ['w-c', [], 'w-c', true, 1, 1, false],
  ],
  'Error.isError':
    'return Error.isError(new TypeError()) && !Error.isError({ __proto__: Error.prototype })',
  'a stack names the function':
    'function findMe() { return new Error("m").stack } return typeof findMe() === "string" && findMe().includes("findMe")',
  'errors of the engine': [
    'return [() => null.x, () => undefined(), () => nowhere, () => { const c = 1; c = 2 }, () => new Array(-1), () => "x".repeat(-1), () => decodeURI("%"), () => (1).toFixed(200), () => Symbol() + "", () => [].reduce(() => 1), () => new (class { #x; static r(o) { return o.#x } }).constructor.r({})].map(throws)',
    [
      'TypeError',
      'TypeError',
      'ReferenceError',
      'TypeError',
      'RangeError',
      'RangeError',
      'URIError',
      'RangeError',
      'TypeError',
      'TypeError',
      'TypeError',
    ],
  ],
  'FinalizationRegistry itself': [
    'const F = FinalizationRegistry; return [typeof F, F.name, F.length, flags(F, "prototype"), flags(globalThis, "FinalizationRegistry"), F.prototype.constructor === F, flags(F.prototype, "constructor"), flags(F.prototype, Symbol.toStringTag), F.prototype[Symbol.toStringTag], Object.getPrototypeOf(F) === Function.prototype, isConstructor(F), Reflect.ownKeys(F).sort(), isNative(F)]',
    [
      'function',
      'FinalizationRegistry',
      1,
      '---',
      'w-c',
      true,
      'w-c',
      '--c',
      'FinalizationRegistry',
      true,
      true,
      ['length', 'name', 'prototype'],
      true,
    ],
  ],
  'FinalizationRegistry needs new and a function': [
    'return [throws(() => FinalizationRegistry(() => 1)), throws(() => new FinalizationRegistry()), throws(() => new FinalizationRegistry({})), throws(() => FinalizationRegistry.call(new FinalizationRegistry(() => 1), () => 1))]',
    ['TypeError', 'TypeError', 'TypeError', 'TypeError'],
  ],
  'FinalizationRegistry gives an instance':
    'const r = new FinalizationRegistry(() => 1); return r instanceof FinalizationRegistry && Object.getPrototypeOf(r) === FinalizationRegistry.prototype && Object.isExtensible(r) && Reflect.ownKeys(r).length === 0',
  'FinalizationRegistry takes its prototype from new.target':
    'class F extends FinalizationRegistry { own() { return 1 } } const f = new F(() => 1); const other = Reflect.construct(FinalizationRegistry, [() => 1], Object); function N() {} N.prototype = null; return f.own() === 1 && f instanceof FinalizationRegistry && Object.getPrototypeOf(other) === Object.prototype && Object.getPrototypeOf(Reflect.construct(FinalizationRegistry, [() => 1], N)) === FinalizationRegistry.prototype',
  'FinalizationRegistry passes on what a prototype getter throws':
    'const N = Object.defineProperty(function () {}.bind(), "prototype", { get() { throw new RangeError() } }); return throws(() => Reflect.construct(FinalizationRegistry, [() => 1], N)) === "RangeError"',
  'FinalizationRegistry register': [
    'const r = new FinalizationRegistry(() => 1); const t = {}; return [r.register(t, 1) === undefined, r.register(t, undefined, t) === undefined, r.register(Symbol(), 1) === undefined, throws(() => r.register(1)), throws(() => r.register(t, t)), throws(() => r.register(t, 1, 1)), throws(() => r.register(Symbol.for("x"))), throws(() => FinalizationRegistry.prototype.register.call({}, t))]',
    [true, true, true, 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError'],
  ],
  'FinalizationRegistry unregister': [
    'const r = new FinalizationRegistry(() => 1); const t = {}, k = {}; r.register(t, 1, k); return [r.unregister(k), r.unregister(k), r.unregister({}), throws(() => r.unregister()), throws(() => FinalizationRegistry.prototype.unregister.call({}, k))]',
    [true, false, false, 'TypeError', 'TypeError'],
  ],
  'FinalizationRegistry methods are methods':
    'return all(method(FinalizationRegistry.prototype, "register", 2), method(FinalizationRegistry.prototype, "unregister", 1))',
}
