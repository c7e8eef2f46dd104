import type { NodePath } from '@babel/traverse'
import { findingAt, type Rule } from '../rule.ts'

const id = 'no-legacy'

/** `arguments.callee` and `arguments.caller`: ways from a call to the functions around it. */
export const noLegacy: Rule = {
  id,
  check: (program) =>
    program.reachedNames
      .filter(
        ({ name, path }) =>
          (name === 'callee' || name === 'caller') &&
          path.isMemberExpression() &&
          program.isFree(path.get('object') as NodePath, 'arguments'),
      )
      .map(({ name, path }) =>
        findingAt(program, id, path.node, {
          message: `"arguments.${name}" is not allowed`,
          hint: 'Give the function a name and use that',
        }),
      ),
}
