import type { NodePath } from '@babel/traverse'
import type * as t from '@babel/types'
import type { ConstantFolder } from './constant-value.ts'

type Loop = t.ForStatement | t.WhileStatement | t.DoWhileStatement

/**
 * Whether a loop can be shown never to end: its condition is always true and nothing in it leaves it or
 * lets anything else run. A call may throw; that ends the loop only where the program catches it.
 */
export function isLoopUnbounded(path: NodePath<Loop>, folder: ConstantFolder): boolean {
  const test = path.get('test') as NodePath
  if (test.node) {
    const folded = folder.fold(test)
    if (folded === null || !folded.value) return false
  }
  const search = { isLeaving: false, hasCall: false }
  look(path.get('body') as NodePath, search, { loop: path.node, label: labelsOf(path) })
  if (search.isLeaving) return false
  return !(search.hasCall && path.findParent((parent) => parent.isTryStatement()))
}

interface Target {
  readonly loop: t.Node
  /** The loop's own labels: `continue` with one of them stays in it. */
  readonly label: ReadonlySet<string>
}

function look(
  path: NodePath,
  search: { isLeaving: boolean; hasCall: boolean },
  target: Target,
): void {
  const visit = (inner: NodePath): boolean => {
    switch (inner.type) {
      case 'ReturnStatement':
      case 'ThrowStatement':
      case 'AwaitExpression':
      case 'YieldExpression':
        search.isLeaving = true
        return false
      case 'ForOfStatement':
        if (inner.isForOfStatement({ await: true })) search.isLeaving = true
        return true
      case 'BreakStatement':
      case 'ContinueStatement':
        if (leaves(inner as NodePath<t.BreakStatement | t.ContinueStatement>, target)) {
          search.isLeaving = true
        }
        return false
      case 'CallExpression':
      case 'NewExpression':
        search.hasCall = true
        return true
      default:
        return !inner.isFunction() && !inner.isClassBody()
    }
  }
  if (!visit(path)) return
  path.traverse({
    enter(inner) {
      if (!visit(inner)) inner.skip()
      if (search.isLeaving) inner.stop()
    },
  })
}

function leaves(path: NodePath<t.BreakStatement | t.ContinueStatement>, target: Target): boolean {
  const { node } = path
  if (node.label) {
    const { name } = node.label
    if (target.label.has(name)) return node.type === 'BreakStatement'
    // A label inside the loop is not left by jumping to it.
    const labelled = path.findParent(
      (parent) => parent.isLabeledStatement() && parent.node.label.name === name,
    )
    return labelled?.findParent((parent) => parent.node === target.loop) == null
  }
  if (node.type === 'ContinueStatement') return false
  const left = path.findParent((parent) => parent.isLoop() || parent.isSwitchStatement())
  return left?.node === target.loop
}

function labelsOf(path: NodePath): ReadonlySet<string> {
  const labels = new Set<string>()
  for (let parent = path.parentPath; parent?.isLabeledStatement(); parent = parent.parentPath) {
    labels.add(parent.node.label.name)
  }
  return labels
}
