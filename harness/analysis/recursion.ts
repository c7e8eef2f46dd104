import { type CallableNode, calledFunction } from './called-function.ts'
import { callsOnEveryWay } from './every-way.ts'
import type { ProgramView } from './program-view.ts'
import { isFunction, type SyntaxPath } from './syntax/syntax-path.ts'

type FunctionPath = SyntaxPath<CallableNode>

/** Functions that one function calls and that are looked at. */
const MAX_TARGETS = 16

/**
 * Functions that call themselves, or one another in a circle, on every way through them: whoever calls
 * one of them does not get an answer.
 */
export function endlessRecursions(program: ProgramView): readonly FunctionPath[] {
  const calls = callsBetween(program)
  // Only a circle can be endless, and only the calls on it need the closer look.
  const circles = circlesOf(calls)
  const certain = new Map<FunctionPath, Map<FunctionPath, ReadonlySet<SyntaxPath>>>()
  for (const [from, targets] of calls) {
    const circle = circles.get(from)
    if (circle === undefined || from.node.generator) continue
    const kept = new Map<FunctionPath, ReadonlySet<SyntaxPath>>()
    for (const [to, places] of targets) {
      const isOnCircle = circles.get(to) === circle
      if (isOnCircle && callsOnEveryWay(from, places, program.folder)) kept.set(to, places)
    }
    certain.set(from, kept)
  }
  return [...circlesOf(certain).keys()]
}

type CallGraph = ReadonlyMap<FunctionPath, ReadonlyMap<FunctionPath, ReadonlySet<SyntaxPath>>>

/** Which function of the program calls which others by name, and where. */
function callsBetween(program: ProgramView): CallGraph {
  const graph = new Map<FunctionPath, Map<FunctionPath, Set<SyntaxPath>>>()
  for (const call of program.paths('CallExpression')) {
    const callee = call.get('callee')
    if (!callee?.is('Identifier')) continue
    const to = calledFunction(callee)
    const from = to && call.findParent(isFunction)
    if (to === null || !isCallable(from)) continue
    const targets = graph.get(from) ?? new Map<FunctionPath, Set<SyntaxPath>>()
    graph.set(from, targets)
    const places = targets.get(to)
    if (places !== undefined) places.add(call)
    else if (targets.size < MAX_TARGETS) targets.set(to, new Set([call]))
  }
  return graph
}

function isCallable(path: SyntaxPath | null): path is FunctionPath {
  return (
    path !== null &&
    (path.is('FunctionDeclaration') ||
      path.is('FunctionExpression') ||
      path.is('ArrowFunctionExpression'))
  )
}

/**
 * The functions from which calls lead back to them, each with the number of its circle: the strongly
 * connected components of the graph, by Tarjan's algorithm.
 */
function circlesOf(graph: CallGraph): ReadonlyMap<FunctionPath, number> {
  const found = new Map<FunctionPath, number>()
  const entered = new Map<FunctionPath, number>()
  const open: FunctionPath[] = []
  const isOpen = new Set<FunctionPath>()
  const visit = (from: FunctionPath): number => {
    const order = entered.size
    entered.set(from, order)
    open.push(from)
    isOpen.add(from)
    let low = order
    for (const to of graph.get(from)?.keys() ?? []) {
      const before = entered.get(to)
      if (before === undefined) low = Math.min(low, visit(to))
      else if (isOpen.has(to)) low = Math.min(low, before)
    }
    if (low === order) {
      const circle = open.splice(open.lastIndexOf(from))
      for (const each of circle) isOpen.delete(each)
      const isCircle = circle.length > 1 || graph.get(from)?.has(from) === true
      if (isCircle) for (const each of circle) found.set(each, order)
    }
    return low
  }
  for (const from of graph.keys()) if (!entered.has(from)) visit(from)
  return found
}
