import type { RuleDescription } from '../analysis/rule.ts'
import type { SourcePosition } from '../program.ts'
import { UnreadableProgramError } from './program-message.ts'

/** The rules that need no syntax tree. */
export type TextRuleId = 'syntax' | 'no-with' | 'program-size' | 'program-nesting' | 'empty-program'

/** What a text must be to be read as a program. These are found before and while it is parsed. */
export const TEXT_RULES: Readonly<Record<TextRuleId, RuleDescription>> = {
  syntax: {
    id: 'syntax',
    severity: 'violation',
    reports: 'text that is not the body of an async function in JavaScript or TypeScript',
    because: 'What cannot be parsed cannot be judged, and would not run.',
    message: 'Syntax error at line {line}, column {column}: {detail}',
    hint: 'Write the body of an async function, with every bracket closed',
    examples: {
      reported: 'const rows = data.filter((row) => row.paid\nreturn rows.length',
      allowed: 'const rows = data.filter((row) => row.paid)\nreturn rows.length',
      repaired: 'const rows = data.filter((row) => row.paid)\nreturn rows.length',
    },
  },
  'no-with': {
    id: 'no-with',
    severity: 'violation',
    reports: 'the statement `with`',
    because:
      'Inside it nobody can tell whether a name is a variable or a property. Programs are strict code, which does not have it.',
    message: 'Syntax error at line {line}, column {column}: {detail}',
    hint: 'Name the object in front of each property instead',
    examples: {
      reported: 'with (Math) {\n  return max(1, 2)\n}',
      allowed: 'return data.map((row) => ({ with: row.id }))',
      repaired: 'const { max } = Math\nreturn max(1, 2)',
    },
  },
  'program-size': {
    id: 'program-size',
    severity: 'violation',
    reports:
      'a program with more bytes than `limits.maxProgramBytes` (262 144 if nothing else is said)',
    because:
      'A program for one question is small. A huge one costs time and hides things from whoever approves it.',
    message: 'The program has {bytes} bytes and may have {limit}',
    hint: 'Pass large values as `data` or fetch them with a tool instead of writing them out',
    examples: {
      reported: "return ['Lisbon', 'Porto', 'Braga', 'Coimbra', 'Faro'].length",
      allowed: 'return data.cities.length',
      repaired: 'return data.length',
      maxProgramBytes: 40,
    },
  },
  'program-nesting': {
    id: 'program-nesting',
    severity: 'violation',
    reports: 'more than 500 open brackets, or more than 1 000 expressions inside one another',
    because:
      'Parsers and engines end at different depths, so what one of them accepts another one cannot run.',
    message: 'The program nests more than {limit} brackets',
    hint: 'Give the inner parts names, or pass nested values as `data`',
    examples: {
      reported: `return ${'['.repeat(501)}${']'.repeat(501)}`,
      allowed: `return ${'['.repeat(100)}${']'.repeat(100)}`,
      repaired: 'return data',
    },
  },
  'empty-program': {
    id: 'empty-program',
    severity: 'violation',
    reports: 'a text without anything in it',
    because: 'There is nothing to run.',
    message: 'The program is empty',
    hint: 'Write the body of an async function that returns the answer',
    examples: { reported: '\n', allowed: 'return null', repaired: 'return data' },
  },
}

/** A text that is no program, by the rule that says so. Unknown rules count as `syntax`. */
export function unreadable(
  ruleId: 'syntax' | 'no-with' | 'no-forbidden-import',
  { detail, line, column }: SourcePosition & { readonly detail: string },
): UnreadableProgramError {
  const hint = ruleId === 'no-forbidden-import' ? IMPORT_HINT : TEXT_RULES[ruleId].hint
  const message = TEXT_RULES.syntax.message
    .replace('{line}', String(line))
    .replace('{column}', String(column))
    .replace('{detail}', () => detail)
  return new UnreadableProgramError('ERR_PROGRAM_SYNTAX', { ruleId, message, hint, line, column })
}

const IMPORT_HINT = 'Nothing can be imported; use `data`, `tools` and the language itself'
