import { beforeAll, describe, expect, it } from 'vitest'
import { describeGuestError } from '../../../harness/sandbox/child/guest-error.ts'
import { type EngineUnderTest, engines, runScript } from './conformance/run-in-engine.ts'

let both: readonly EngineUnderTest[] = []
beforeAll(async () => {
  both = await engines()
})
const named = (name: EngineUnderTest['name']): EngineUnderTest =>
  both.find((engine) => engine.name === name) as EngineUnderTest

async function errorOf(engine: EngineUnderTest, body: string): Promise<unknown> {
  const code = `(async function () {\n  ${body}\n})`
  const { ending } = await runScript(engine, code, { tools: ['echo', 'fail'] })
  return ending.kind === 'threw' ? describeGuestError(ending.error, code) : ending
}

/** What a program did, and what its author is told, whatever the engine calls it. */
const told: Readonly<Record<string, readonly [body: string, message: RegExp, line?: number]>> = {
  'a promise taken for a list': [
    'const rows = tools.echo([]); return rows.map((r) => r)',
    /^rows\.map is not a function; if rows is a promise, did the program forget to await it\?$/,
  ],
  'the promise of a call taken for a list': [
    'return tools.echo([]).filter(Boolean)',
    /\(\.\.\.\)\.filter is not a function; if .*\(\.\.\.\) is a promise, did the program forget to await it\?$/,
  ],
  'a promise walked like a list': [
    'const rows = tools.echo([]); for (const r of rows) return r',
    /is not iterable; if it is a promise, await it first$/,
  ],
  'a property of nothing': [
    'const o = {}; return o.x.y',
    /of undefined.*; if it comes from a promise, await that first$/,
  ],
  'a method that is none': ['const o = {}; return o.nope()', /^o\.nope is not a function$/],
  'a name that is not there': ['return nowhere', /^nowhere is not defined$/],
}

describe.each(['quickjs', 'v8'] as const)('an uncaught error in %s', (name) => {
  for (const [title, [body, message]] of Object.entries(told)) {
    it(`says what helps: ${title}`, async () => {
      expect(await errorOf(named(name), body)).toMatchObject({
        message: expect.stringMatching(message),
        line: 2,
      })
    })
  }

  it('keeps the code of a failed tool, and only of a tool', async () => {
    const engine = named(name)
    expect(await errorOf(engine, 'await tools.fail()')).toMatchObject({
      message: 'No such order',
      toolErrorCode: 'ERR_TOOL_FAILED',
    })
    const own = await errorOf(
      engine,
      "throw Object.assign(new Error('x'), { code: 'ERR_TOOL_FAILED' })",
    )
    expect(own).not.toHaveProperty('toolErrorCode')
  })

  it('is told whatever was thrown', async () => {
    const engine = named(name)
    const endings: Record<string, object> = {
      'throw { a: 1 }': {
        name: 'Error',
        message: 'The program threw a value that is no Error: { a: 1 }',
      },
      'throw undefined': { message: 'The program threw a value that is no Error: undefined' },
      "throw Object.assign(new Error('m'), { name: '' })": { name: 'Error', message: 'm' },
      'throw Object.defineProperty(new Error(), "message", { get() { throw 1 } })': {
        message: 'The program threw a value that cannot be read',
      },
      'throw new Proxy(new Error("m"), { get() { throw 1 } })': { name: 'Error' },
      "throw new Error('x'.repeat(1e5))": { message: 'x'.repeat(4096) },
      "throw Object.defineProperty(new Error('m'), 'stack', { value: 5 })": { message: 'm' },
      "throw Object.assign(new Error('m'), { stack: 'at program.js:99999999999:1' })": {
        message: 'm',
      },
      "setTimeout(() => { throw new RangeError('late') }, 5); await new Promise(() => {})": {
        name: 'RangeError',
        message: 'late',
      },
      "queueMicrotask(() => { throw new RangeError('soon') }); await new Promise(() => {})": {
        name: 'RangeError',
        message: 'soon',
      },
    }
    for (const [body, expected] of Object.entries(endings)) {
      expect([body, await errorOf(engine, body)]).toEqual([body, expect.objectContaining(expected)])
    }
  })

  it('cannot pass for the engine being out of memory', async () => {
    const engine = named(name)
    for (const body of [
      "class InternalError extends Error { name = 'InternalError' } throw new InternalError('out of memory')",
      "throw Object.assign(new Error('out of memory'), { name: 'InternalError' })",
      "Error.prototype.name = 'InternalError'; throw new Error('out of memory')",
    ]) {
      expect(await errorOf(engine, body)).toMatchObject({ name: 'Error', message: 'out of memory' })
    }
  })
})

describe('QuickJS out of memory', () => {
  it('is told under the name of its own', async () => {
    const body = 'const all = []; for (;;) all.push(new ArrayBuffer(1e7))'
    const error = await errorOf(named('quickjs'), body)
    expect(error).toMatchObject({ name: 'InternalError', message: 'out of memory' })
  })

  it('is told as well when the program caught it once', async () => {
    const body =
      'try { new ArrayBuffer(1e9) } catch (e) { return [e.name, e.message, e.constructor === Error] }'
    const { ending } = await runScript(named('quickjs'), `(async () => { ${body} })`)
    expect(ending).toEqual({ kind: 'returned', value: ['InternalError', 'out of memory', true] })
  })
})

describe('a finalizer that throws', () => {
  it('fails the program', async () => {
    const body = `const r = new FinalizationRegistry(() => { throw new RangeError('final') })
      ;(() => { r.register({}, 1) })()
      await new Promise((done) => setTimeout(done, 5)); await 0; return 'not reached'`
    expect(await errorOf(named('quickjs'), body)).toMatchObject({
      message: expect.stringMatching(/final$/),
    })
  })
})
