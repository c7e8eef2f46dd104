import type { Checks } from '../check.ts'

/** What only this realm has, and what it keeps away. */
export const realm: Checks = {
  'data is fresh and plain': [
    'data.n = 2; return [data, Object.getPrototypeOf(data) === Object.prototype, flags(globalThis, "data")]',
    [{ n: 2 }, true, 'w-c'],
  ],
  'tools answer with JSON values': [
    'const a = await tools.echo({ a: [1, { b: null }] }); return [a, Object.getPrototypeOf(a) === Object.prototype, await tools.echo(), await tools.echo(undefined)]',
    [{ a: [1, { b: null }] }, true, {}, {}],
  ],
  'tools may be passed on': [
    'const { echo: say } = tools; return Promise.all([say, tools["ec" + "ho"]].map((t, i) => t({ i })))',
    [{ i: 0 }, { i: 1 }],
  ],
  'tools are fixed': [
    'return [throws(() => { "use strict"; tools.echo = 1 }), throws(() => { "use strict"; delete tools.echo }), Object.keys(tools), Object.getPrototypeOf(tools), "echo" in tools, "x" in tools, Object.isFrozen(tools.echo), tools.echo.name, isConstructor(tools.echo)]',
    ['TypeError', 'TypeError', ['echo', 'fail'], null, true, false, true, 'echo', false],
  ],
  'undefined properties of an argument vanish': [
    'return tools.echo({ cursor: undefined, n: [undefined, NaN] })',
    { n: [null, null] },
  ],
  'two arguments are refused': [
    'try { await tools.echo(1, 2) } catch (e) { return [e.name, e.code] }',
    ['Error', 'ERR_TOOL_DENIED'],
  ],
  'arguments that are no JSON are refused': [
    'return [await rejects(() => tools.echo(() => 1)), await rejects(() => tools.echo(1n)), await rejects(() => { const o = {}; o.o = o; return tools.echo(o) })]',
    ['Error', 'TypeError', 'TypeError'],
  ],
  'a name that is not granted is told with the closest': [
    'try { await tools.ecko({}) } catch (e) { return [e.code, /"echo"/.test(e.message), /"ecko"/.test(e.message)] }',
    ['ERR_TOOL_DENIED', true, true],
  ],
  'a failing tool rejects with message and code': [
    'try { await tools.fail() } catch (e) { return [e instanceof Error, e.message, e.code, flags(e, "code"), typeof e.stack] }',
    [true, 'No such order', 'ERR_TOOL_FAILED', 'w-c', 'string'],
  ],
  'awaiting tools itself gives tools':
    'return (await tools) === tools && JSON.stringify(tools) === "{}" && tools.then === undefined',
  'many calls at once':
    'const r = await Promise.all(Array.from({ length: 200 }, (_, i) => tools.echo({ i }))); return r.every((x, i) => x.i === i)',
  'console is a namespace': [
    'return [Object.prototype.toString.call(console), Object.getPrototypeOf(Object.getPrototypeOf(console)) === Object.prototype, Reflect.ownKeys(Object.getPrototypeOf(console)), throws(() => new console.log()), flags(globalThis, "console")]',
    ['[object console]', true, [], 'TypeError', 'w-c'],
  ],
  'progress is told':
    'return progress(1) === undefined && progress(0, 10) === undefined && progress(1.5, null, "half") === undefined && progress(2, undefined, undefined) === undefined',
  'progress takes numbers': [
    'return [() => progress(), () => progress("1"), () => progress(NaN), () => progress(Infinity), () => progress(-1), () => progress(1, -1), () => progress(1, "10"), () => progress(1n), () => progress(1, NaN), () => progress(1, 2, Symbol())].map(throws)',
    Array(10).fill('TypeError') as string[],
  ],
  'progress is a method': 'return method(globalThis, "progress", 1)',
  'functions of the realm show no source':
    'return [Math.random, setTimeout, queueMicrotask, structuredClone, atob, URL, URL.parse, URLSearchParams.prototype.append, Object.getOwnPropertyDescriptor(URL.prototype, "href").set, FinalizationRegistry, TextDecoder, TextDecoder.prototype.decode, crypto.randomUUID, console.log, progress, tools.echo, performance.now, Array.prototype.toLocaleString, Number.prototype.toLocaleString, String.prototype.localeCompare, Date.prototype.toLocaleString, Intl.NumberFormat, Intl.NumberFormat.prototype.formatToParts, Function, eval].filter((f) => !isNative(f)).map((f) => f.name).join() === ""',
  'the names of the host are not there': [
    'return ["process", "require", "module", "global", "fetch", "WebAssembly", "Buffer", "Deno", "Bun", "navigator", "localStorage", "XMLHttpRequest", "Worker", "host", "std", "os", "bjson", "print", "InternalError", "gc", "scriptArgs"].filter((n) => n in globalThis)',
    [],
  ],
  'text is not run': [
    'return [() => eval("1"), () => (0, eval)("1"), () => Function("return 1"), () => new Function("return 1"), () => new (async () => 1).constructor("1"), () => (function* () {}).constructor("1"), () => (async function* () {}).constructor("1"), () => Reflect.construct(Function, ["return 1"], class {}), () => (() => 1).constructor("return 1")()].map(throws)',
    Array(9).fill('EvalError') as string[],
  ],
  'strings are no timers':
    'return throws(() => setTimeout("globalThis.ran = 1", 0)) === "TypeError"',
  'the hook for stack traces is out of reach': [
    'let seen = 0; try { Error.prepareStackTrace = () => { seen++; return "mine" } } catch {} const s = new Error("m").stack; return [seen, s !== "mine"]',
    [0, true],
  ],
  'a clean global object': [
    'return Object.keys(globalThis).sort()',
    [
      'atob',
      'btoa',
      'clearImmediate',
      'clearInterval',
      'clearTimeout',
      'crypto',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'setInterval',
      'setTimeout',
      'structuredClone',
    ],
  ],
  'too many timers are refused':
    'let n = 0; try { for (;;) { setTimeout(() => 1, 1e6); n++ } } catch (e) { return e instanceof RangeError && n === 10000 }',
  'cleared timers leave room':
    'for (let i = 0; i < 30000; i++) clearTimeout(setTimeout(() => 1, 1000)); return true',
  'a clone that is too deep is a RangeError':
    'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return throws(() => structuredClone(a)) === "RangeError"',
}
