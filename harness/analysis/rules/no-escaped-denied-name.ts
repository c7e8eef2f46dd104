import { findingAt, type Rule } from '../rule.ts'

const id = 'no-escaped-denied-name'

/** Names spelled with `\u` escapes: nobody writes them but to hide one. */
export const noEscapedDeniedName: Rule = {
  id,
  check: (program) =>
    program
      .paths('Identifier', 'PrivateName')
      .filter(({ node }) => program.code.slice(node.start ?? 0, node.end ?? 0).includes('\\'))
      .map(({ node }) =>
        findingAt(program, id, node, {
          message: 'A name is spelled with escapes',
          hint: 'Write the name without \\u escapes',
        }),
      ),
}
