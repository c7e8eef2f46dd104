import { afterAll, describe, expect, it } from 'vitest'
import type { SandboxEnding, SandboxToolAnswer } from '../../../harness/sandbox/sandbox.ts'
import { bestSandbox, outcomeOf, type ProgramOptions, runBody, runCode } from './run-in-sandbox.ts'

const sandbox = bestSandbox()
afterAll(() => sandbox.close())

const leaves: Record<string, readonly [string, unknown]> = {
  'a class instance': [
    'class P { #h = 1; constructor() { this.x = 1 } get y() { return 2 } } return new P()',
    { x: 1 },
  ],
  'an object without prototype': ['return Object.assign(Object.create(null), { a: 1 })', { a: 1 }],
  toJSON: [
    'return { money: { cents: 5, toJSON() { return `${this.cents} ct` } } }',
    { money: '5 ct' },
  ],
  'undefined properties': [
    'return { a: undefined, b: [undefined], c: null }',
    { b: [null], c: null },
  ],
  'negative zero': ['return [Object.is((-0), -0) ? -0 : 1]', [0]],
  'the same object twice': ['const o = { a: 1 }; return [o, o]', [{ a: 1 }, { a: 1 }]],
  'a property named __proto__': [
    'return Object.keys(JSON.parse(\'{"__proto__": 1, "a": 2}\')).length',
    2,
  ],
  'null, text and truth': [
    'return [null, "ü\\u0000\\ud800", true, 1e21]',
    [null, 'ü\u0000\ud800', true, 1e21],
  ],
  'values when the built-ins are patched': [
    'Array.prototype.toJSON = () => 1; Object.keys = () => ["x"]; JSON.stringify = () => "1"; Map.prototype.has = null; String.prototype.slice = () => ""; Array.isArray = () => false; return { a: { b: "c" } }',
    { a: { b: 'c' } },
  ],
}

const stays: Record<string, readonly [string, RegExp]> = {
  nothing: ['1', /^result: undefined .*forget to return/],
  'a Map': ['return { items: [0, { when: new Map() }] }', /^result\.items\[1\]\.when: a Map /],
  'a Set': ['return new Set()', /^result: a Set /],
  'a Date': ['return { "first day": new Date() }', /^result\["first day"\]: a Date .*convert it/],
  NaN: ['return { average: 0 / 0 }', /^result\.average: NaN /],
  Infinity: ['return [1 / 0]', /^result\[0\]: Infinity /],
  'a BigInt': ['return { n: 1n }', /^result\.n: a BigInt .*String\(\)/],
  'a function': ['return { f() {} }', /^result\.f: a function /],
  'a symbol': ['return [Symbol("x")]', /^result\[0\]: a symbol /],
  'a promise': ['return { later: tools.echo() }', /^result\.later: a Promise .*await/],
  'a cycle': ['const o = {}; o.self = { o }; return o', /^result\.self\.o: a cyclic reference /],
  'a typed array': ['return new Uint8Array(2)', /^result: a Uint8Array /],
  'an Error': ['return { e: new Error("x") }', /^result\.e: an Error /],
  'a RegExp': ['return /x/', /^result: a RegExp /],
  'a generator': ['return (function* () {})()', /^result: a Generator /],
  'a Map in disguise': [
    'return [Object.defineProperty(new Map(), Symbol.toStringTag, { value: "Object" })]',
    /a Map /,
  ],
  'what nests too deeply': [
    'let a = []; for (let i = 0; i < 300; i++) a = [a]; return a',
    /deeper than 256/,
  ],
}

const throwing: Record<string, readonly [string, object]> = {
  'an error with its place': [
    '\nconst a = 1\n  throw new TypeError("bad " + a)',
    { name: 'TypeError', message: 'bad 1', line: 4 },
  ],
  'a missing property with its place': [
    'const o = null; return o.name',
    { name: 'TypeError', line: 2 },
  ],
  'an error class of its own': [
    'class NoOrder extends Error { name = "NoOrder" } throw new NoOrder("x")',
    { name: 'NoOrder' },
  ],
  'no Error at all': [
    'throw { a: 1 }',
    { name: 'Error', message: 'The program threw a value that is no Error: { a: 1 }' },
  ],
  'an endless message': ['throw new Error("e".repeat(1e6))', { message: 'e'.repeat(4096) }],
  'an error that throws when read': [
    'throw Object.defineProperty(new Error("x"), "message", { get() { throw 1 } })',
    { name: 'Error' },
  ],
  'an unknown function, by name': [
    'const rows = {}; return rows.all()',
    { message: 'rows.all is not a function' },
  ],
  'a forgotten await, with a hint': [
    'const t = tools.echo(); return t.map((x) => x)',
    { message: expect.stringContaining('await') },
  ],
  'a timer callback': [
    'await new Promise(() => setTimeout(() => { throw new RangeError("late") }, 1))',
    { name: 'RangeError', message: 'late' },
  ],
  'a throw in a microtask': [
    'queueMicrotask(() => { throw new Error("later") }); await new Promise((r) => setTimeout(r, 50)); return 1',
    { name: 'Error', message: 'later' },
  ],
  'deep recursion': ['const f = () => f() + 1; return f()', { name: 'RangeError' }],
  'deep JSON': ['return JSON.parse("[".repeat(1e5))', { name: 'RangeError' }],
  'a wait for nothing': [
    'await new Promise(() => undefined)',
    { message: expect.stringContaining('nothing is left') },
  ],
  'a stack that lies': [
    'const e = new Error("x"); e.stack = "program.js:0:99999999999999999999"; throw e',
    { message: 'x' },
  ],
}

describe('endings', () => {
  it('lets what JSON can hold leave', async () => {
    const bodies = Object.values(leaves).map(([body]) => `await (async () => { ${body} })()`)
    const values = Object.values(leaves).map(([, value]) => value)
    expect(await outcomeOf(runBody(sandbox, `return [${bodies.join(', ')}]`))).toEqual(values)
  })

  for (const [name, [body, detail]] of Object.entries(stays)) {
    it(`refuses ${name} with its path`, async () => {
      const { ending } = await runBody(sandbox, body)
      expect(ending).toMatchObject({ kind: 'bad-output', detail: expect.stringMatching(detail) })
    })
  }

  for (const [name, [body, error]] of Object.entries(throwing)) {
    it(`reports ${name}`, async () => {
      const { ending } = await runBody(sandbox, body)
      expect(ending).toMatchObject({ kind: 'threw', error })
    })
  }

  it('reports a syntax error with its place', async () => {
    const { ending } = await runCode(sandbox, '(async function () {\n  let a = ;\n})')
    expect(ending).toMatchObject({ kind: 'threw', error: { name: 'SyntaxError', line: 2 } })
  })

  it('says when a program does not end in a function', async () => {
    const { ending } = await runCode(sandbox, '42')
    expect(ending).toMatchObject({ kind: 'threw', error: { name: 'TypeError' } })
  })

  const gate: Record<string, readonly [SandboxToolAnswer, SandboxEnding['kind'], object]> = {
    'an error of the gate': [
      { kind: 'error', message: 'No such table', code: 'ERR_TOOL_FAILED' },
      'threw',
      { error: { name: 'Error', message: 'No such table', toolErrorCode: 'ERR_TOOL_FAILED' } },
    ],
    'a call that waits for a person': [{ kind: 'suspend' }, 'suspended', {}],
    'a run that diverged': [{ kind: 'stop' }, 'stopped', {}],
  }
  for (const [name, [answer, kind, rest]] of Object.entries(gate)) {
    it(`ends with ${name}`, async () => {
      const onToolCall = async () => answer
      const { ending } = await runBody(sandbox, 'return tools.echo({})', { onToolCall })
      expect(ending).toMatchObject({ kind, ...rest })
    })
  }

  it('does not take an ordinary error with a code for one of a tool', async () => {
    const body = 'throw Object.assign(new Error("x"), { code: "ERR_TOOL_DENIED" })'
    const { ending } = await runBody(sandbox, body)
    expect(ending).not.toHaveProperty('error.toolErrorCode')
  })

  it('answers concurrent calls in any order and numbers them by their start', async () => {
    const seen: number[] = []
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
    gates[3]?.resolve()
    const lastFirst: ProgramOptions['onToolCall'] = async ({ seq, argument }) => {
      seen.push(seq)
      await gates[seq + 1]?.promise
      queueMicrotask(() => gates[seq]?.resolve())
      return { kind: 'value', value: argument }
    }
    const body = `const order = []
      const all = await Promise.all([0, 1, 2].map(async (i) => { const r = await tools.echo({ i }); order.push(i); return r.i }))
      return { all, order }`
    const value = await outcomeOf(runBody(sandbox, body, { onToolCall: lastFirst }))
    expect(value).toEqual({ all: [0, 1, 2], order: [2, 1, 0] })
    expect(seen).toEqual([0, 1, 2])
  })

  it('does not wait for calls still in flight at return, and starts none after it', async () => {
    let started = 0
    const onToolCall = async (): Promise<SandboxToolAnswer> => {
      started++
      await new Promise((resolve) => setTimeout(resolve, 200))
      return { kind: 'suspend' }
    }
    const body = `tools.slow().then(() => tools.echo()); Promise.resolve().then(() => {
      for (let i = 0; i < 50; i++) Promise.resolve().then(() => tools.echo({ i })) }); return "done"`
    const atReturn = await outcomeOf(runBody(sandbox, body, { onToolCall }))
    const startedAtReturn = started
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(atReturn).toBe('done')
    expect(started).toBe(startedAtReturn)
  })

  it('measures what a run cost', async () => {
    const body = 'let x = 0; for (let i = 0; i < 2e6; i++) x += i; return "four"'
    const { usage } = await runBody(sandbox, body)
    expect(usage.outputBytes).toBe(6)
    expect(usage.wallMs).toBeGreaterThan(5)
    expect(usage.cpuMs).toBeGreaterThan(5)
    expect(usage.peakMemoryBytes).toBeGreaterThan(20_000_000)
  })
})
