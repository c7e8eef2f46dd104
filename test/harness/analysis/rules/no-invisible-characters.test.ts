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
  },
  allowed: {
    'a joined emoji in a string': `return '👩${JOINER}💻'`,
    'a joined emoji in a comment': `// 👩${JOINER}💻\nreturn 1`,
    'a character without width in a template': `return \`a${ZERO_WIDTH}b\``,
    'a byte order mark in front of the program': '\uFEFFreturn 1',
    'a line separator in a string': "return 'a\u2028b'",
    'a no-break space': 'return\u00A01',
  },
})
