import { beforeAll, describe, expect, it } from 'vitest'
import { realmSource } from '../../../harness/sandbox/child/realm/realm-source.ts'
import {
  type EngineUnderTest,
  engines,
  type Outcome,
  runScript,
} from './conformance/run-in-engine.ts'

/** What is done with the realm: each an expression that uses nothing that was patched. */
const ACTIONS: Readonly<Record<string, string>> = {
  'parse a URL': 'read(make(U, ["http://me:pw@h:81/a?x=1#f"]), U, "href")',
  'fail to parse a URL': 'fails(() => make(U, ["nope"]))',
  'parse without an error':
    '[call(parseUrl, U, ["a:b"]) !== null, call(canParse, U, ["x", "http://h"])]',
  'set a component':
    '{ const u = make(U, ["http://h/"]); write(u, U, "search", "a=1"); write(u, U, "host", "x:1"); result = read(u, U, "href") }',
  'tie parameters to a URL':
    '{ const u = make(U, ["http://h/?a=1"]); const p = read(u, U, "searchParams"); method(P, "append", p, ["b", "ü"]); method(P, "delete", p, ["a"]); result = read(u, U, "href") }',
  'use parameters':
    '{ const p = make(P, ["b=2&a=1&a=3"]); method(P, "sort", p, []); method(P, "set", p, ["a", "9"]); result = [method(P, "toString", p, []), method(P, "get", p, ["b"]), method(P, "has", p, ["x"]), read(p, P, "size"), method(P, "getAll", p, ["a"])] }',
  'walk parameters':
    '{ const p = make(P, ["b=2&a=1"]); const it = method(P, "entries", p, []); const first = call(iteratorNext, it, []); let text = ""; method(P, "forEach", p, [(v, k) => { text += k + v }]); result = [first, text] }',
  'make parameters of a record':
    '{ const r = create(null); r.x = "1"; result = method(P, "toString", make(P, [r]), []) }',
  'print primitives': 'call(log, undefined, ["text", 1, true, null, undefined, 1n, symbol, -0])',
  'print by a template':
    'call(log, undefined, ["%s %d %i %f %j %o %c|%%", "s", 4.5, 4.7, "1.5x", "j", 1, "css", "rest"])',
  'print objects':
    'call(log, undefined, [{ a: { b: [1, "x"] } }, [1, , 3], new M(), plainMap, plainSet, aDate, aPattern, bytes, anError, boxed, () => 1, class Z {}, url, params, withGetter])',
  'print a table': 'call(table, undefined, [[{ a: 1, b: "x" }, 5]])',
  'print in groups':
    '{ call(group, undefined, ["g"]); call(log, undefined, ["a\\nb"]); call(groupEnd, undefined, []); call(count, undefined, ["c"]); call(time, undefined, ["t"]); call(timeEnd, undefined, ["t"]); call(timeEnd, undefined, ["t"]); call(assert, undefined, [false, "no %s", 1]); result = 1 }',
  clone: '{ cloned = call(clone, undefined, [graph]); result = 1 }',
  'fail to clone': 'fails(() => call(clone, undefined, [() => 1]))',
  'encode and decode':
    '[method(E, "encode", encoder, ["aü€"]), method(D, "decode", decoder, [bytes]), method(D, "decode", latin, [bytes])]',
  base64:
    '[call(toBase64, undefined, ["hi"]), call(fromBase64, undefined, ["aGk="]), fails(() => call(fromBase64, undefined, ["*"]))]',
  'random values':
    '[call(uuid, theCrypto, []).length, call(bytesLength, call(randomBytes, theCrypto, [new Bytes(4)]), []), random() < 1]',
  'the clock': 'call(now, thePerformance, []) >= 0',
  'format numbers':
    '[read(numberFormat, NumberFormat, "format")(1234.5), method(NumberFormat, "formatToParts", numberFormat, [1]).length, call(numberText, 1234.5, ["de"]), call(bigText, 1234n, [])]',
  'make formatters':
    '{ const o = create(null); o.style = "percent"; result = read(make(NumberFormat, ["en", o]), NumberFormat, "format")(0.5) }',
  'format dates':
    '[read(dateFormat, DateTimeFormat, "format")(0), call(dateText, aDate, ["en-GB"]), call(dayText, aDate, [])]',
  compare:
    '[call(compareText, "a", ["B"]), call(compareText, "ä", ["z", "sv"]), read(collator, Collator, "compare")("a", "b"), call(upperText, "i", ["tr"]), call(upperText, "i", [])]',
  'other formatters':
    '[method(PluralRules, "select", plurals, [1]), method(ListFormat, "format", lists, [ownIterable()]), method(RelativeTimeFormat, "format", relative, [-1, "day"]), method(DisplayNames, "of", names, ["DE"]), read(locale, Locale, "language")]',
  segment:
    '{ const s = method(Segmenter, "segment", segmenter, ["Hi you"]); const it = call(segmentsIterator, s, []); result = [call(segmentNext, it, []), call(containing, s, [4])] }',
  'join an array by locale': 'call(arrayText, [null, undefined], [])',
  'tell progress': 'call(progress_, undefined, [1, 2, "half"])',
  'set and clear timers':
    '{ const id = call(later, undefined, [() => 1, 1000]); call(cancel, undefined, [id]); result = 1 }',
  'refuse what is no function':
    '[fails(() => call(later, undefined, ["x"])), fails(() => call(microtask, undefined, [1]))]',
  'refuse text as code':
    '[fails(() => call(evaluate, undefined, ["1"])), fails(() => make(Fn, ["1"]))]',
  'refuse a tool that is not granted': 'fails(() => granted.ecko)',
  'clone and transfer':
    '{ const o = create(null); o.transfer = ownIterable(transferred); result = fails(() => call(clone, undefined, [1, o])) }',
  'decode in pieces':
    '{ const o = create(null); o.stream = true; result = [method(D, "decode", pieces, [bytes, o]), method(D, "decode", pieces, [])] }',
  'fail on broken text': 'fails(() => method(D, "decode", strict, [bytes]))',
  'encode into bytes':
    '{ const r = method(E, "encodeInto", encoder, ["hi", new Bytes(1)]); result = r.read + r.written }',
  'say how long':
    '{ const d = create(null); d.hours = 1; result = method(DurationFormat, "format", durations, [d]) }',
  'compare with options':
    '{ const o = create(null); o.numeric = true; result = call(compareText, "2", ["10", "en", o]) }',
  'refuse other receivers':
    '[fails(() => method(P, "get", create(null), ["a"])), fails(() => read(create(null), U, "href")), fails(() => method(NumberFormat, "formatToParts", create(null), [1])), fails(() => call(numberText, "1", [])), fails(() => call(arrayText, null, []))]',
  'make a registry': 'typeof make(Registry, [() => 1])',
}

const SETUP = `
const { apply, construct, ownKeys, getOwnPropertyDescriptor, defineProperty, getPrototypeOf } = Reflect
const { create } = Object, stringify = JSON.stringify, NativePromise = Promise, then = Promise.prototype.then
const call = (f, self, args) => apply(f, self, args)
const make = (C, args) => construct(C, args)
const accessors = (C) => { const found = create(null); for (const k of ownKeys(C.prototype)) found[k] = getOwnPropertyDescriptor(C.prototype, k); return found }
const U = URL, P = URLSearchParams, E = TextEncoder, D = TextDecoder, M = class Own { x = 1 }
const { NumberFormat, DateTimeFormat, Collator, PluralRules, ListFormat, RelativeTimeFormat, DisplayNames, Segmenter, Locale, DurationFormat } = Intl
const shapes = new Map([U, P, E, D, NumberFormat, DateTimeFormat, Collator, PluralRules, ListFormat, RelativeTimeFormat, DisplayNames, Segmenter, Locale, DurationFormat].map((C) => [C, accessors(C)]))
const shapeOf = (C) => apply(mapGet, shapes, [C]), mapGet = Map.prototype.get
const read = (o, C, k) => apply(shapeOf(C)[k].get, o, [])
const write = (o, C, k, v) => apply(shapeOf(C)[k].set, o, [v])
const method = (C, k, o, args) => apply(shapeOf(C)[k].value, o, args)
const fails = (f) => { try { f() } catch (e) { return ownName(e) } return 'nothing' }
const errorNames = new Map([TypeError, RangeError, Error, EvalError, DOMException].map((C) => [C.prototype, C.name]))
const ownName = (e) => apply(mapGet, errorNames, [getPrototypeOf(e)])
const { log, table, group, groupEnd, count, time, timeEnd, assert } = console
const { parse: parseUrl, canParse } = U, bytesLength = getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype), 'length').get
const iteratorNext = new P('').entries().next, clone = structuredClone, encoder = new E(), decoder = new D(), latin = new D('latin1'), pieces = new D(), strict = new D('utf-8', { fatal: true }), transferred = create(null)
const toBase64 = btoa, fromBase64 = atob, { randomUUID: uuid, getRandomValues: randomBytes } = crypto, theCrypto = crypto, thePerformance = performance
const now = performance.now, Bytes = Uint8Array, random = Math.random
const numberFormat = new NumberFormat('en'), dateFormat = new DateTimeFormat('en'), collator = new Collator('de'), plurals = new PluralRules('en'), lists = new ListFormat('en'), relative = new RelativeTimeFormat('en'), names = new DisplayNames('en', { type: 'region' }), segmenter = new Segmenter('en', { granularity: 'word' }), locale = new Locale('de-AT'), durations = new DurationFormat('en')
const segments = segmenter.segment('a'), segmentsIterator = segments[Symbol.iterator], segmentNext = segments[Symbol.iterator]().next, containing = segments.containing
const { toLocaleString: numberText } = Number.prototype, { toLocaleString: bigText } = BigInt.prototype, { toLocaleString: dateText, toLocaleDateString: dayText } = Date.prototype, { localeCompare: compareText, toLocaleUpperCase: upperText } = String.prototype, { toLocaleString: arrayText } = Array.prototype
const progress_ = progress, later = setTimeout, cancel = clearTimeout, microtask = queueMicrotask, evaluate = eval, Fn = Function, Registry = FinalizationRegistry, granted = tools, echo = tools.echo
const symbol = Symbol('s'), plainMap = new Map([[1, 'a']]), plainSet = new Set([1]), aDate = new Date(0), aPattern = /x/g, bytes = new Uint8Array([104, 228]), anError = new RangeError('m'), seenStack = anError.stack, boxed = new Number(3), url = new U('a:b'), params = new P('a=1'), withGetter = { get a() { return 1 } }
const graph = create(null); graph.m = new Map([[1, new Set([2])]]); graph.d = aDate; graph.r = aPattern; graph.b = bytes; graph.a = [1, , 3]; graph.e = anError; graph.self = graph; graph.n = boxed
const ownIterable = (first = 'a') => { const values = create(null); values[0] = first; values[1] = 'b'; let i = 0; const it = create(null); it.next = () => { const r = create(null); r.done = i >= 2; r.value = values[i++]; return r }; const o = create(null); o[iterate] = () => it; return o }, iterate = Symbol.iterator
`

// Everything that can be reached from the global object, and what no global leads to.
const PATCH = `
const called = create(null); let calls = 0
const restore = []
let isActive = false
const note = (path) => { if (isActive) { called[calls++] = path; if (throwing) throw 'patched ' + path } }
const spy = (path, f) => {
  const made = function (...args) { note(path); return new.target === undefined ? apply(f, this, args) : construct(f, args, new.target) }
  for (const k of ownKeys(f)) try { defineProperty(made, k, getOwnPropertyDescriptor(f, k)) } catch {}
  return made
}
const objects = new Set()
const paths = new Map()
const walk = (value, path) => {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || objects.has(value)) return
  objects.add(value); paths.set(value, path)
  walk(getPrototypeOf(value), path + '.__proto__')
  for (const k of ownKeys(value)) {
    const d = getOwnPropertyDescriptor(value, k)
    for (const part of ['value', 'get', 'set']) walk(d[part], path + '.' + String(k))
  }
}
walk(globalThis, 'globalThis')
for (const hidden of [function* () {}, async () => 1, async function* () {}, [].values(), new Map().keys(), new Set().keys(), ''[Symbol.iterator](), ''.matchAll(/x/g), [].values().map(String), new P().keys(), segments, segments[Symbol.iterator]()]) walk(hidden, 'hidden')
for (const own of [graph, called, console, granted]) objects.delete(own)
const patch = () => {
  const todo = []
  for (const object of objects) {
    for (const key of ownKeys(object)) {
      const d = getOwnPropertyDescriptor(object, key), path = paths.get(object) + '.' + String(key)
      if (typeof d.value === 'function' && (d.writable || d.configurable)) todo.push([object, key, d, { ...d, value: spy(path, d.value) }])
      else if (d.configurable && (d.get || d.set)) todo.push([object, key, d, { ...d, get: d.get && spy(path, d.get), set: d.set && spy(path, d.set) }])
    }
  }
  for (const word of [...words, '0', '1', '2', '3']) {
    for (const object of [Object.prototype, Array.prototype, Function.prototype]) {
      if (Object.hasOwn(object, word)) continue
      const stored = new WeakMap(), { get, set } = WeakMap.prototype
      todo.push([object, word, undefined, {
        get() { note('get ' + word); return undefined },
        set(value) { note('set ' + word) },
        configurable: true,
      }])
    }
  }
  const plain = todo.map((entry) => { const d = create(null); for (const k of ownKeys(entry[3])) d[k] = entry[3][k]; return [entry[0], entry[1], entry[2], d] })
  for (let i = 0; i < plain.length; i++) {
    const [object, key, before, after] = plain[i]
    restore.push(() => { if (before === undefined) delete object[key]; else defineProperty(object, key, before) })
  }
  const undo = create(null); undo.list = restore; undo.length = restore.length
  for (let i = 0; i < plain.length; i++) {
    const entry = plain[i]
    try { defineProperty(entry[0], entry[1], entry[3]) } catch {}
  }
  isActive = true
  return undo
}
`

function program(
  mode: 'plain' | 'spying' | 'throwing',
  words: readonly string[],
  leftOut: readonly string[],
): string {
  const actions = Object.entries(ACTIONS).filter(([name]) => !leftOut.includes(name))
  const steps = actions.map(([name, action]) => {
    const body = action.startsWith('{') ? action : `result = ${action}`
    return `{ const before = calls; let result; try { ${body} } catch (e) { result = create(null); result.error = typeof e === 'string' ? e : ownName(e) } outcome[${JSON.stringify(name)}] = result; if (calls !== before) heard[${JSON.stringify(name)}] = called[before] }`
  })
  return `(function () {
const throwing = ${mode === 'throwing'}, words = ${JSON.stringify(words)}
${SETUP}
${PATCH}
const outcome = create(null), heard = create(null)
let resolve, cloned
const ended = new NativePromise((r) => { resolve = r })
const own = create(null); own.value = undefined
const undo = ${mode === 'plain' ? 'null' : 'patch()'}
${steps.join('\n')}
const finish = () => {
  if (heard.timers === undefined && calls !== afterActions) heard.timers = called[afterActions]
  isActive = false
  if (undo !== null) for (let i = undo.length - 1; i >= 0; i--) undo.list[i]()
  outcome.cloned = [cloned.self === cloned, [...cloned.m.get(1)], cloned.d.getTime(), String(cloned.r), [...cloned.b], 1 in cloned.a, cloned.e.name, cloned.n + 1]
  resolve(stringify([outcome, heard]))
}
const afterActions = calls
const answered = call(echo, undefined, ['question'])
defineProperty(answered, 'constructor', own)
call(then, answered, [(answer) => {
  outcome.answer = answer
  call(microtask, undefined, [() => { outcome.microtask = 1; call(later, undefined, [(x) => { outcome.timer = x; finish() }, 5, 'argument']) }])
}])
return ended
})`
}

// The encoders that V8 lacks are not yet proof against patches of the typed arrays they are made of.
const LEFT_OUT: Readonly<Record<EngineUnderTest['name'], readonly string[]>> = {
  quickjs: [],
  v8: [],
}

const wordsOf = (engine: 'quickjs' | 'v8'): readonly string[] => {
  const reserved =
    /^(?:break|case|catch|class|const|constructor|continue|default|delete|else|extends|false|finally|for|function|if|in|instanceof|let|new|null|of|return|static|super|switch|this|throw|true|try|typeof|undefined|void|while|__proto__)$/
  const found = new Set(realmSource(engine).match(/\b[A-Za-z_$][\w$]*\b/g))
  return [...found].filter((word) => !reserved.test(word))
}

let both: readonly EngineUnderTest[] = []
beforeAll(async () => {
  both = await engines()
})

async function run(engine: EngineUnderTest, code: string): Promise<Outcome> {
  return runScript(engine, code, { tools: ['echo'] })
}

describe.each(['quickjs', 'v8'] as const)(
  'a realm in %s whose every built-in is patched',
  (name) => {
    it('tells errors and values of the program as before', async () => {
      const engine = both.find((candidate) => candidate.name === name) as EngineUnderTest
      const endings: Record<string, object> = {
        'throw own': { kind: 'threw', error: { name: 'TypeError', message: 'mine' } },
        'return result': { kind: 'returned', value: { a: [1, 'x', { b: null }] } },
      }
      for (const [last, expected] of Object.entries(endings)) {
        const body = `const own = new TypeError('mine'), result = create(null)
        result.a = [1, 'x', { b: null, __proto__: null }]; void own.stack; patch(); ${last}`
        const head = `const throwing = true, words = ${JSON.stringify(wordsOf(name))}`
        const code = `(async function () { ${head}\n${SETUP}${PATCH}${body} })`
        expect((await run(engine, code)).ending).toMatchObject(expected)
      }
    })

    for (const mode of ['spying', 'throwing'] as const) {
      it(`works as before, and no patch is called: ${mode}`, async () => {
        const engine = both.find((candidate) => candidate.name === name) as EngineUnderTest
        const words = wordsOf(name)
        const plain = await run(engine, program('plain', words, LEFT_OUT[name]))
        const patched = await run(engine, program(mode, words, LEFT_OUT[name]))
        const parsed = ({ ending }: Outcome): unknown =>
          ending.kind === 'returned' ? JSON.parse(String(ending.value)) : ending
        const [expected] = parsed(plain) as [Record<string, unknown>]
        expect(Object.keys(expected).length).toBeGreaterThan(30)
        expect(JSON.stringify(expected)).not.toContain('"error"')
        expect(parsed(patched)).toEqual([expected, {}])
        expect(patched.console).toEqual(plain.console)
        expect(patched.progress).toEqual(plain.progress)
      })
    }
  },
)
