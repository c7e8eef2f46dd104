import { type Constant, ConstantObject, type Folded, isList, textOf } from './constant.ts'

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '**': (a, b) => a ** b,
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
  '>>>': (a, b) => a >>> b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
}

const COMPARISON: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

/** What a binary operator makes of two constants, or `null` for anything unusual. */
export function binaryConstant(operator: string, left: Constant, right: Constant): Folded | null {
  if (left instanceof ConstantObject || right instanceof ConstantObject) return null
  if (operator === '===') return isList(left) || isList(right) ? null : { value: left === right }
  if (operator === '!==') return isList(left) || isList(right) ? null : { value: left !== right }
  if (operator === '+' && (isTextual(left) || isTextual(right))) {
    return { value: textOf(left) + textOf(right) }
  }
  if (typeof left !== 'number' || typeof right !== 'number') return null
  const operation = ARITHMETIC[operator] ?? COMPARISON[operator]
  return operation === undefined ? null : { value: operation(left, right) }
}

/** What a unary operator makes of a constant; `void` makes `undefined` of anything. */
export function unaryConstant(operator: string, folded: Folded | null): Folded | null {
  if (operator === 'void') return { value: undefined }
  if (folded === null) return null
  const { value } = folded
  switch (operator) {
    case '!':
      return { value: !value }
    case '-':
      return typeof value === 'number' ? { value: -value } : null
    case '~':
      return typeof value === 'number' ? { value: ~value } : null
    case '+':
      return typeof value === 'number' || typeof value === 'string'
        ? { value: Number(value) }
        : null
    default:
      return null
  }
}

function isTextual(value: Constant): boolean {
  return typeof value === 'string' || isList(value)
}
