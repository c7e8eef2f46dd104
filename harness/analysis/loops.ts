import type { ProgramView } from './program-view.ts'
import { isCall, isFunction, isLoop, isMember, type SyntaxPath } from './syntax/syntax-path.ts'

/** Methods that call a function once per element. */
const ITERATING_METHODS: ReadonlySet<string> = new Set([
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
  const depths = new Map<SyntaxPath, number>()
  let deepest = 0
  for (const type of REPEATED) {
    for (const path of program.paths(type)) {
      if (isRepeated(path)) deepest = Math.max(deepest, depthOf(path, depths))
    }
  }
  return deepest
}

/** Nodes that may be repeated. */
const REPEATED = [
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
  'ArrowFunctionExpression',
  'FunctionExpression',
] as const

/** Whether something may happen more than once: inside a loop, or inside a function of the program. */
export function isInsideLoopOrFunction(path: SyntaxPath): boolean {
  let child = path
  for (let parent = child.parent; parent !== null; parent = child.parent) {
    // What a loop iterates over and what it starts with are evaluated once.
    if (isLoop(parent) && child.key !== 'right' && child.key !== 'init') return true
    if (isFunction(parent)) return !isProgramFunction(parent)
    if (parent.is('ClassBody')) return true
    child = parent
  }
  return false
}

/** The function that is the whole script. */
export function isProgramFunction(path: SyntaxPath): boolean {
  return path.parent?.parent?.is('Program') === true
}

function depthOf(path: SyntaxPath, depths: Map<SyntaxPath, number>): number {
  const known = depths.get(path)
  if (known !== undefined) return known
  const around = path.findParent(isRepeated)
  const depth = 1 + (around === null ? 0 : depthOf(around, depths))
  depths.set(path, depth)
  return depth
}

/** A loop, or a function that is called for each element of something. */
export function isRepeated(path: SyntaxPath): boolean {
  if (isLoop(path)) return true
  if (!path.is('FunctionExpression') && !path.is('ArrowFunctionExpression')) return false
  const call = path.parent
  if (!isCall(call) || path.key !== 'arguments') return false
  const callee = call.get('callee')
  if (!isMember(callee) || callee.node.computed === true) return false
  const { property } = callee.node
  return property.type === 'Identifier' && ITERATING_METHODS.has(property.name)
}
