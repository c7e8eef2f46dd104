import type * as t from '@babel/types'
import type { Binding } from './scope.ts'
import type { SyntaxPath } from './syntax-path.ts'

/** The declaration behind an identifier; `undefined` for what the program does not declare. */
export function bindingOf(path: SyntaxPath | null | undefined): Binding | undefined {
  return path?.is('Identifier') ? path.scope.lookup(path.node.name) : undefined
}

/**
 * Whether an identifier names a variable rather than a property, a label or part of a keyword. Written as
 * a list of exceptions: a place that is forgotten here is taken for a name and must be known.
 */
export function isName({ key, parent }: SyntaxPath<t.Identifier>): boolean {
  switch (parent?.node.type) {
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return parent.node.computed === true || key === 'object'
    case 'ObjectProperty':
    case 'ObjectMethod':
    case 'ClassMethod':
    case 'ClassProperty':
      return parent.node.computed === true || key !== 'key'
    case 'LabeledStatement':
      return key !== 'label'
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'MetaProperty':
    case 'PrivateName':
      return false
    default:
      return true
  }
}

/** Whether the name is written to: assigned, updated, deleted, or filled by a loop or a pattern. */
export function isAssigned(path: SyntaxPath): boolean {
  let child = path
  for (let parent = child.parent; parent !== null; parent = child.parent) {
    switch (parent.node.type) {
      case 'AssignmentExpression':
      case 'ForInStatement':
      case 'ForOfStatement':
        return child.key === 'left'
      case 'UpdateExpression':
        return true
      case 'UnaryExpression':
        return parent.node.operator === 'delete'
      case 'AssignmentPattern':
        if (child.key !== 'left') return false
        break
      case 'ArrayPattern':
      case 'ObjectPattern':
      case 'RestElement':
        break
      case 'ObjectProperty':
        if (child.key !== 'value' || parent.parent?.node.type !== 'ObjectPattern') return false
        break
      default:
        return false
    }
    child = parent
  }
  return false
}

/** Whether what is written to is read first: `a += 1`, `a++`. */
export function isReadWhenAssigned({ parent, key }: SyntaxPath): boolean {
  if (parent?.node.type === 'UpdateExpression') return true
  return (
    parent?.node.type === 'AssignmentExpression' && key === 'left' && parent.node.operator !== '='
  )
}
