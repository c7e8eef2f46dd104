import type * as t from '@babel/types'
import type { ConstantFolder } from './constant-value.ts'
import type { ProgramView } from './program-view.ts'
import { bindingOf } from './syntax/names.ts'
import type { Binding } from './syntax/scope.ts'
import { isMember, type SyntaxPath } from './syntax/syntax-path.ts'

type Loop = t.ForStatement | t.WhileStatement | t.DoWhileStatement

/**
 * How many rounds a loop makes that counts from one constant to another, as in
 * `for (let i = 0; i < 1e9; i++)`; `null` when that does not follow from the text.
 */
export function loopRounds(path: SyntaxPath<Loop>, folder: ConstantFolder): number | null {
  const test = path.get('test')
  if (!test?.is('BinaryExpression') || !COMPARING.has(test.node.operator)) return null
  const left = test.get('left')
  const right = test.get('right')
  const leftBinding = bindingOf(left)
  const isLeft = leftBinding !== undefined && leftBinding.writes.length > 0
  const counter = isLeft ? leftBinding : bindingOf(right)
  const bound = folder.fold(isLeft ? right : left)?.value
  if (counter === undefined || typeof bound !== 'number') return null
  const start = startOf(path, counter, folder)
  const step = stepOf(path, counter, folder)
  if (start === null || step === null) return null
  return Math.floor(Math.abs(bound - start) / step)
}

const COMPARING: ReadonlySet<string> = new Set(['<', '<=', '>', '>=', '!=', '!=='])

function startOf(path: SyntaxPath<Loop>, counter: Binding, folder: ConstantFolder): number | null {
  const init = path.get('init')
  const declared = counter.path.is('VariableDeclarator') ? counter.path.get('init') : null
  let start = declared
  if (init?.is('AssignmentExpression') && bindingOf(init.get('left')) === counter) {
    start = init.get('right')
  }
  const value = folder.fold(start)?.value
  return typeof value === 'number' ? value : null
}

/** By how much the counter changes per round, if that is all that ever happens to it. */
function stepOf(path: SyntaxPath<Loop>, counter: Binding, folder: ConstantFolder): number | null {
  let smallest: number | null = null
  for (const write of counter.writes) {
    const { parent } = write
    if (parent?.is('AssignmentExpression') && parent.node.operator === '=') {
      if (parent.key === 'init') continue
      return null
    }
    // Other loops that use the same counter do not matter to this one.
    if (!write.isInside(path)) continue
    const step = stepBy(parent, folder)
    if (step === null) return null
    smallest = Math.min(smallest ?? step, step)
  }
  return smallest
}

function stepBy(update: SyntaxPath | null, folder: ConstantFolder): number | null {
  if (update?.is('UpdateExpression')) return 1
  if (!update?.is('AssignmentExpression')) return null
  if (update.node.operator !== '+=' && update.node.operator !== '-=') return null
  const step = folder.fold(update.get('right'))?.value
  return typeof step === 'number' && step > 0 ? step : null
}

/** Functions and methods whose first argument is a number of elements. */
const SIZED: ReadonlySet<string> = new Set([
  'Array',
  'ArrayBuffer',
  'Uint8Array',
  'Int8Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'repeat',
  'padStart',
  'padEnd',
])

/** How many elements an expression creates at once, if that is a constant. */
export function allocationSize(
  path: SyntaxPath<t.NewExpression | t.CallExpression | t.BinaryExpression>,
  program: ProgramView,
): number | null {
  const { folder } = program
  if (path.is('BinaryExpression')) return bigIntSize(path, folder)
  const callee = path.get('callee')
  const first = path.get('arguments')
  let name: string | null = null
  if (callee?.is('Identifier')) name = callee.node.name
  else if (isMember(callee)) name = folder.memberName(callee)
  if (name === 'from' && first?.is('ObjectExpression')) return lengthOf(first, folder)
  if (name === null || !SIZED.has(name)) return null
  // A function of the program may have the name of one of the language.
  if (callee?.is('Identifier') && !program.isFree(callee)) return null
  const size = folder.fold(first)?.value
  return typeof size === 'number' ? size : null
}

/** `Array.from({ length: 1e9 })` */
function lengthOf(object: SyntaxPath, folder: ConstantFolder): number | null {
  for (const property of object.children) {
    if (!property.is('ObjectProperty') || folder.keyName(property) !== 'length') continue
    const length = folder.fold(property.get('value'))?.value
    return typeof length === 'number' ? length : null
  }
  return null
}

/** `2n ** 1_000_000_000n` and `1n << 1_000_000_000n`: the digits of a number are elements too. */
function bigIntSize(path: SyntaxPath<t.BinaryExpression>, folder: ConstantFolder): number | null {
  const { operator } = path.node
  if (operator !== '**' && operator !== '<<') return null
  const exponent = folder.fold(path.get('right'))?.value
  return typeof exponent === 'bigint' ? Number(exponent) : null
}
