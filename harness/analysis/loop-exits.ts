import type { ProgramView } from './program-view.ts'
import { isFunction, isLoop, type SyntaxPath } from './syntax/syntax-path.ts'

/**
 * Which loops can be left, and which call something: found for all of them at once, since loops inside
 * loops would otherwise be searched again and again.
 */
export class LoopExits {
  /** Loops with a `return`, `throw`, `await` or `yield`: left, or waited in. */
  readonly #left = new Set<SyntaxPath>()
  /** Loops that a `break` leaves, or a `continue` of a loop around them. */
  readonly #jumpedOut = new Set<SyntaxPath>()
  readonly #calling = new Set<SyntaxPath>()

  constructor(program: ProgramView) {
    const leaving = program.paths(
      'ReturnStatement',
      'ThrowStatement',
      'AwaitExpression',
      'YieldExpression',
    )
    for (const path of leaving) markLoopsAround(path, this.#left)
    for (const path of program.paths('ForOfStatement')) {
      if (path.node.await) markLoopsAround(path, this.#left)
    }
    for (const path of program.paths('BreakStatement', 'ContinueStatement')) this.#jump(path)
    const calls = program.paths(
      'CallExpression',
      'OptionalCallExpression',
      'NewExpression',
      'TaggedTemplateExpression',
    )
    for (const path of calls) markLoopsAround(path, this.#calling)
  }

  /** Whether something leaves the loop, or lets anything else run meanwhile. */
  canLeave(loop: SyntaxPath): boolean {
    return this.#left.has(loop) || this.#jumpedOut.has(loop)
  }

  /** Whether the loop calls something, which may throw. */
  calls(loop: SyntaxPath): boolean {
    return this.#calling.has(loop)
  }

  #jump(jump: SyntaxPath): void {
    const label = jump.get('label')
    const isBreak = jump.is('BreakStatement')
    const name = label?.is('Identifier') ? label.node.name : null
    for (let path = jump.parent; path !== null && !isFunction(path); path = path.parent) {
      if (name === null) {
        if (isLoop(path)) {
          if (isBreak) this.#jumpedOut.add(path)
          return
        }
        if (isBreak && path.is('SwitchStatement')) return
      } else if (path.is('LabeledStatement')) {
        if (path.node.label.name === name) return
      } else if (isLoop(path) && (isBreak || !hasLabel(path, name))) this.#jumpedOut.add(path)
    }
  }
}

/** Whether a label stands in front of a loop: to `continue` with it is to stay in the loop. */
function hasLabel(loop: SyntaxPath, name: string): boolean {
  for (let { parent } = loop; parent?.is('LabeledStatement'); parent = parent.parent) {
    if (parent.node.label.name === name) return true
  }
  return false
}

/** All loops of the same function that repeat something. */
function markLoopsAround(path: SyntaxPath, marked: Set<SyntaxPath>): void {
  let child = path
  for (let { parent } = path; parent !== null && !isFunction(parent); parent = parent.parent) {
    if (parent.is('ClassBody')) return
    if (isLoop(parent) && child.key !== 'init') {
      // Whoever marked this one has marked those around it.
      if (marked.has(parent)) return
      marked.add(parent)
    }
    child = parent
  }
}
