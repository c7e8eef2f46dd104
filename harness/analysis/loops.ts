import type { NodePath } from '@babel/traverse'
import type * as t from '@babel/types'
import type { ProgramView } from './program-view.ts'

/** Methods that call a function once per element. */
const ITERATING_METHODS = new Set([
  'forEach',
  'map',
  'flatMap',
  'filter',
  'reduce',
  'reduceRight',
  'some',
  'every',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'sort',
  'toSorted',
  'from',
  'groupBy',
  'replace',
  'replaceAll',
])

/** How many loops are nested in one another at most, callbacks of iterating methods included. */
export function maxLoopDepth(program: ProgramView): number {
  const depths = new Map<t.Node, number>()
  let deepest = 0
  const loops = program.paths(
    'ForStatement',
    'ForInStatement',
    'ForOfStatement',
    'WhileStatement',
    'DoWhileStatement',
    'ArrowFunctionExpression',
    'FunctionExpression',
  )
  for (const path of loops) {
    if (isRepeated(path)) deepest = Math.max(deepest, depthOf(path, depths))
  }
  return deepest
}

/** Whether something may happen more than once: inside a loop, or inside a function of the program. */
export function isInsideLoopOrFunction(path: NodePath): boolean {
  let child = path
  for (let parent = child.parentPath; parent !== null; parent = child.parentPath) {
    // What a loop iterates over and what it starts with are evaluated once.
    if (parent.isLoop() && child.key !== 'right' && child.key !== 'init') return true
    if (parent.isFunction()) return !isProgramFunction(parent)
    if (parent.isClassBody()) return true
    child = parent
  }
  return false
}

/** The function that is the whole script. */
export function isProgramFunction(path: NodePath): boolean {
  return path.parentPath?.parentPath?.isProgram() === true
}

function depthOf(path: NodePath, depths: Map<t.Node, number>): number {
  const known = depths.get(path.node)
  if (known !== undefined) return known
  let around: NodePath | null = path.parentPath
  while (around !== null && !isRepeated(around)) around = around.parentPath
  const depth = 1 + (around === null ? 0 : depthOf(around, depths))
  depths.set(path.node, depth)
  return depth
}

function isRepeated(path: NodePath): boolean {
  if (path.isLoop()) return true
  if (!path.isArrowFunctionExpression() && !path.isFunctionExpression()) return false
  const call = path.parentPath
  if (!call?.isCallExpression() && !call?.isOptionalCallExpression()) return false
  if (path.listKey !== 'arguments') return false
  const { callee } = call.node
  return (
    (callee.type === 'MemberExpression' || callee.type === 'OptionalMemberExpression') &&
    callee.property.type === 'Identifier' &&
    !callee.computed &&
    ITERATING_METHODS.has(callee.property.name)
  )
}
