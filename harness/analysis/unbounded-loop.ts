import type * as t from '@babel/types'
import type { ConstantFolder } from './constant-value.ts'
import type { LoopExits } from './loop-exits.ts'
import { bindingOf } from './syntax/names.ts'
import type { Binding } from './syntax/scope.ts'
import { isFunction, type SyntaxPath } from './syntax/syntax-path.ts'

type Loop = t.ForStatement | t.WhileStatement | t.DoWhileStatement

/**
 * Whether a loop, once entered, can be shown never to end: its condition stays true, and nothing in it
 * leaves it or lets anything else run. A call may throw; that ends the loop only where the program
 * catches it.
 */
export function isLoopUnbounded(
  path: SyntaxPath<Loop>,
  folder: ConstantFolder,
  exits: LoopExits,
): boolean {
  const test = path.get('test')
  const stays = staysTrue(path, test, folder)
  if (stays === 'no') return false
  if (exits.canLeave(path)) return false
  if (!exits.calls(path)) return true
  const isCaught = path.findParent((parent) => parent.is('TryStatement')) !== null
  return stays === 'yes' && !isCaught
}

type Stays = 'yes' | 'unless-called' | 'no'

/** Whether a condition that was true once is true in every round. */
function staysTrue(path: SyntaxPath<Loop>, test: SyntaxPath | null, folder: ConstantFolder): Stays {
  if (test === null) return 'yes'
  const folded = folder.fold(test)
  if (folded !== null) return folded.value ? 'yes' : 'no'
  if (path.is('ForStatement') && runsAway(path, test, folder)) return 'yes'
  return isUntouched(path, test) ? 'unless-called' : 'no'
}

/** `while (i < n) { … }` where the loop writes neither `i` nor `n`. */
function isUntouched(path: SyntaxPath<Loop>, test: SyntaxPath): boolean {
  const names: Binding[] = []
  let isPlain = true
  test.walk((inner) => {
    const binding = bindingOf(inner)
    if (binding !== undefined) names.push(binding)
    else isPlain &&= PLAIN.has(inner.node.type)
    return isPlain
  })
  const around = path.findParent(isFunction)
  // A write inside another function may happen whenever that is called, by a getter for instance.
  const isWritten = names.some(({ writes }) =>
    writes.some((write) => write.isInside(path) || write.findParent(isFunction) !== around),
  )
  return isPlain && names.length > 0 && !isWritten && names.every(isPrimitive)
}

/** Expressions that have the same value as long as the names in them do. */
const PLAIN: ReadonlySet<string> = new Set([
  'BinaryExpression',
  'LogicalExpression',
  'UnaryExpression',
  'NumericLiteral',
  'BooleanLiteral',
  'StringLiteral',
  'NullLiteral',
])

/** Comparing an object may call its `valueOf`, which may do anything. */
function isPrimitive({ path }: Binding): boolean {
  if (!path.is('VariableDeclarator')) return false
  const init = path.get('init')?.node.type
  return init === 'NumericLiteral' || init === 'BooleanLiteral' || init === 'StringLiteral'
}

/** `for (let i = 0; i < n; i--)`: the counter goes away from what it is compared with. */
function runsAway(
  path: SyntaxPath<t.ForStatement>,
  test: SyntaxPath,
  folder: ConstantFolder,
): boolean {
  if (!test.is('BinaryExpression')) return false
  const counter = bindingOf(test.get('left'))
  const update = path.get('update')
  const direction = directionOf(update, counter, folder)
  if (counter === undefined || direction === 0) return false
  const { operator } = test.node
  const isAway =
    direction < 0 ? operator === '<' || operator === '<=' : operator === '>' || operator === '>='
  const bound = test.get('right')
  const other = bindingOf(bound)
  const isFixed = folder.fold(bound) !== null || (other !== undefined && other.writes.length === 0)
  return isAway && isFixed && counter.writes.length === 1
}

/** 1 for `i++` and the like, -1 for `i--`, 0 for anything else. */
function directionOf(
  update: SyntaxPath | null,
  counter: Binding | undefined,
  folder: ConstantFolder,
): number {
  if (update?.is('UpdateExpression') && bindingOf(update.get('argument')) === counter) {
    return update.node.operator === '++' ? 1 : -1
  }
  if (!update?.is('AssignmentExpression') || bindingOf(update.get('left')) !== counter) return 0
  const step = folder.fold(update.get('right'))?.value
  if (typeof step !== 'number') return 0
  if (update.node.operator === '+=') return Math.sign(step)
  return update.node.operator === '-=' ? -Math.sign(step) : 0
}
