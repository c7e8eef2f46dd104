import { describe, expect, it } from 'vitest'
import { regexHazard } from '../../../../harness/analysis/regex/regex-hazard.ts'

const exponential = [
  '(a+)+$',
  String.raw`^(\w+\s?)*$`,
  '((a*)b?)*c',
  '(a|b+){2,}$',
  '(?:x*)*y',
  '(a|a)*b',
  '(?:a{1,3})*b',
  String.raw`^\w+([.-]?\w+)*@x$`,
  String.raw`^(?:[a-z]+|\w+)*$`,
  '(?:(?:a+)b?)+c',
  '(?=(a+)+b)x',
  '(.*)*b',
  '(?<word>[^,]+,?)*;',
  '(?:A|a)*b',
  '(x+x+)+y',
  String.raw`(?:\r\n|\n|\r)+x`,
  '^(([a-z])+.)+[A-Z]([a-z])+$',
]

const linear = [
  String.raw`^\d+$`,
  '[(a+)+]',
  '(a+)?',
  String.raw`\(a+\)+`,
  '(ab)+',
  'a+b*',
  '(a+)+',
  '(a|b)*c',
  String.raw`(\d+,)*\d+$`,
  String.raw`^([a-zA-Z0-9_.-]+)@(([a-zA-Z0-9-]+\.)+)([a-zA-Z]{2,4})$`,
  String.raw`^\s*(?:[-*]\s+)?(.+?)\s*$`,
  '"(?:[^"\\\\]|\\\\.)*"',
  String.raw`(\w+)=("[^"]*"|[^\s]+)(?:\s+|$)`,
  '(?:a{3}b)*c',
  String.raw`(?:\p{L}|\d)+;`,
  String.raw`^(\d{3}-)+\d$`,
  '(a*b)*c',
  '(a|ab)*c',
]

describe('regexHazard', () => {
  it.each(exponential)('finds /%s/ exponential', (pattern) => {
    const flags = pattern.includes('A|a') ? 'i' : ''
    expect(regexHazard(pattern, flags)).toBe('exponential')
  })

  it.each(linear)('finds nothing in /%s/', (pattern) => {
    expect(regexHazard(pattern, pattern.includes('\\p') ? 'u' : '')).toBe(null)
  })

  it('tells letters apart unless the flag says not to', () => {
    expect(regexHazard('(?:A|a)*b', '')).toBe(null)
  })

  // What is found is really so: each further repetition of the text at least doubles the time.
  it.each([
    ['(a+)+$', 'a', '!'],
    [String.raw`^(\w+\s?)*$`, 'a', '!'],
    ['(a|a)*b', 'a', 'c'],
    [String.raw`^\w+([.-]?\w+)*@x$`, 'a', '!'],
  ])('is right about /%s/', (pattern, pump, end) => {
    const expression = new RegExp(pattern)
    const timeOf = (count: number) => {
      const started = performance.now()
      expect(expression.test(pump.repeat(count) + end)).toBe(false)
      return performance.now() - started
    }
    timeOf(10)
    expect(timeOf(24)).toBeGreaterThan(timeOf(16) * 8)
  })

  it('gives up on patterns that are very large', () => {
    expect(regexHazard(`(?:${'a'.repeat(5_000)})*b`, '')).toBe(null)
    expect(regexHazard(`${'('.repeat(2_000)}a${')*'.repeat(2_000)}b`, '')).toBe(null)
  })
})
