import type { NodePath } from '@babel/traverse'
import type * as t from '@babel/types'
import { CONSTANT_FUNCTIONS, CONSTANT_METHODS } from './constant-functions.ts'
import { bindingOf } from './names.ts'

/** A value that an expression always has. */
export type Constant = string | number | boolean | bigint | null | undefined | readonly Constant[]

/** A constant in a box, since `null` and `undefined` are constants too. */
export interface Folded {
  readonly value: Constant
}

/** Longest text that is worked out; what is longer counts as unknown. */
const MAX_TEXT = 65_536
const MAX_ITEMS = 4_096
/** Expressions inside expressions that are followed. */
const MAX_DEPTH = 64

/**
 * Works out expressions that always have the same value: literals, `+`, templates, arrays, variables that
 * are never reassigned, and the functions by which names are usually hidden. Remembers every node, so
 * that constants built from one another cost no more than their number.
 */
export class ConstantFolder {
  readonly #known = new Map<t.Node, Folded | null>()

  /** The value of an expression, or `null` when it is not known. */
  fold(path: NodePath | null | undefined, depth = 0): Folded | null {
    if (!path?.node || depth > MAX_DEPTH) return null
    const known = this.#known.get(path.node)
    if (known !== undefined) return known
    // A variable that is built from itself is unknown.
    this.#known.set(path.node, null)
    const folded = bounded(this.#evaluate(path, depth + 1))
    this.#known.set(path.node, folded)
    return folded
  }

  /** The name of the property that a member expression reaches, or `null` when it is computed. */
  memberName(path: NodePath<t.MemberExpression | t.OptionalMemberExpression>): string | null {
    const property = path.get('property') as NodePath
    if (!path.node.computed) return property.isIdentifier() ? property.node.name : null
    return this.text(property)
  }

  /** The name of a property in a pattern or an object, or `null` when it is computed. */
  keyName(path: NodePath<t.ObjectProperty | t.ObjectMethod>): string | null {
    const key = path.get('key') as NodePath
    if (!path.node.computed && key.isIdentifier()) return key.node.name
    return this.text(key)
  }

  /** An expression as the property name it would be converted to. */
  text(path: NodePath | null | undefined): string | null {
    const folded = this.fold(path)
    return folded === null ? null : String(folded.value)
  }

  #evaluate(path: NodePath, depth: number): Folded | null {
    const { node } = path
    switch (node.type) {
      case 'StringLiteral':
      case 'NumericLiteral':
      case 'BooleanLiteral':
        return { value: node.value }
      case 'NullLiteral':
        return { value: null }
      case 'BigIntLiteral':
        return { value: BigInt(node.value) }
      case 'Identifier':
        return this.#variable(path, node, depth)
      case 'TemplateLiteral':
        return this.#template(path as NodePath<t.TemplateLiteral>, depth)
      case 'BinaryExpression':
        return this.#binary(path as NodePath<t.BinaryExpression>, depth)
      case 'UnaryExpression':
        return this.#unary(path as NodePath<t.UnaryExpression>, depth)
      case 'ArrayExpression':
        return this.#array((path as NodePath<t.ArrayExpression>).get('elements'), depth)
      case 'SequenceExpression':
        return this.fold((path as NodePath<t.SequenceExpression>).get('expressions').at(-1), depth)
      case 'MemberExpression':
      case 'OptionalMemberExpression':
        return this.#member(path as NodePath<t.MemberExpression>, depth)
      case 'CallExpression':
      case 'OptionalCallExpression':
        return this.#call(path as NodePath<t.CallExpression>, depth)
      default:
        return null
    }
  }

  #variable(path: NodePath, node: t.Identifier, depth: number): Folded | null {
    const binding = bindingOf(path)
    if (binding === undefined) return node.name === 'undefined' ? { value: undefined } : null
    if (!binding.constant || !binding.path.isVariableDeclarator()) return null
    if (binding.path.node.id.type !== 'Identifier') return null
    const folded = this.fold(binding.path.get('init') as NodePath, depth)
    // An array behind a name can be changed in place.
    return Array.isArray(folded?.value) && binding.references > 1 ? null : folded
  }

  #template(path: NodePath<t.TemplateLiteral>, depth: number): Folded | null {
    let text = ''
    const expressions = path.get('expressions')
    for (const [index, quasi] of path.node.quasis.entries()) {
      text += quasi.value.cooked ?? ''
      if (index === expressions.length) break
      const folded = this.fold(expressions[index] as NodePath, depth)
      if (folded === null) return null
      text += String(folded.value)
    }
    return { value: text }
  }

  #binary(path: NodePath<t.BinaryExpression>, depth: number): Folded | null {
    const left = this.fold(path.get('left') as NodePath, depth)?.value
    const right = this.fold(path.get('right'), depth)?.value
    if (left === undefined || right === undefined) return null
    if (path.node.operator === '+' && (isTextual(left) || isTextual(right))) {
      return { value: String(left) + String(right) }
    }
    if (typeof left !== 'number' || typeof right !== 'number') return null
    const operation = ARITHMETIC[path.node.operator]
    return operation === undefined ? null : { value: operation(left, right) }
  }

  #unary(path: NodePath<t.UnaryExpression>, depth: number): Folded | null {
    const folded = this.fold(path.get('argument'), depth)
    if (path.node.operator === 'void') return { value: undefined }
    if (folded === null) return null
    if (path.node.operator === '!') return { value: !folded.value }
    if (typeof folded.value !== 'number') return null
    if (path.node.operator === '-') return { value: -folded.value }
    return path.node.operator === '+' ? folded : null
  }

  #array(
    elements: readonly NodePath<t.ArrayExpression['elements'][number]>[],
    depth: number,
  ): Folded | null {
    const items: Constant[] = []
    for (const element of elements) {
      const isSpread = element.isSpreadElement()
      const folded = this.fold(isSpread ? element.get('argument') : (element as NodePath), depth)
      if (folded === null || items.length > MAX_ITEMS) return null
      if (!isSpread) items.push(folded.value)
      else if (isTextual(folded.value)) items.push(...folded.value)
      else return null
    }
    return { value: items }
  }

  #member(path: NodePath<t.MemberExpression>, depth: number): Folded | null {
    const name = this.memberName(path)
    const object = path.get('object')
    if (name === 'source' && object.isRegExpLiteral()) return { value: object.node.pattern }
    if (name === 'description' && object.isCallExpression()) {
      const isSymbol = isFreeIdentifier(object.get('callee'), 'Symbol')
      return isSymbol ? this.fold(object.get('arguments')[0], depth) : null
    }
    const value = this.fold(object, depth)?.value
    if (typeof value !== 'string' && !Array.isArray(value)) return null
    if (name === 'length') return { value: value.length }
    return name !== null && /^\d{1,5}$/.test(name) ? { value: value[Number(name)] } : null
  }

  #call(path: NodePath<t.CallExpression>, depth: number): Folded | null {
    const values = this.#array(path.get('arguments') as NodePath<t.Expression>[], depth)
    if (values === null || !Array.isArray(values.value)) return null
    const callee = path.get('callee')
    if (callee.isIdentifier()) {
      return bindingOf(callee) === undefined
        ? apply(CONSTANT_FUNCTIONS[callee.node.name], values.value)
        : null
    }
    if (!callee.isMemberExpression() && !callee.isOptionalMemberExpression()) return null
    const name = this.memberName(callee as NodePath<t.MemberExpression>)
    const object = callee.get('object') as NodePath
    if (name === null) return null
    if (object.isIdentifier() && bindingOf(object) === undefined) {
      return apply(CONSTANT_FUNCTIONS[`${object.node.name}.${name}`], values.value)
    }
    const receiver = this.fold(object, depth)
    return receiver === null
      ? null
      : apply(CONSTANT_METHODS[name], [receiver.value, ...values.value])
  }
}

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '**': (a, b) => a ** b,
  '<<': (a, b) => a << b,
}

function apply(
  operation: ((...values: readonly Constant[]) => Constant) | undefined,
  values: readonly Constant[],
): Folded | null {
  if (operation === undefined) return null
  try {
    const value = operation(...values)
    return value === undefined ? null : { value }
  } catch {
    // The call throws when it runs, or does not fit: either way nothing is known.
    return null
  }
}

function isTextual(value: Constant): value is string | readonly Constant[] {
  return typeof value === 'string' || Array.isArray(value)
}

function isFreeIdentifier(path: NodePath, name: string): boolean {
  return path.isIdentifier({ name }) && bindingOf(path) === undefined
}

function bounded(folded: Folded | null): Folded | null {
  const { value } = folded ?? {}
  if (typeof value === 'string' && value.length > MAX_TEXT) return null
  return Array.isArray(value) && value.length > MAX_ITEMS ? null : folded
}
