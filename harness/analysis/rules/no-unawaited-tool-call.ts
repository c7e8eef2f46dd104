import type { NodePath } from '@babel/traverse'
import { findingAt, type Rule } from '../rule.ts'

const id = 'no-unawaited-tool-call'

const PROMISE_METHODS = new Set(['then', 'catch', 'finally'])

/** Tool calls whose answer is used before it is there, or not waited for at all. A warning. */
export const noUnawaitedToolCall: Rule = {
  id,
  check: (program) =>
    program.toolUses.flatMap(({ call, tool }) => {
      if (call === null || !isUsedAsAnswer(call)) return []
      const message = `The call of ${tool === '*' ? 'a tool' : `tool "${tool}"`} gives a promise that is not awaited`
      const hint = 'Did you forget `await` in front of the call?'
      return [findingAt(program, id, call.node, { message, hint, severity: 'warning' })]
    }),
}

function isUsedAsAnswer(call: NodePath): boolean {
  const parent = call.parentPath
  if (parent?.isExpressionStatement()) return true
  if (readsAnswer(call)) return true
  if (!parent?.isVariableDeclarator()) return false
  const { id: target } = parent.node
  if (target.type === 'ObjectPattern' || target.type === 'ArrayPattern') return true
  if (target.type !== 'Identifier') return false
  const binding = parent.scope.getBinding(target.name)
  return binding?.constant === true && binding.referencePaths.some(readsAnswer)
}

/** A property of a promise is read that promises do not have. */
function readsAnswer(path: NodePath): boolean {
  const member = path.parentPath
  if (path.key !== 'object') return false
  if (!member?.isMemberExpression() && !member?.isOptionalMemberExpression()) return false
  const { property } = member.node
  return (
    property.type !== 'Identifier' || member.node.computed || !PROMISE_METHODS.has(property.name)
  )
}
