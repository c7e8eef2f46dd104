import type * as t from '@babel/types'
import { afterDirectives } from './bind-modules.ts'
import { hasOwnReturn, isNameUsed, range } from './node-walk.ts'
import type { Splice } from './text-map.ts'

/** Names that occur nowhere in the program. */
export interface EndingNames {
  readonly entry: string
}

interface EndingParts {
  readonly entry: t.ExportDefaultDeclaration | null
  /** The local name behind `export { main as default }`. */
  readonly exported: string | null
  readonly names: EndingNames
  /** Where the program's text ends. */
  readonly end: number
}

type FunctionNode = t.FunctionDeclaration | t.FunctionExpression | t.ArrowFunctionExpression

/** What has to be spliced in so that the program ends in a `return`. Empty if it does, or if nothing fits. */
export function endingOf(body: t.BlockStatement, parts: EndingParts): Splice[] {
  if (hasOwnReturn(body)) return []
  const append = (text: string): Splice[] => [
    { start: parts.end, end: parts.end, text: `\n${text}` },
  ]
  if (parts.entry !== null) return append(returnEntry(body, parts.entry, parts.names))
  if (parts.exported !== null) return append(returnNamed(body, parts.exported))
  const last = body.body.at(-1)
  const result = resultOf(body)
  if (last?.type === 'ExpressionStatement' && hasValue(last.expression, result !== null)) {
    const { start } = range(last)
    return [{ start, end: start, text: 'return ' }]
  }
  if (result !== null) {
    const declare = result === 'declared' ? [] : [{ ...afterDirectives(body), text: 'let result;' }]
    return [...declare, ...append('return result;')]
  }
  const main = uncalledMain(body)
  return main === null ? [] : append(returnNamed(body, main))
}

function returnEntry(
  body: t.BlockStatement,
  { declaration }: t.ExportDefaultDeclaration,
  names: EndingNames,
): string {
  switch (declaration.type) {
    case 'FunctionDeclaration':
      return returnCall(declaration.id?.name ?? names.entry, declaration)
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return returnCall(names.entry, declaration)
    case 'Identifier':
      return returnNamed(body, declaration.name)
    case 'ClassDeclaration':
      return `return ${declaration.id?.name ?? names.entry};`
    default:
      return `return ${names.entry};`
  }
}

function returnNamed(body: t.BlockStatement, name: string): string {
  const declared = topLevelFunction(body, name)
  return declared === null ? `return ${name};` : returnCall(name, declared)
}

function returnCall(name: string, { params }: FunctionNode): string {
  const given = params.map((param) => {
    const target = param.type === 'AssignmentPattern' ? param.left : param
    const isNamed =
      target.type === 'Identifier' && (target.name === 'data' || target.name === 'tools')
    return isNamed ? target.name : '{ data, tools }'
  })
  return `return await ${name}(${given.join(', ')});`
}

/** The statement itself, or what it exports. */
function declarationOf(statement: t.Statement): t.Node | null | undefined {
  return statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
}

function topLevelFunction(body: t.BlockStatement, name: string): FunctionNode | null {
  for (const statement of body.body) {
    const node = declarationOf(statement)
    if (node?.type === 'FunctionDeclaration' && node.id?.name === name) return node
    if (node?.type !== 'VariableDeclaration') continue
    for (const { id, init } of node.declarations) {
      if (id.type !== 'Identifier' || id.name !== name) continue
      if (init?.type === 'FunctionExpression' || init?.type === 'ArrowFunctionExpression')
        return init
    }
  }
  return null
}

function uncalledMain(body: t.BlockStatement): string | null {
  const main = topLevelFunction(body, 'main')
  return main !== null && !isNameUsed(body, 'main') ? 'main' : null
}

/** Whether the program leaves its answer in a top-level variable `result`. */
function resultOf(body: t.BlockStatement): 'declared' | 'assigned' | null {
  let isAssigned = false
  for (const statement of body.body) {
    const node = declarationOf(statement)
    if (node?.type === 'VariableDeclaration') {
      const names = node.declarations.flatMap(({ id }) => boundNames(id))
      if (names.includes('result')) return 'declared'
    } else if (node?.type === 'ExpressionStatement') {
      const { expression } = node
      isAssigned ||=
        expression.type === 'AssignmentExpression' &&
        expression.left.type === 'Identifier' &&
        expression.left.name === 'result'
    }
  }
  return isAssigned ? 'assigned' : null
}

function boundNames(pattern: t.Node | null): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name]
    case 'AssignmentPattern':
      return boundNames(pattern.left)
    case 'RestElement':
      return boundNames(pattern.argument)
    case 'ArrayPattern':
      return pattern.elements.flatMap(boundNames)
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === 'ObjectProperty' ? property.value : property),
      )
    default:
      return []
  }
}

/**
 * Whether an expression that stands alone at the end was meant as the answer. Beside a variable `result`
 * a call is more likely made for its effect.
 */
function hasValue(expression: t.Expression, hasResult: boolean): boolean {
  switch (expression.type) {
    case 'AssignmentExpression':
    case 'UpdateExpression':
      return false
    case 'UnaryExpression':
      return expression.operator !== 'void' && expression.operator !== 'delete'
    case 'AwaitExpression':
      return hasValue(expression.argument, hasResult)
    case 'CallExpression':
    case 'OptionalCallExpression':
      return !hasResult && !isConsoleCall(expression)
    default:
      return true
  }
}

function isConsoleCall({ callee }: t.CallExpression | t.OptionalCallExpression): boolean {
  return (
    callee.type === 'MemberExpression' &&
    callee.object.type === 'Identifier' &&
    callee.object.name === 'console'
  )
}
