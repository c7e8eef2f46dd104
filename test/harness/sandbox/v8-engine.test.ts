import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { runInV8, V8_FLAGS, type V8Options } from './run-in-v8.ts'

// Each check is an expression; all of them share one run. The clock of the run begins at START_MS.
const START_MS = 1_700_000_000_000
// What needs no stack of its own; the V8 of Node 24 turns arrays to JSON by recursion.
const STACKLESS = process.versions.node.startsWith('24.') ? ['bound'] : ['json', 'bound']
const deepThings = [
  ...['calls', 'getters', 'proxies', 'text', 'json', 'sorts', 'replaces', 'constructors'],
  ...['generators', 'spreads', 'bound', 'clones', 'logs', 'tools'],
]
const checks: Readonly<Record<string, Readonly<Record<string, readonly [string, unknown]>>>> = {
  'the clock': {
    'the present is the time of the run': ['return Math.abs(Date.now() - data.start) < 5000', true],
    'a new date is the present': ['return Math.abs(new Date() - data.start) < 5000', true],
    'a plain call gives text': ['return typeof Date() + Date().slice(10, 15)', 'string 2023'],
    'a date of its parts': [
      'return new Date(2024, 0, 31, 12).toISOString()',
      '2024-01-31T12:00:00.000Z',
    ],
    'a date of text': ['return new Date("2024-02-30x").getTime()', Number.NaN],
    'a date of a date': ['return new Date(new Date(5)).getTime()', 5],
    subclasses: [
      'class D extends Date { twice() { return 2 * this.getTime() } } const d = new D(21); return [d.twice(), d instanceof Date, d.constructor === D]',
      [42, true, true],
    ],
    'a subclass without arguments': [
      'class D extends Date {} return Math.abs(new D() - data.start) < 5000',
      true,
    ],
    'another class as the target': [
      'const d = Reflect.construct(Date, [7], Map); return [Object.getPrototypeOf(d) === Map.prototype, Date.prototype.getTime.call(d)]',
      [true, 7],
    ],
    'its shape': [
      'return [Date.name, Date.length, Date.prototype.constructor === Date, Object.keys(Date), Object.getOwnPropertyDescriptor(Date, "prototype").writable, Date.UTC(1970, 0, 2), Date.parse("1970-01-02")]',
      ['Date', 7, true, [], false, 86_400_000, 86_400_000],
    ],
    'the standard clock': ['return performance.now() >= 0 && performance.now() < 5000', true],
    'its origin': ['return Math.abs(performance.timeOrigin - data.start) < 50', true],
    'a formatter without a date': [
      'const f = new Intl.DateTimeFormat(); return [f.format() === f.format(Date.now()), f.format === f.format, f.formatToParts().length, f.format(0)]',
      [true, true, 5, '1/1/1970'],
    ],
    'the zone and the language': [
      'const { timeZone, locale } = Intl.DateTimeFormat().resolvedOptions(); return [timeZone, locale, new Date(0).getTimezoneOffset(), new Date(0).toLocaleString()]',
      ['UTC', 'en-US', 0, '1/1/1970, 12:00:00 AM'],
    ],
  },
  'what the other engine brings along': {
    'text to bytes': [
      'return [...new TextEncoder().encode("aü€😀\\ud800")]',
      [97, 195, 188, 226, 130, 172, 240, 159, 152, 128, 239, 191, 189],
    ],
    'bytes to text': [
      'return new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0xf0, 0x9f, 0x41, 0xff, 0xe2, 0x82]))',
      '\ufffdA\ufffd\ufffd',
    ],
    'bytes in pieces': [
      'const d = new TextDecoder(); return [...new TextEncoder().encode("x😀é")].map((byte) => d.decode(new Uint8Array([byte]), { stream: true })).join("") + d.decode()',
      'x😀é',
    ],
    'UTF-16': [
      'return new TextDecoder("utf-16le").decode(new Uint16Array([0x61, 0xd83d, 0xde00, 0xd800]))',
      'a😀\ufffd',
    ],
    'broken bytes': [
      'try { new TextDecoder("utf8", { fatal: true }).decode(new Uint8Array([0xff])) } catch (e) { return e.name }',
      'TypeError',
    ],
    'much text': [
      'const long = "a€😀".repeat(30_000); return new TextDecoder().decode(new TextEncoder().encode(long)) === long',
      true,
    ],
    base64: [
      'return [btoa("hi\\xff"), atob(" aG n/ "), btoa(""), atob("YQ==")]',
      ['aGn/', 'hi\xff', '', 'a'],
    ],
    'what is no base64': [
      'return ["a", "ab=c", "é", "YQ=", "===="].map((text) => { try { return atob(text) } catch (e) { return e.name } })',
      new Array(5).fill('InvalidCharacterError'),
    ],
    DOMException: [
      'const e = new DOMException("m", "AbortError"); return [e.name, e.message, e.code, e instanceof Error, Object.prototype.toString.call(e), typeof e.stack, DOMException.ABORT_ERR, e.constructor === DOMException]',
      ['AbortError', 'm', 20, true, '[object DOMException]', 'string', 20, true],
    ],
    'a copy': [
      'const o = { d: new Date(5), m: new Map([[1, new Set([2])]]) }; o.self = o; const c = structuredClone(o); return [c.self === c, c.d.getTime(), [...c.m.get(1)]]',
      [true, 5, [2]],
    ],
    URL: [
      'const u = new URL("/a?x=1", "https://example.test:8443"); u.searchParams.append("y", "ü"); return u.href',
      'https://example.test:8443/a?x=1&y=%C3%BC',
    ],
    'locale methods': [
      'return [(1234.5).toLocaleString(), (0.5).toLocaleString("de-DE", { style: "percent" }), ["ä", "z", "a"].sort((a, b) => a.localeCompare(b)), 12n.toLocaleString("de")]',
      ['1,234.5', '50\u00a0%', ['a', 'ä', 'z'], '12'],
    ],
  },
  'stacks without end': {
    'calls, getters, proxies, patterns, sorts': [
      `const deep = {
        calls: () => { const f = () => f() + 1; f() },
        getters: () => { const o = { get a() { return this.a } }; o.a },
        proxies: () => { let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.a },
        text: () => { const o = { toString() { return '' + o } }; '' + o },
        json: () => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a) },
        sorts: () => { const f = () => [2, 1].sort(f); f() },
        replaces: () => { const f = () => 'a'.replace(/a/, f); f() },
        constructors: () => { class A { constructor() { new A() } } new A() },
        generators: () => { function* g() { yield* g() } g().next() },
        spreads: () => { Math.max(...new Array(1e6).fill(0)) },
        bound: () => { let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(); f() },
        clones: () => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; structuredClone(a) },
        logs: () => { const f = () => { console.log('x'); f() }; f() },
        tools: () => { const f = () => { tools.echo({}).catch(() => 1); f() }; f() },
      }
      return Object.entries(deep).map(([name, run]) => {
        try { run(); return 'ended' } catch (e) { return e.constructor === RangeError ? 'RangeError' : name + ': ' + e } })`,
      deepThings.map((name) => (STACKLESS.includes(name) ? 'ended' : 'RangeError')),
    ],
  },
}

describe('the V8 engine', () => {
  for (const [area, table] of Object.entries(checks)) {
    it(`has ${area} as programs expect it`, async () => {
      const parts = Object.values(table).map(
        ([code]) => `(() => { try { ${code} } catch (e) { return String(e) } })()`,
      )
      const body = `const results = [${parts.join(',\n')}]; return results.map((r) => Number.isNaN(r) ? 'NaN' : r)`
      const { value, ending } = await runInV8(body, { data: { start: START_MS } })
      expect(ending).toMatchObject({ type: 'returned' })
      const names = Object.keys(table)
      const got = Object.fromEntries((value as unknown[]).map((item, i) => [names[i], item]))
      const wanted = Object.entries(table).map(([name, [, item]]) => [
        name,
        Number.isNaN(item) ? 'NaN' : item,
      ])
      expect(got).toEqual(Object.fromEntries(wanted))
    })
  }

  it('gives the same run for the same seed and time, another for another', async () => {
    const body = `return [Math.random(), Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(4))],
      Object.keys({ b: 1, a: 2, 1: 3 }), [3, 1, 2].sort(), new Date(2024, 1, 1).toString(), Error.stackTraceLimit]`
    const run = async (seed: string) => (await runInV8(body, { seed })).value as unknown[]
    const first = await run('ab'.repeat(32))
    expect(await run('ab'.repeat(32))).toEqual(first)
    const other = await run('cd'.repeat(32))
    for (let i = 0; i < 4; i++) expect(other[i]).not.toEqual(first[i])
  })

  it('runs tools, timers and microtasks in their order', async () => {
    const order: string[] = []
    const options: V8Options = {
      onToolCall: (name, argument) => {
        order.push(name)
        if (name === 'slow') throw new Error('No luck')
        return argument
      },
    }
    const body = `const log = []
      setTimeout(() => log.push('timer 2'), 20); setTimeout(() => log.push('timer 1'), 5)
      queueMicrotask(() => log.push('microtask'))
      const answers = await Promise.allSettled([tools.echo({ i: 1 }), tools.slow(), tools.echo({ i: 2 })])
      const id = setInterval(() => log.push('tick'), 5); clearInterval(id)
      await new Promise((resolve) => setTimeout(resolve, 40))
      console.log('%s is %o', 'data', data)
      return { log, answers: answers.map(({ value, reason }) => value ?? [reason.message, reason.code]), gone: (() => { try { tools.ehco } catch (e) { return e.message } })() }`
    const { value, console } = await runInV8(body, options)
    expect(order).toEqual(['echo', 'slow', 'echo'])
    expect(value).toEqual({
      log: ['microtask', 'timer 1', 'timer 2'],
      answers: [{ i: 1 }, ['No luck', 'ERR_TOOL_FAILED'], { i: 2 }],
      gone: expect.stringContaining('"echo"'),
    })
    expect(console).toEqual(['data is { n: 7 }'])
  })
})

describe('a process with the V8 engine', () => {
  const module = new URL('../../../harness/sandbox/child/v8-engine.ts', import.meta.url).href
  const runModule = async (code: string, env: Record<string, string>): Promise<string> => {
    const args = [...V8_FLAGS, '--input-type=module', '-e', code]
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 10_000 })
    return stdout
  }

  it('serves one program and no second', async () => {
    const code = `import { writeSync } from 'node:fs'
      import { V8Engine } from ${JSON.stringify(module)}
      const host = { memoryBytes: 1, wallClockMs: () => 0, elapsedMs: () => 0, onTick() {}, call: () => '' }
      const engine = await V8Engine.load()
      await engine.createRealm(host)
      await engine.prepare()
      await engine.createRealm(host).catch((error) => writeSync(1, error.message))`
    expect(await runModule(code, { TZ: 'UTC' })).toContain('serves one program')
  })

  it('has nothing left in the runner that a program could use', async () => {
    const code = `import { writeSync } from 'node:fs'
      import { V8Engine } from ${JSON.stringify(module)}
      const report = []
      const { getPrototypeOf } = Object
      const engine = await V8Engine.load()
      engine.harden()
      engine.harden()
      for (const name of ['fetch', 'setTimeout', 'WebAssembly', 'Function', 'eval', 'Proxy', 'Reflect', 'global', 'crypto']) {
        if (name in globalThis) report.push(name)
      }
      for (const f of [() => 1, async () => 1, function* () {}, async function* () {}, class {}]) {
        if (getPrototypeOf(f).constructor !== undefined) report.push('constructor')
      }
      for (const part of [Object, Array, Error, Promise, Intl, JSON, Math, Buffer]) if (!Object.isFrozen(part)) report.push(part.name)
      for (const part of [Object, Array, Error, RangeError, Map, Buffer, URL, Intl.NumberFormat]) {
        if (!Object.isFrozen(part.prototype)) report.push(part.name + '.prototype')
      }
      for (const key of ['mainModule', 'binding', 'getBuiltinModule', 'env', 'kill']) if (key in process) report.push(key)
      if (!Object.isFrozen(globalThis) || '__proto__' in Object.prototype) report.push('global')
      writeSync(1, JSON.stringify([report, new URL('https://a.test/x').host, Buffer.from('hi').toString('hex')]))`
    expect(JSON.parse(await runModule(code, { TZ: 'UTC' }))).toEqual([[], 'a.test', '6869'])
  })

  it('refuses a zone or a language that is not the same everywhere', async () => {
    const code = `import { V8Engine } from ${JSON.stringify(module)}
      await V8Engine.load().catch((error) => console.log(error.message))`
    expect(await runModule(code, { TZ: 'Europe/Zurich' })).toContain('en-US and UTC')
    expect(await runModule(code, { TZ: 'UTC', LC_ALL: 'de_CH.UTF-8' })).toContain('en-US and UTC')
    expect(await runModule(code, { TZ: 'UTC', LANG: 'en_US.UTF-8' })).toBe('')
  })
})
