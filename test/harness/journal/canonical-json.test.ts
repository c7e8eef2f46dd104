import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callDigest, canonicalJson } from '../../../harness/journal/canonical-json.ts'
import type { JsonValue } from '../../../harness/json-value.ts'

const table: [value: unknown, text: string][] = [
  [{ b: 1, a: [true, null] }, '{"a":[true,null],"b":1}'],
  [{ a: undefined }, '{}'],
  [-0, '0'],
  [1e21, '1e+21'],
  ['\u2028"', '"\u2028\\""'],
  [{ '\u{1f600}': 1, '\ufb33': 2 }, '{"\u{1f600}":1,"\ufb33":2}'],
  [{ 10: 1, 9: 2 }, '{"10":1,"9":2}'],
  [JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
]

describe('canonicalJson', () => {
  for (const [value, text] of table) {
    it(`writes ${text}`, () => expect(canonicalJson(value as JsonValue)).toBe(text))
  }

  it('is one text for equal values, in whatever order they were made', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as JsonValue)
        expect(canonicalJson(reversed(value as JsonValue))).toBe(text)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
  for (const [name, value] of Object.entries({
    'a function': () => 1,
    NaN: Number.NaN,
    'undefined in a list': [undefined],
    'a bigint': 1n,
    '100 000 levels': deep,
  })) {
    it(`refuses ${name}`, () => expect(() => canonicalJson(value as JsonValue)).toThrow(TypeError))
  }
})

describe('callDigest', () => {
  it('tells calls apart by tool and argument and by nothing else', () => {
    const digest = callDigest('sql', { a: 1, b: 2 })
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    expect(callDigest('sql', { b: 2, a: 1 })).toBe(digest)
    expect(callDigest('sql2', { a: 1, b: 2 })).not.toBe(digest)
    expect(callDigest('sql', { a: 1, b: '2' })).not.toBe(digest)
  })
})

function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, part]) => [name, reversed(part)]),
  )
}
