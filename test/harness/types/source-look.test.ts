import { describe, expect, it } from 'vitest'
import {
  expressionAt,
  isChanged,
  isProbed,
  receiverOf,
} from '../../../harness/types/source-look.ts'

/** The offsets of the text between two bars, and the text without them. */
function marked(text: string): { source: string; start: number; end: number } {
  const [before = '', inside = '', after = ''] = text.split('|')
  return {
    source: before + inside + after,
    start: before.length,
    end: before.length + inside.length,
  }
}

describe('expressionAt', () => {
  const cases: Record<string, [text: string, expression: string]> = {
    'the value behind a name': ['f({ |a|: x.y, b: 2 })', 'x.y'],
    'a value with commas in brackets': ['f({ |a|: g(1, [2, 3]), b: 2 })', 'g(1, [2, 3])'],
    'a value with a bracket in a string': ['f({ |a|: "}" + 1 })', '"}" + 1'],
    'the value behind a quoted name': ['f({ |"a-b"|: 1 })', '1'],
    'a name that is its own value': ['f({ |a|, b: 2 })', 'a'],
    'what is marked itself': ['f(|{ a: 1 }|)', '{ a: 1 }'],
  }
  for (const [name, [text, expression]] of Object.entries(cases)) {
    it(`finds ${name}`, () => {
      const { source, ...span } = marked(text)
      expect(expressionAt(source, span)).toBe(expression)
    })
  }
})

describe('isChanged', () => {
  const changed = [
    'let a = 1; a = 2',
    'let a = 0; a += 1',
    'a++',
    'o.a = 1',
    'function f(a = 1) {}',
  ]
  const same = [
    'const a = 1',
    'let a = 1; a === 2',
    'a => 1',
    'let ab = 1; ab = 2',
    'if (a <= 1) {}',
  ]
  for (const source of changed)
    it(`is true for ${source}`, () => expect(isChanged(source, 'a')).toBe(true))
  for (const source of same)
    it(`is false for ${source}`, () => expect(isChanged(source, 'a')).toBe(false))
})

describe('isProbed', () => {
  const probed = [
    'x.b ?? 1',
    'x.b || []',
    'if (x.b) { y() }',
    'if (!x.b) return 1',
    'x.b?.c',
    `'b' in x`,
    'const { b = 1 } = x',
    'const { b: other = 1 } = x',
    'x.b ? 1 : 2',
    'typeof x.b',
    `Object.hasOwn(x, 'b')`,
    'Array.isArray(x.b)',
    'x.b = 1',
    'x["b"] = 1',
    'Object.assign(x, { b: 1 })',
    'Object.assign(x, { a, b })',
  ]
  const used = ['x.b.map(f)', 'return x.b', 'f(x.b)', 'sum += x.b', 'const { b } = x', 'x.bc ?? 1']
  for (const source of probed)
    it(`is true for ${source}`, () => expect(isProbed(source, 'b')).toBe(true))
  for (const source of used)
    it(`is false for ${source}`, () => expect(isProbed(source, 'b')).toBe(false))
})

describe('receiverOf', () => {
  const cases: Record<string, string | null> = {
    'x.|b|': 'x',
    'x.y.|b|': 'x',
    'x?.|b|': 'x',
    '!x.|b|': 'x',
    'f(1).|b|': null,
    'const { |b| } = x': null,
  }
  for (const [text, receiver] of Object.entries(cases)) {
    it(`tells ${receiver} for ${text}`, () => {
      const { source, start } = marked(text)
      expect(receiverOf(source, start)).toBe(receiver)
    })
  }
})
