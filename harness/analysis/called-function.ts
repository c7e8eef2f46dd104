import type * as t from '@babel/types'
import { bindingOf } from './syntax/names.ts'
import type { SyntaxPath } from './syntax/syntax-path.ts'

/** A function that can be called by a name. */
export type CallableNode = t.FunctionDeclaration | t.FunctionExpression | t.ArrowFunctionExpression

/** The function that a callee always is: written there, or behind a name that is never reassigned. */
export function calledFunction(callee: SyntaxPath): SyntaxPath<CallableNode> | null {
  if (callee.is('FunctionExpression') || callee.is('ArrowFunctionExpression')) return callee
  const binding = bindingOf(callee)
  if (binding === undefined || !binding.isConstant) return null
  const { path } = binding
  // The path of a parameter is its function, which is not what the parameter holds.
  if (binding.kind === 'function') {
    return path.is('FunctionDeclaration') || path.is('FunctionExpression') ? path : null
  }
  if (!path.is('VariableDeclarator') || path.node.id.type !== 'Identifier') return null
  const init = path.get('init')
  return init?.is('FunctionExpression') || init?.is('ArrowFunctionExpression') ? init : null
}
