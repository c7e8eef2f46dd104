import type { Binding, NodePath } from '@babel/traverse'
import type * as t from '@babel/types'

/** The declaration behind an identifier. */
export function bindingOf(path: NodePath): Binding | undefined {
  return path.isIdentifier() ? path.scope.getBinding(path.node.name) : undefined
}

/**
 * Whether an identifier names a variable rather than a property, a label or part of a keyword. Written as
 * a list of exceptions: a place that is forgotten here is taken for a name and must be known.
 */
export function isName(path: NodePath<t.Identifier>): boolean {
  const { node, parent } = path
  switch (parent.type) {
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return parent.computed || parent.object === node
    case 'ObjectProperty':
    case 'ObjectMethod':
    case 'ClassMethod':
    case 'ClassProperty':
    case 'ClassAccessorProperty':
      return parent.computed || path.key !== 'key'
    case 'LabeledStatement':
      return path.key !== 'label'
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'MetaProperty':
    case 'PrivateName':
      return false
    default:
      return true
  }
}

/** Whether the name is written to: assigned, updated, or filled by a loop or a pattern. */
export function isAssigned(path: NodePath): boolean {
  let child: NodePath = path
  for (let parent = child.parentPath; parent !== null; parent = child.parentPath) {
    switch (parent.type) {
      case 'AssignmentExpression':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'AssignmentPattern':
        if (child.key !== 'left') return false
        if (parent.type !== 'AssignmentPattern') return true
        break
      case 'UpdateExpression':
        return true
      case 'UnaryExpression':
        return parent.isUnaryExpression({ operator: 'delete' })
      case 'ArrayPattern':
      case 'ObjectPattern':
      case 'RestElement':
        break
      case 'ObjectProperty':
        if (child.key !== 'value' || parent.parentPath?.type !== 'ObjectPattern') return false
        break
      default:
        return false
    }
    child = parent
  }
  return false
}
