import { testRule } from './rule-table.ts'

testRule('no-source-map-comment', {
  denied: {
    'a source map': 'return 1\n//# sourceMappingURL=program.js.map',
    'the old form': 'return 1\n//@ sourceMappingURL=program.js.map',
    'the address of the source': '//# sourceURL=https://example.com/x.js\nreturn 1',
    'a block comment': 'return 1 /*# sourceMappingURL=x */',
    'a comment with spaces': 'return 1\n// # sourceMappingURL = x',
  },
  allowed: {
    'the word in a comment': '// see sourceMappingURL in the manual\nreturn 1',
    'the word in a text': `return '//# sourceMappingURL=x'`,
    'a heading': '//# Totals\nreturn 1',
  },
})
