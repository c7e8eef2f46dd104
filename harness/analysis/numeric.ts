import type { ConstantFolder } from './constant-value.ts'
import { isRepeated } from './loops.ts'
import { bindingOf } from './syntax/names.ts'
import type { Binding } from './syntax/scope.ts'
import { isCall, isMember, type SyntaxPath } from './syntax/syntax-path.ts'

/** Operators whose answer is always a number or a bigint. */
const ARITHMETIC: ReadonlySet<string> = new Set([
  '-',
  '*',
  '/',
  '%',
  '**',
  '<<',
  '>>',
  '>>>',
  '&',
  '|',
  '^',
])

const NUMBER_FUNCTIONS: ReadonlySet<string> = new Set(['Number', 'parseInt', 'parseFloat'])
const NUMBER_METHODS: ReadonlySet<string> = new Set([
  'indexOf',
  'lastIndexOf',
  'findIndex',
  'findLastIndex',
  'charCodeAt',
  'getDay',
  'getDate',
  'getMonth',
  'getHours',
  'getUTCDay',
  'getUTCDate',
  'getUTCMonth',
  'getUTCHours',
])

const MAX_DEPTH = 8

/** Whether an expression is certainly a number, so that as a name it is an index. */
export function isNumeric(path: SyntaxPath, folder: ConstantFolder, depth = 0): boolean {
  if (depth > MAX_DEPTH) return false
  const sides = () => [path.get('left'), path.get('right')]
  switch (path.node.type) {
    case 'NumericLiteral':
    case 'UpdateExpression':
      return true
    case 'UnaryExpression':
      return ['+', '-', '~'].includes(path.node.operator)
    case 'BinaryExpression':
      if (path.node.operator !== '+') return ARITHMETIC.has(path.node.operator)
      return sides().every((side) => side !== null && isNumeric(side, folder, depth + 1))
    case 'Identifier':
      return isNumericName(bindingOf(path), folder, depth + 1)
    case 'MemberExpression':
      return isMember(path) && folder.memberName(path) === 'length'
    case 'CallExpression':
      return isNumericCall(path, folder)
    default:
      return typeof folder.fold(path)?.value === 'number'
  }
}

function isNumericCall(path: SyntaxPath, folder: ConstantFolder): boolean {
  const callee = path.get('callee')
  if (callee?.is('Identifier')) {
    return bindingOf(callee) === undefined && NUMBER_FUNCTIONS.has(callee.node.name)
  }
  if (!isMember(callee)) return false
  const object = callee.get('object')
  const isMath = object?.is('Identifier') === true && object.node.name === 'Math'
  if (isMath && bindingOf(object) === undefined) return true
  return NUMBER_METHODS.has(folder.memberName(callee) ?? '')
}

/** A counter: starts as a number, and only arithmetic happens to it. */
function isNumericName(
  binding: Binding | undefined,
  folder: ConstantFolder,
  depth: number,
): boolean {
  if (binding === undefined) return false
  if (binding.kind === 'parameter') return isIndexParameter(binding)
  if (!binding.path.is('VariableDeclarator') || binding.path.node.id.type !== 'Identifier') {
    return false
  }
  const init = binding.path.get('init')
  if (init === null || !isNumeric(init, folder, depth)) return false
  return binding.writes.every(({ parent }) => {
    if (parent?.is('UpdateExpression')) return true
    const right = parent?.is('AssignmentExpression') ? parent.get('right') : null
    return right !== null && isNumeric(right, folder, depth)
  })
}

/** The second parameter of `map` and the like; the third of `reduce`. */
function isIndexParameter({ path, name }: Binding): boolean {
  const call = path.parent
  if (!isRepeated(path) || !isCall(call)) return false
  const callee = call.get('callee')
  const method =
    isMember(callee) && callee.node.property.type === 'Identifier' ? callee.node.property.name : ''
  const parameter = path.all('params')[method.startsWith('reduce') ? 2 : 1]
  return (
    parameter?.is('Identifier') === true && parameter.node.name === name && !NOT_INDEXED.has(method)
  )
}

const NOT_INDEXED: ReadonlySet<string> = new Set([
  'sort',
  'toSorted',
  'replace',
  'replaceAll',
  'groupBy',
])
