import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type EngineUnderTest, engines, runBody } from './conformance/run-in-engine.ts'

let both: readonly EngineUnderTest[] = []
beforeAll(async () => {
  both = await engines()
})

const SEED = 20_260_101
const sample = <T>(values: fc.Arbitrary<T>, count: number): T[] =>
  fc.sample(values, { numRuns: count, seed: SEED })

const webText = fc.oneof(
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.string({ unit: fc.constantFrom(...'ab:/?#@[]%.&=+;\\ \tü€😀\u{ff0e}0x1-~') }),
  fc
    .tuple(fc.constantFrom('http', 'HTTPS', 'file', 'ws', 'foo', 'data'), fc.string())
    .map(([scheme, rest]) => `${scheme}:${rest}`),
)
const COMPONENTS = [
  ...['href', 'protocol', 'username', 'password', 'host', 'hostname', 'port'],
  ...['pathname', 'search', 'hash'],
] as const

/** A program, and what Node gives for the same data. */
interface Oracle {
  readonly data: readonly unknown[]
  readonly body: string
}
const oracles: Readonly<Record<string, () => Oracle>> = {
  'URLs and bases': () => ({
    data: sample(fc.tuple(webText, fc.option(webText, { nil: undefined })), 300),
    body: `return data.map(([url, base]) => { const u = URL.parse(url, base ?? undefined); return u && [u.href, u.origin, u.host, u.search, u.hash, String(u.searchParams), URL.canParse(url)] })`,
  }),
  'setting a component': () => ({
    data: sample(fc.tuple(webText, fc.constantFrom(...COMPONENTS), webText), 300),
    body: `return data.map(([url, name, value]) => { const u = URL.parse(url) ?? new URL('http://h:1/a?b#c'); const p = u.searchParams; try { u[name] = value } catch (e) { return e.name } return [u.href, [...p]] })`,
  }),
  parameters: () => ({
    data: sample(fc.tuple(webText, webText, webText), 200),
    body: `return data.map(([text, name, value]) => { const p = new URLSearchParams(text); p.append(name, value); const seen = [...p.keys()]; p.set(seen[0], value); p.sort(); p.delete(name, text); return [seen, String(p), p.size, p.has(name), p.getAll(seen[0])] })`,
  }),
  'decoding bytes': () => ({
    data: sample(
      fc.tuple(
        fc.array(
          fc.oneof(
            fc.nat(255),
            fc.constantFrom(
              0xc3,
              0xe2,
              0x82,
              0xac,
              0xf0,
              0x9f,
              0x98,
              0x80,
              0xed,
              0xa0,
              0xef,
              0xbb,
              0xbf,
            ),
          ),
          { maxLength: 40 },
        ),
        fc.nat(40),
        fc.constantFrom('utf-8', 'utf-16le', 'latin1'),
        fc.boolean(),
      ),
      400,
    ),
    body: `return data.map(([list, cut, label, fatal]) => { const bytes = new Uint8Array(list); const d = new TextDecoder(label, { fatal, ignoreBOM: cut % 2 === 0 }); try { return [d.decode(bytes.subarray(0, cut), { stream: true }), d.decode(bytes.subarray(cut)), d.decode(bytes)] } catch (e) { return e.name } })`,
  }),
  'encoding text': () => ({
    data: sample(
      fc.tuple(
        fc.string({
          unit: fc.oneof(
            fc.constantFrom('a', 'ü', '€', '😀', '\ud800', '\udc00'),
            fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
          ),
        }),
        fc.nat(20),
      ),
      200,
    ),
    body: `return data.map(([text, size]) => { const into = new Uint8Array(size); const r = new TextEncoder().encodeInto(text, into); return [[...new TextEncoder().encode(text)], r.read, r.written, [...into]] })`,
  }),
  base64: () => ({
    data: sample(
      fc.oneof(
        fc.base64String(),
        fc.string({ unit: fc.constantFrom(...'aB9+/= \n_-*') }),
        fc.string(),
      ),
      300,
    ),
    body: `return data.map((text) => { const tried = (f) => { try { return f(text) } catch (e) { return e.name } }; return [tried(atob), tried(btoa)] })`,
  }),
  'clones of data': () => ({
    data: sample(fc.jsonValue({ maxDepth: 4 }), 100),
    body: `return data.map((value) => JSON.stringify(structuredClone({ value, again: value, map: new Map([[value, new Set([value])]]) })))`,
  }),
  'numbers by locale': () => ({
    data: sample(
      fc.tuple(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom('en', 'de', 'fr-CH', 'ar-EG', 'hi', 'ja-u-nu-hanidec'),
        fc.record(
          {
            style: fc.constantFrom('decimal', 'percent'),
            maximumFractionDigits: fc.nat(6),
            notation: fc.constantFrom('standard', 'compact', 'scientific'),
            useGrouping: fc.constantFrom(true, false, 'min2', 'always'),
          },
          { requiredKeys: [] },
        ),
      ),
      200,
    ),
    body: `return data.map(([n, locale, options]) => [n.toLocaleString(locale, options), new Intl.NumberFormat(locale, options).formatToParts(n)])`,
  }),
  'dates by locale': () => ({
    data: sample(
      fc.tuple(
        fc.integer({ min: -4e12, max: 4e12 }),
        fc.constantFrom('en', 'de', 'fr', 'ja', 'ar-EG', 'en-GB-u-ca-islamic'),
        fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Tokyo', 'America/St_Johns'),
      ),
      200,
    ),
    body: `return data.map(([ms, locale, timeZone]) => { const d = new Date(ms); return [d.toLocaleString(locale, { timeZone }), d.toLocaleDateString(locale, { timeZone, dateStyle: 'full' }), d.toLocaleTimeString(locale, { timeZone, timeStyle: 'long' }), new Intl.DateTimeFormat(locale, { timeZone, era: 'short' }).format(d)] })`,
  }),
  'dates by chosen parts': () => ({
    data: sample(
      fc.tuple(
        fc.integer({ min: -4e12, max: 4e12 }),
        fc.constantFrom('en', 'de', 'ja'),
        fc
          .record(
            {
              weekday: fc.constantFrom('long', 'short'),
              year: fc.constantFrom('numeric', '2-digit'),
              month: fc.constantFrom('numeric', 'long', 'narrow'),
              day: fc.constantFrom('numeric', '2-digit'),
              hour: fc.constantFrom('numeric', '2-digit'),
              minute: fc.constant('2-digit'),
              fractionalSecondDigits: fc.constantFrom(1, 3),
              dayPeriod: fc.constant('short'),
              era: fc.constant('short'),
              timeZoneName: fc.constantFrom('short', 'longOffset'),
              hour12: fc.boolean(),
              dateStyle: fc.constantFrom('full', 'short'),
              timeStyle: fc.constantFrom('medium', 'bad'),
            },
            { requiredKeys: [] },
          )
          .map((options) => Object.fromEntries(Object.entries(options).slice(0, 3))),
      ),
      300,
    ),
    body: `return data.map(([ms, locale, options]) => ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'].map((m) => { try { return new Date(ms)[m](locale, options) } catch (e) { return e.name } }))`,
  }),
  'text by locale': () => ({
    data: sample(
      fc.tuple(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('en', 'de', 'sv', 'tr', 'lt'),
      ),
      200,
    ),
    body: `return data.map(([a, b, locale]) => [Math.sign(a.localeCompare(b)), Math.sign(a.localeCompare(b, locale)), Math.sign(a.localeCompare(b, locale, { sensitivity: 'base', numeric: true })), a.toLocaleUpperCase(locale), a.toLocaleLowerCase(locale), [...new Intl.Segmenter(locale, { granularity: 'word' }).segment(a)].map((s) => s.segment)])`,
  }),
}

describe.each(['quickjs', 'v8'])('what the platform gives in %s', (name) => {
  for (const [title, make] of Object.entries(oracles)) {
    it(`is what Node gives: ${title}`, async () => {
      const { data, body } = make()
      // The very text of the program, run by Node on the same data.
      const inNode = new Function('data', body) as (data: unknown) => unknown
      const json = JSON.parse(JSON.stringify(data)) as unknown
      const expected = JSON.parse(JSON.stringify(inNode(json))) as unknown
      const engine = both.find((candidate) => candidate.name === name) as EngineUnderTest
      expect(await runBody(engine, body, { data: json })).toEqual(expected)
    })
  }
})
