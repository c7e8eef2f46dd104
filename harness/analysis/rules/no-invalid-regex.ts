import type { Rule } from '../rule.ts'

/** Regular expressions that no engine takes: the whole program would not start. */
export const noInvalidRegex: Rule = {
  id: 'no-invalid-regex',
  severity: 'violation',
  reports: 'regular expression literals that are malformed',
  because: 'The engine refuses the whole program for one of them, before its first line runs.',
  message: 'This regular expression is malformed',
  hint: 'Close every group and class, and write \\ before characters that stand for themselves',
  examples: {
    reported: 'return data.filter((text) => /(\\d+/.test(text))',
    allowed: 'return data.filter((text) => /\\(\\d+/.test(text))',
    repaired: 'return data.filter((text) => /(\\d+)/.test(text))',
  },
  *find(program) {
    for (const { node } of program.paths('RegExpLiteral')) {
      try {
        new RegExp(node.pattern, node.flags)
      } catch {
        // The reason quotes the pattern, which may be long.
        yield { at: node }
      }
    }
  },
}
