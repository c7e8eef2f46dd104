import { describe, expect, it } from 'vitest'
import { runInV8 } from './run-in-v8.ts'

const endings: Readonly<Record<string, readonly [string, object]>> = {
  'an error with its place': [
    '\nconst a = 1\n  throw new TypeError("bad " + a)',
    { type: 'threw', error: { name: 'TypeError', message: 'bad 1', line: 4, column: 9 } },
  ],
  'an error after a wait': [
    'await tools.echo({})\nawait null\nnull.x',
    { type: 'threw', error: { name: 'TypeError', line: 4 } },
  ],
  'an error in a timer': [
    'setTimeout(() => {\n throw new RangeError("late") }, 1); await new Promise(() => {})',
    { type: 'threw', error: { name: 'RangeError', message: 'late', line: 3 } },
  ],
  'an error in a microtask': [
    'queueMicrotask(() => {\n throw new Error("later") }); await new Promise((r) => setTimeout(r, 50))',
    { type: 'threw', error: { name: 'Error', message: 'later', line: 3 } },
  ],
  'the failure of a tool': [
    'await tools.echo({})',
    { type: 'threw', error: { message: 'No luck', toolErrorCode: 'ERR_TOOL_FAILED' } },
  ],
  'deep recursion': [
    'const f = () => f() + 1; return f()',
    { type: 'threw', error: { name: 'RangeError' } },
  ],
  'a wait for nothing': [
    'await new Promise(() => {})',
    { type: 'threw', error: { name: 'Error' } },
  ],
  'a value that is no JSON': ['return new Map()', { type: 'bad-output' }],
  'too much output': ['return "x".repeat(2000)', { type: 'limit', limit: 'maxOutputBytes' }],
  'a rejection that nobody handles': [
    'Promise.reject(new Error("x")); return await tools.echo.name',
    { type: 'returned' },
  ],
  'a module': [
    'await import("node:fs")',
    {
      type: 'threw',
      error: {
        name: 'ReferenceError',
        message: expect.stringContaining('Modules are not available'),
      },
    },
  ],
}

describe('endings in V8', () => {
  for (const [name, [body, expected]] of Object.entries(endings)) {
    it.concurrent(`reports ${name}`, async () => {
      const onToolCall = (): never => {
        throw new Error('No luck')
      }
      const failing = name === 'the failure of a tool' ? { onToolCall } : {}
      const { ending, stderr } = await runInV8(body, {
        limits: { maxOutputBytes: 1000 },
        ...failing,
      })
      expect(ending).toMatchObject(expected)
      expect(stderr).toBe('')
    })
  }
})

// The words by which the host knows that it was the memory: see where a sandbox process ends.
const bombs: Readonly<Record<string, string>> = {
  'a list without end': 'const list = []; for (;;) list.push({ a: 1 })',
  'a chain without end': 'let o = {}; for (;;) o = { o }',
  'functions without end': 'const list = []; for (;;) list.push(() => list)',
  'a map without end': 'const map = new Map(); for (let i = 0; ; i++) map.set(i, {})',
  'text in pieces': 'const list = []; for (;;) list.push("x".repeat(1e5) + list.length)',
  'a list that is too long for any memory': 'return "a".repeat(5e8).split("").length',
}

const refused: Readonly<Record<string, readonly [string, string]>> = {
  'a buffer': ['new ArrayBuffer(1e15)', 'Array buffer allocation failed'],
  'a typed array': ['new Uint8Array(1e12)', 'Array buffer allocation failed'],
  text: ['"x".repeat(2 ** 30)', 'Invalid string length'],
  'an integer': ['2n ** (2n ** 31n)', 'Maximum BigInt size exceeded'],
  'a list': ['[].length = 2 ** 32', 'Invalid array length'],
}

describe('memory in V8', () => {
  for (const [name, body] of Object.entries(bombs)) {
    it(`ends the process in words that the host knows: ${name}`, async () => {
      const flags = ['--max-old-space-size=48', '--max-semi-space-size=1']
      const { ending, stderr } = await runInV8(body, { flags })
      expect(ending).toBeNull()
      expect(stderr).toMatch(/heap out of memory|Allocation failed|invalid size error/)
    })
  }

  it('refuses what is too large with an error of the program', async () => {
    const tries = Object.values(refused).map(
      ([code]) =>
        `(() => { try { return ${code} } catch (e) { return [e instanceof RangeError, e.message] } })()`,
    )
    const { value } = await runInV8(`return [${tries.join(', ')}]`)
    expect(value).toEqual(Object.values(refused).map(([, message]) => [true, message]))
  })
})
