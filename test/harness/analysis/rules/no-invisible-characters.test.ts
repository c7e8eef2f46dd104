import { describe, expect, it } from 'vitest'
import { violations } from '../read-for-test.ts'
import { testRule } from './rule-table.ts'

const ZERO_WIDTH = '\u200B'
const JOINER = '\u200D'

testRule('no-invisible-characters', {
  denied: {
    'a direction override in a comment': '/* \u202E } */ return 1',
    'a direction isolate in a string': "return '\u2066x'",
    'a line separator that ends a comment': 'return //\u2028 5',
    'a paragraph separator between tokens': 'return\u2029 5',
    'a joiner in a name': `const a${JOINER}b = 1\nreturn 1`,
    'a name that is a filler': `const \u3164 = 1\nreturn 1`,
    'a filler in a name': `const user\u115F = 1\nreturn 1`,
    'a variation selector in a name': `const a\uFE0F = 1\nreturn 1`,
    'a tag in a name': `const a\u{E0100} = 1\nreturn 1`,
  },
  allowed: {
    'an emoji with a variation selector in a string': `return '\u2764\uFE0F'`,
    'a joined emoji in a string': `return '👩${JOINER}💻'`,
    'a joined emoji in a comment': `// 👩${JOINER}💻\nreturn 1`,
    'a character without width in a template': `return \`a${ZERO_WIDTH}b\``,
    'a byte order mark in front of the program': '\uFEFFreturn 1',
    'a line separator in a string': "return 'a\u2028b'",
    'a no-break space': 'return\u00A01',
  },
})

describe('a flood of invisible characters', () => {
  it('is reported once per place, up to a number of findings, with lines and columns', () => {
    const findings = violations(`${'// \u202E\n'.repeat(20_000)}return 1`)
    expect(findings.length).toBeLessThanOrEqual(100)
    expect(findings[0]).toMatchObject({ line: 1, column: 4 })
    expect(findings[9]).toMatchObject({ line: 10, column: 4 })
  })
})
