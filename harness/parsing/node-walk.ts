import type * as t from '@babel/types'

/** A node's place in the text. Every node of a parsed text has one. */
export function range(node: t.Node): { readonly start: number; readonly end: number } {
  const { start, end } = node
  if (typeof start !== 'number' || typeof end !== 'number') {
    throw new TypeError('A parsed node must have a position')
  }
  return { start, end }
}

/** Whether a function's body returns by itself, not only in functions inside it. */
export function hasOwnReturn(body: t.BlockStatement): boolean {
  let isFound = false
  walk(body, (node) => {
    if (node.type === 'ReturnStatement') isFound = true
    return !isFound && !isFunctionOrClass(node)
  })
  return isFound
}

/** Whether a name occurs anywhere but where a top-level function is declared with it. */
export function isNameUsed(body: t.BlockStatement, name: string): boolean {
  let count = 0
  walk(body, (node) => {
    if (node.type === 'Identifier' && node.name === name) count += 1
    return count < 2
  })
  return count > 1
}

function isFunctionOrClass(node: t.Node): boolean {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression' ||
    node.type === 'ClassBody' ||
    node.type === 'ObjectMethod'
  )
}

/** Visits a node and, where `enter` says so, what is inside it. */
function walk(node: t.Node, enter: (node: t.Node) => boolean): void {
  if (!enter(node)) return
  for (const [key, value] of Object.entries(node)) {
    if (key === 'loc' || key === 'extra') continue
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, enter)
    }
  }
}

function isNode(value: unknown): value is t.Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}
