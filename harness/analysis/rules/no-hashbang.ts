import type { Rule } from '../rule.ts'

/** `#!` on the first line: a program is read by one interpreter only. */
export const noHashbang: Rule = {
  id: 'no-hashbang',
  severity: 'violation',
  reports: '`#!` at the very beginning',
  because:
    'It names an interpreter for whoever starts the text as a file, and is no JavaScript inside a function.',
  message: 'A program cannot name an interpreter in its first line',
  hint: 'Remove the line that starts with #!',
  examples: {
    reported: '#!/usr/bin/env node\nreturn data.length',
    allowed: "const line = '#!/usr/bin/env node'\nreturn line",
    repaired: 'return data.length',
  },
  *find({ source }) {
    if (source.startsWith('#!')) yield { at: { line: 1, column: 1 } }
  },
}
