import { describe, expect, it } from 'vitest'
import { explainV8Message } from '../../../harness/sandbox/child/v8-messages.ts'

const hinted: Readonly<Record<string, string>> = {
  'rows.map is not a function': 'if rows is a promise, did the program forget to await it?',
  'a.b.rows.filter is not a function': 'if a.b.rows is a promise',
  'tools.list(...).map is not a function': 'if tools.list(...) is a promise',
  '(intermediate value)(...).join is not a function': 'if that value is a promise',
  "Cannot read properties of undefined (reading 'name')":
    'if it comes from a promise, await that first',
  "Cannot destructure property 'a' of 'answer' as it is undefined.": 'await that first',
  'rows is not iterable': 'if it is a promise, await it first',
  'object is not iterable (cannot read property Symbol(Symbol.iterator))': 'await it first',
  'rows is not async iterable': 'await it first',
  'Spread syntax requires ...iterable[Symbol.iterator] to be a function': 'await it first',
}

const plain = [
  'rows.all is not a function',
  'map is not a function',
  "Cannot read properties of null (reading 'name')",
  'x is not defined',
  'Invalid array length',
  'number 5 is not a function or its return value is not iterable?',
  'The list is not iterable, says the tool',
]

describe('explainV8Message', () => {
  for (const [message, hint] of Object.entries(hinted)) {
    it(`reminds of await: ${message}`, () => {
      expect(explainV8Message(message)).toMatch(message)
      expect(explainV8Message(message)).toContain(hint)
    })
  }

  for (const message of plain) {
    it(`leaves alone: ${message}`, () => expect(explainV8Message(message)).toBe(message))
  }

  it('is quick on a message of any length', () => {
    const started = performance.now()
    explainV8Message(`${'a.'.repeat(1e6)}map is not a function`)
    explainV8Message(`${' '.repeat(1e6)}x`)
    expect(performance.now() - started).toBeLessThan(200)
  })
})
