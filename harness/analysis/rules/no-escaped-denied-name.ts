import type * as t from '@babel/types'
import { ALLOWED_GLOBALS } from '../global-names.ts'
import { LOOKED_AT_NAMES } from '../looked-at-names.ts'
import type { Rule } from '../rule.ts'
import { bindingOf, isName } from '../syntax/names.ts'
import type { SyntaxPath } from '../syntax/syntax-path.ts'

/** Names spelled with `\u` escapes: nobody writes them but to hide one. */
export const noEscapedDeniedName: Rule = {
  id: 'no-escaped-denied-name',
  severity: 'violation',
  reports:
    'names spelled with `\\u` escapes that stand for something outside the program or for a property that other rules refuse; as a warning any other name',
  because: 'The rules see through the spelling; a person who approves the program does not.',
  message: 'A name is spelled with escapes',
  hint: 'Write the name without \\u escapes',
  examples: {
    reported: "return \\u0065val('1 + 1')",
    allowed: "return '\\u0065val'.length",
    repaired: 'return 1 + 1',
  },
  *find(program) {
    // Escapes need a backslash, which most programs have in texts only.
    if (!program.code.includes('\\u')) return
    for (const path of program.paths('Identifier')) {
      const { start, end } = path.node
      if (!program.code.slice(start ?? 0, end ?? 0).includes('\\')) continue
      yield { at: path.node, severity: isHarmless(path) ? 'warning' : 'violation' }
    }
  },
}

/** A name of the program's own that does not look like one of the language, or a property of its own. */
function isHarmless(path: SyntaxPath<t.Identifier>): boolean {
  const { name } = path.node
  if (LOOKED_AT_NAMES.has(name)) return false
  return !isName(path) || (bindingOf(path) !== undefined && !ALLOWED_GLOBALS.has(name))
}
