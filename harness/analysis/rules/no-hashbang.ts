import type { Rule } from '../rule.ts'

const id = 'no-hashbang'

/** `#!` on the first line: a program is read by one interpreter only. */
export const noHashbang: Rule = {
  id,
  check: ({ source }) =>
    source.startsWith('#!')
      ? [
          {
            ruleId: id,
            source: 'analysis',
            severity: 'violation',
            message: 'A program cannot name an interpreter in its first line',
            hint: 'Remove the line that starts with #!',
            line: 1,
            column: 1,
          },
        ]
      : [],
}
