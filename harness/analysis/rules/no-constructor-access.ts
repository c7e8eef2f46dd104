import type { NodePath } from '@babel/traverse'
import { isAssigned } from '../names.ts'
import { findingAt, type Rule } from '../rule.ts'

const id = 'no-constructor-access'

/** `constructor` by any spelling: from every value it leads to the function that compiles text. */
export const noConstructorAccess: Rule = {
  id,
  check: (program) =>
    program.reachedNames
      .filter(({ name, path }) => name === 'constructor' && !isNameOfClass(path))
      .map(({ path }) =>
        findingAt(program, id, path.node, {
          message: '"constructor" is not allowed: it leads to the function that compiles text',
          hint: 'Name the class itself; to tell values apart use instanceof, or error.name for errors',
        }),
      ),
}

/** `value.constructor.name` is a text, and nothing but read. */
function isNameOfClass(path: NodePath): boolean {
  const outer = path.parentPath
  if (path.key !== 'object') return false
  if (!outer?.isMemberExpression() && !outer?.isOptionalMemberExpression()) return false
  const { property, computed } = outer.node
  const isName = !computed && property.type === 'Identifier' && property.name === 'name'
  return isName && !isAssigned(outer)
}
