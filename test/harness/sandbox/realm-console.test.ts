import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { Script } from 'node:vm'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type EngineUnderTest,
  engines,
  type Outcome,
  runScript,
} from './conformance/run-in-engine.ts'

let both: readonly EngineUnderTest[] = []
beforeAll(async () => {
  both = await engines()
})

async function run(name: string, body: string, maxConsoleBytes?: number): Promise<Outcome> {
  const engine = both.find((candidate) => candidate.name === name) as EngineUnderTest
  const options = maxConsoleBytes === undefined ? {} : { maxConsoleBytes }
  return runScript(engine, `(async function () { ${body}\n})`, options)
}

/** What Node's own console writes. */
function inNode(body: string): string {
  let written = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk)
      done()
    },
  })
  const console = new Console({ stdout: stream, stderr: stream })
  const call = new Script(`(function (console) { ${body}\n})`).runInThisContext() as (
    console: Console,
  ) => void
  call(console)
  return written
}

const likeNode: Readonly<Record<string, string>> = {
  'plain values': `console.log('a', 1, -0, 12n, true, null, undefined, Symbol('s'), NaN)`,
  'objects and arrays': `console.log({ a: 1, 'b-c': [1, 'x', { d: null }] }, [], {}, [[[]]], [undefined, null])`,
  strings: `console.log(["it's", 'say "x"', 'a\\nb', 'both \\' "', 'c:\\\\d "e"', '\\\\"'], "it's")`,
  functions: `console.log(class A {}, function f() {}, () => 1, async () => 1, function* g() {}, async function* h() {})`,
  collections: `console.log(new Map([['k', { a: 1 }]]), new Set([1, 'b']), new Map(), new WeakMap() instanceof WeakMap)`,
  'dates and patterns': `console.log(new Date(0), new Date(NaN), /a\\/b/gi)`,
  'typed arrays': `console.log(new Uint8Array(3), new Float64Array([1.5]), new Uint8Array())`,
  'classes of one’s own': `console.log(new (class Foo { x = 1 })(), new (class extends Map {})(), new (class Bar extends Array {})(2).length)`,
  'null prototypes': `console.log(Object.create(null), Object.assign(Object.create(null), { a: 1 }))`,
  accessors: `console.log({ get a() { throw 1 }, set b(x) {}, get c() { return 1 }, set c(x) {} })`,
  boxes: `console.log(new Number(3), Object(1n), new Boolean(false))`,
  'extra keys of a list': `console.log(Object.assign([1, 2], { x: 1 }))`,
  holes: `console.log([, 1])`,
  templates: `console.log('%s %d %i %f %j %O %c| %% %x', 's', '4.5', 4.7, '1.50', { a: 1 }, { b: 2 }, 'css', 'rest')`,
  'templates and odd values': `console.log('%s %s %s %d %d %i', null, 12n, { a: 1 }, 1n, Symbol('x'), '0x1f')`,
  'a template with too few values': `console.log('%s %s', 'one'); console.log('100%', 'x'); console.log('%'); console.log('%%'); console.log('a%', 'b')`,
  'no template': `console.log(5, '%s', 'x')`,
  groups: `console.group('G'); console.log('a\\nb'); console.group(); console.warn('x'); console.groupEnd(); console.groupCollapsed('H', 1); console.error({ a: 1 }); console.groupEnd(); console.groupEnd(); console.groupEnd(); console.log('out')`,
  asserts: `console.assert(true, 'no'); console.assert(false); console.assert(0, 'a %s', 1, 2); console.assert(null, { a: 1 }, 'x'); console.assert()`,
  counts: `console.count(); console.count('x'); console.count(); console.countReset(); console.count(); console.count(undefined); console.count(5)`,
  'dir and dirxml': `console.dir('s'); console.dir({ a: 1 }); console.dirxml('a', 1)`,
  'a table of rows': `console.table([{ a: 1, b: 'x' }, { a: 2, c: [1, 2] }])`,
  'a table of values': `console.table([1, 'a', null]); console.table({ r: { x: 1 }, s: 5 }); console.table([[1, 2], [3]])`,
  'a table of collections': `console.table(new Map([['k', { a: 1 }]])); console.table(new Set([1, 'b']))`,
  'chosen columns': `console.table([{ a: 1, b: 2 }, { b: 3 }], ['b', 'q'])`,
  'tables that are none': `console.table(5); console.table('x'); console.table([]); console.table(null)`,
  'tables of deep values': `console.table([{ a: { x: 1, y: 2, z: 3 }, b: { x: 1 }, d: { e: { f: 1 } } }])`,
  'empty lines': `console.log(); console.info(''); console.debug(' ')`,
}

describe.each(['quickjs', 'v8'])('the console in %s', (name) => {
  for (const [title, body] of Object.entries(likeNode)) {
    it(`prints as Node does: ${title}`, async () => {
      const { console } = await run(name, body)
      expect(console.map((line) => `${line.text}\n`).join('')).toBe(inNode(body))
    })
  }

  it('gives each line its level', async () => {
    const { console } = await run(
      name,
      `for (const level of ['debug', 'log', 'info', 'warn', 'error', 'trace', 'dir', 'assert', 'table', 'group', 'count']) console[level](0, level)
       console.countReset('nope')`,
    )
    expect(console.map((line) => line.level).join()).toBe(
      'debug,log,info,warn,error,debug,log,error,log,log,log,warn',
    )
  })

  it('measures by the clock of the run', async () => {
    const { console } = await run(
      name,
      `console.time(); console.time('b'); await new Promise((r) => setTimeout(r, 1500))
       console.timeLog('b', 'so far', { n: 1 }); console.timeEnd(); console.timeEnd(); console.time('b'); console.timeEnd('b')`,
    )
    expect(console.map((line) => line.text)).toEqual([
      'b: 1.500s so far { n: 1 }',
      'default: 1.500s',
      "Warning: No such label 'default' for console.timeEnd()",
      "Warning: Label 'b' already exists for console.time()",
      'b: 1.500s',
    ])
  })

  it('is cut where the limit is, and the program goes on', async () => {
    const outcome = await run(
      name,
      `let calls = 0
       const costly = { get toString() { calls++ } }
       for (let i = 0; i < 100_000; i++) console.log('line', i)
       for (let i = 0; i < 1_000; i++) { console.table([{ a: costly }]); console.group('g') }
       return calls`,
      65_536,
    )
    expect(outcome.ending).toEqual({ kind: 'returned', value: 0 })
    expect(outcome.isConsoleCut).toBe(true)
    const bytes = outcome.console.reduce((sum, line) => sum + line.text.length + 1, 0)
    expect(bytes).toBeGreaterThan(65_000)
    expect(bytes).toBeLessThanOrEqual(65_536)
  })

  it('bounds what one value takes to show', async () => {
    const { console, ending } = await run(
      name,
      `const wide = (depth) => depth === 0 ? 'x'.repeat(50) : Array.from({ length: 100 }, () => wide(depth - 1))
       const row = wide(2); console.log([row, row, row]); console.log(new Array(1e6).fill(1)); console.log('x'.repeat(1e6).length, { s: 'x'.repeat(1e6) })
       console.log(Array.from({ length: 1000 }, () => row)); return 1`,
    )
    expect(ending).toEqual({ kind: 'returned', value: 1 })
    for (const { text } of console) expect(text.length).toBeLessThan(25_000)
    expect(console[1]?.text).toMatch(/ 1, \.\.\. 999900 more \]$/)
  })

  it('shows cycles, broken values and what the realm made itself', async () => {
    const { console } = await run(
      name,
      `const o = { a: 1 }; o.self = o; console.log(o)
       console.log(new Proxy({}, { ownKeys() { throw new Error('x') } }))
       console.log(new URL('https://a.test/b?c=d'), new URLSearchParams('a=1&b=x%20y'))
       console.log(Object.assign(new RangeError('m'), { code: 5 }), [new TypeError('n')])`,
    )
    expect(console.map((line) => line.text)).toEqual([
      '{ a: 1, self: [Circular] }',
      '[a value that cannot be shown]',
      'URL { href: "https://a.test/b?c=d" } URLSearchParams { "a" => "1", "b" => "x y" }',
      'RangeError: m [ TypeError: n ]',
    ])
  })
})
