import { describe, expect, it } from 'vitest'
import { checkSource } from '../../../harness/parsing/source-limits.ts'

const refused: Readonly<Record<string, readonly [string, string]>> = {
  'an empty text': ['', 'empty-program'],
  'blanks only': [' \n\t ', 'empty-program'],
  'more bytes than allowed': ['é'.repeat(600), 'program-size'],
  'a NUL character': ['return 1\0', 'no-invisible-characters'],
  'brackets nested too deep': [`return ${'('.repeat(501)}`, 'program-nesting'],
}

const accepted = {
  'brackets beside one another': '[]'.repeat(400),
  'brackets in a string': `return '${'('.repeat(600)}'`,
  'brackets in a comment': `// ${'('.repeat(600)}\nreturn 1`,
  'brackets in a long comment': `/* ${'{'.repeat(600)} */ return 1`,
  'an escaped quote in a string': String.raw`return 'it\'s ((('`,
}

describe('checkSource', () => {
  const cases = Object.entries(refused)

  it.each(cases)('refuses %s', (_name, [source, ruleId]) => {
    expect(checkSource(source, 1_000)?.finding).toMatchObject({ ruleId, severity: 'violation' })
  })

  it.each(Object.entries(accepted))('accepts %s', (_name, source) => {
    expect(checkSource(source, 1_000)).toBeNull()
  })

  it('says where the nesting is', () => {
    const source = `const a = 1\nreturn ${'['.repeat(600)}`
    expect(checkSource(source, 1_000)?.finding).toMatchObject({ line: 2, column: 508 })
  })

  it('says by how much a text is too long, and costs little', () => {
    const started = performance.now()
    expect(checkSource('x'.repeat(5_000_000), 262_144)?.finding.message).toContain('5000000 bytes')
    expect(performance.now() - started).toBeLessThan(200)
  })

  it('refuses 20 000 nested brackets of every kind', () => {
    for (const bracket of ['(', '[', '{', '${']) {
      expect(checkSource(bracket.repeat(20_000), 100_000)?.code).toBe('ERR_SANDBOX_LIMIT')
    }
  })
})
