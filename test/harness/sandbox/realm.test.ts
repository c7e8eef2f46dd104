import { afterAll, describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../harness/json-value.ts'
import { bestSandbox, outcomeOf, runBody } from './run-in-sandbox.ts'

const sandbox = bestSandbox()
afterAll(() => sandbox.close())

// Many checks share a run, because a process per line would test the patience of the reader.
const features: Record<string, Record<string, readonly [string, JsonValue]>> = {
  'the language as models write it': {
    'private members': ['class A { #x = 1; get x() { return this.#x } } return new A().x', 1],
    generators: ['function* g() { yield 1; yield 2 } return [...g()]', [1, 2]],
    'async iteration': [
      'async function* g() { yield 1; yield 2 } const o = []; for await (const x of g()) o.push(x); return o',
      [1, 2],
    ],
    'iterator helpers': [
      'return [1, 2, 3].values().filter((x) => x > 1).map((x) => x * 2).toArray()',
      [4, 6],
    ],
    'set methods': ['return [...new Set([1, 2]).union(new Set([3]))]', [1, 2, 3]],
    grouping: [
      'return Object.groupBy([1, 2, 3], (x) => x % 2 ? "odd" : "even")',
      { odd: [1, 3], even: [2] },
    ],
    'map grouping': ['return Map.groupBy([1, 2, 3], (x) => x % 2).get(1)', [1, 3]],
    'copying array methods': ['return [3, 1].toSorted().with(0, 9)', [9, 3]],
    'promise combinators': [
      'return [await Promise.any([Promise.reject(1), 2]), (await Promise.allSettled([Promise.reject(1)]))[0].status]',
      [2, 'rejected'],
    ],
    labels: [
      'outer: for (const a of [1, 2]) { for (;;) { if (a === 1) continue outer; break outer } } return 1',
      1,
    ],
    'proxies and Reflect': [
      'return new Proxy({}, { get: (t, k) => Reflect.has(t, k) ? 1 : String(k) }).abc',
      'abc',
    ],
    'big integers': ['return String(2n ** 70n)', '1180591620717411303424'],
    'typed arrays and views': [
      'return new DataView(new Uint8Array([0, 1]).buffer).getUint16(0)',
      1,
    ],
    'own names like the host has': [
      'const data = 1, process = 2, module = 3, fetch = 4; return data + process + module + fetch',
      10,
    ],
  },
  'web globals': {
    'URL components': [
      'const u = new URL("/a?x=1&y=2#h", "https://me:pw@example.test:8443"); u.searchParams.append("z", "ü &"); u.pathname = "/b c"; return [u.href, u.host, u.origin, u.searchParams.get("x")]',
      [
        'https://me:pw@example.test:8443/b%20c?x=1&y=2&z=%C3%BC+%26#h',
        'example.test:8443',
        'https://example.test:8443',
        '1',
      ],
    ],
    'a URL that is none': [
      'try { new URL("nope") } catch (e) { return [e.name, e.code, URL.canParse("a:b")] }',
      ['TypeError', 'ERR_INVALID_URL', true],
    ],
    'a URL as JSON': ['return { link: new URL("https://a.test/x") }', { link: 'https://a.test/x' }],
    URLSearchParams: [
      'const p = new URLSearchParams({ b: 2, a: "x y" }); p.append("b", 3); p.sort(); return [p.toString(), p.getAll("b"), p.has("a"), [...p.keys()], p.size]',
      ['a=x+y&b=2&b=3', ['2', '3'], true, ['a', 'b', 'b'], 3],
    ],
    'text encoding': [
      'return [[...new TextEncoder().encode("ü")], new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0xc3, 0xbc]))]',
      [[195, 188], 'ü'],
    ],
    base64: ['return [atob("aGk="), btoa("hi")]', ['hi', 'aGk=']],
    structuredClone: [
      'const o = { d: new Date(5), m: new Map([[1, new Set([2])]]), u: new Uint8Array([1, 2]) }; o.self = o; const c = structuredClone(o); return [c.self === c, c !== o, c.d.getTime(), [...c.m.get(1)], [...c.u], c.d instanceof Date]',
      [true, true, 5, [2], [1, 2], true],
    ],
    'structuredClone refusing': [
      'try { structuredClone({ f() {} }) } catch (e) { return e.name }',
      'DataCloneError',
    ],
    'a clone that would overflow': [
      'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; try { structuredClone(a) } catch (e) { return e.name }',
      'RangeError',
    ],
    timers: [
      'const o = []; setTimeout(() => o.push("b"), 20); setTimeout((x) => o.push(x), 5, "a"); const i = setInterval(() => { o.push("i"); if (o.filter((x) => x === "i").length === 2) clearInterval(i) }, 8); const c = setTimeout(() => o.push("never"), 1); clearTimeout(c); queueMicrotask(() => o.push("m")); while (!o.includes("b") || o.filter((x) => x === "i").length < 2) await new Promise((r) => setTimeout(r, 5)); await new Promise((r) => setTimeout(r, 30)); return [o[0], o.includes("a"), o.includes("b"), o.filter((x) => x === "i").length, o.includes("never")]',
      ['m', true, true, 2, false],
    ],
    'random values': [
      'const a = crypto.getRandomValues(new Uint32Array(4)); return [/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), a.some((x) => x !== 0), Math.random() < 1]',
      [true, true, true],
    ],
    performance: ['const t = performance.now(); return t >= 0 && t < 5000', true],
  },
  'locale data': {
    'number formats': [
      'return [(1234567.891).toLocaleString(), (1234.5).toLocaleString("de-DE", { style: "currency", currency: "EUR" }), 12n.toLocaleString("en"), [1, 2].map(new Intl.NumberFormat("en", { minimumFractionDigits: 1 }).format)]',
      ['1,234,567.891', '1.234,50\u00a0€', '12', ['1.0', '2.0']],
    ],
    'segments of a long text': [
      'const words = [...new Intl.Segmenter("en", { granularity: "word" }).segment("word ".repeat(4000))]; return [words.length, words[1].index, words[0].input.length]',
      [8000, 4, 20000],
    ],
    'dates in UTC': [
      'const d = new Date(0); return [d.toLocaleDateString(), d.toLocaleTimeString("de-DE"), d.toLocaleString("en-GB"), d.getHours(), new Intl.DateTimeFormat().resolvedOptions().timeZone]',
      ['1/1/1970', '00:00:00', '01/01/1970, 00:00:00', 0, 'UTC'],
    ],
    'time zones': [
      'return new Intl.DateTimeFormat("en-US", { timeZone: "Asia/Tokyo", hour: "numeric", weekday: "short" }).formatToParts(new Date(0)).filter((p) => p.type !== "literal").map((p) => p.value)',
      ['Thu', '9', 'AM'],
    ],
    'date ranges': [
      'return new Intl.DateTimeFormat("en-US").formatRange(0, 86400000).replace(/\\s/g, " ")',
      '1/1/1970 – 1/2/1970',
    ],
    'a bad time zone': [
      'try { new Intl.DateTimeFormat("en", { timeZone: "Mars" }) } catch (e) { return e.name }',
      'RangeError',
    ],
    collation: [
      'return [["b", "a", "Ä", "B"].sort((a, b) => a.localeCompare(b)), ["10", "9"].sort(new Intl.Collator("en", { numeric: true }).compare), "a".localeCompare("A", undefined, { sensitivity: "base" })]',
      [['a', 'Ä', 'b', 'B'], ['9', '10'], 0],
    ],
    'plurals, lists, relative time': [
      'return [new Intl.PluralRules("en", { type: "ordinal" }).select(2), new Intl.ListFormat("en").format(new Set(["a", "b", "c"])), new Intl.RelativeTimeFormat("en").format(-1, "day")]',
      ['two', 'a, b, and c', '1 day ago'],
    ],
    'segments and names': [
      'const s = [...new Intl.Segmenter("en", { granularity: "word" }).segment("Hi you")].filter((x) => x.isWordLike).map((x) => x.segment); return [s, new Intl.DisplayNames("en", { type: "region" }).of("DE")]',
      [['Hi', 'you'], 'Germany'],
    ],
    locales: [
      'return [Intl.getCanonicalLocales("EN-us"), Intl.supportedValuesOf("unit").includes("meter"), Intl.NumberFormat.supportedLocalesOf(["de", "xx"]), "I".toLocaleLowerCase("tr")]',
      [['en-US'], true, ['de'], 'ı'],
    ],
  },
  'data and tools': {
    'data is fresh and plain': [
      'data.n = 1; return [data, Object.getPrototypeOf(data) === Object.prototype]',
      [{ n: 1 }, true],
    ],
    'no argument equals an empty one': [
      'return [await tools.echo(), await tools.echo(undefined)]',
      [{}, {}],
    ],
    'undefined properties vanish': [
      'return tools.echo({ cursor: undefined, n: [undefined, NaN] })',
      { n: [null, null] },
    ],
    'tools passed on as values': [
      'const { echo: say } = tools; const all = [say, tools["ec" + "ho"]]; return Promise.all(all.map((t, i) => t({ i })))',
      [{ i: 0 }, { i: 1 }],
    ],
    'tools are fixed': [
      'try { tools.echo = 1 } catch (e) { return [e.name, Object.keys(tools), Object.getPrototypeOf(tools), "echo" in tools, "x" in tools] }',
      ['TypeError', ['echo', 'slow'], null, true, false],
    ],
    'two arguments are refused': [
      'try { await tools.echo(1, 2) } catch (e) { return /one object/.test(e.message) }',
      true,
    ],
    'a name that is not granted': [
      'try { await tools.ecko({}) } catch (e) { return [e.code, /"echo"/.test(e.message)] }',
      ['ERR_TOOL_DENIED', true],
    ],
    'an argument that nests too deeply': [
      'let a = []; for (let i = 0; i < 400; i++) a = [a]; try { await tools.echo(a) } catch (e) { return [e.code, await tools.echo({ still: "here" })] }',
      ['ERR_TOOL_DENIED', { still: 'here' }],
    ],
    'timers run while a tool is slow': [
      'let ticks = 0; const i = setInterval(() => ticks++, 2); await tools.slow(); clearInterval(i); return ticks > 2',
      true,
    ],
  },
  'what stays outside': {
    'host names': [
      'return ["process", "require", "module", "fetch", "WebAssembly", "Buffer", "global", "Deno"].filter((n) => n in globalThis)',
      [],
    ],
    'code from strings': [
      'const o = []; for (const f of [() => eval("1"), () => Function("return 1"), () => new (async () => {}).constructor("1"), () => (function* () {}).constructor("1")]) try { f(); o.push("ran") } catch (e) { o.push(e.name) } return o',
      ['EvalError', 'EvalError', 'EvalError', 'EvalError'],
    ],
    'dynamic import': ['try { await import("node:fs") } catch (e) { return "refused" }', 'refused'],
  },
}

describe('the realm', () => {
  for (const [group, cases] of Object.entries(features)) {
    it(`has ${group}`, async () => {
      const bodies = Object.entries(cases).map(
        ([name, [body]]) => `o[${JSON.stringify(name)}] = await (async () => { ${body} })()`,
      )
      const expected = Object.fromEntries(
        Object.entries(cases).map(([name, [, value]]) => [name, value]),
      )
      const value = await outcomeOf(
        runBody(sandbox, `const o = {}; ${bodies.join(';\n')}; return o`, {
          onToolCall: async ({ name, argument }) => {
            if (name === 'slow') await new Promise((resolve) => setTimeout(resolve, 60))
            return { kind: 'value', value: argument }
          },
        }),
      )
      expect(value).toEqual(expected)
    })
  }

  it('compares plain text exactly as full ICU does', async () => {
    const characters = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
    const words = [
      ...characters,
      ...characters.map((c) => `a${c}B`),
      ...characters.map((c) => `${c}a`),
      'é',
      'Éa',
      'ab',
      'aB',
      'AB',
      'Ab',
    ]
    const body =
      'return data.flatMap((a) => data.map((b) => Math.sign(a.localeCompare(b)))).join("")'
    const expected = words
      .flatMap((a) => words.map((b) => Math.sign(a.localeCompare(b, 'en-US'))))
      .join('')
    expect(await outcomeOf(runBody(sandbox, body, { data: words }))).toBe(expected)
  })

  it('repeats a run exactly with the same clock and seed, and differs with another seed', async () => {
    const body =
      'return [Date.now() - 1.7e12 < 2000, new Date().getFullYear(), Math.random(), Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(8))]]'
    const first = await outcomeOf(runBody(sandbox, body))
    expect(first).toEqual(await outcomeOf(runBody(sandbox, body)))
    expect((first as unknown[]).slice(0, 2)).toEqual([true, 2023])
    const other = await outcomeOf(
      runBody(sandbox, body, { determinism: { seed: 'cd'.repeat(32) } }),
    )
    expect(other).not.toEqual(first)
  })

  it('captures console lines with their levels', async () => {
    const result = await runBody(
      sandbox,
      `console.log('a', 1, { b: [1, { c: null }] }, new Map([['k', 1]])); console.warn('%s is %d', 'x', 2);
       console.error(new TypeError('bad')); console.debug([undefined, () => 1]); console.info(); return 1`,
    )
    expect(result.console).toEqual([
      { level: 'log', text: 'a 1 { b: [ 1, { c: null } ] } Map(1) { "k" => 1 }' },
      { level: 'warn', text: 'x is 2' },
      { level: 'error', text: 'TypeError: bad' },
      { level: 'debug', text: '[ undefined, [Function: anonymous] ]' },
      { level: 'info', text: '' },
    ])
  })
})
