import type * as t from '@babel/types'
import { bounded, type Constant, ConstantObject, type Folded, isList, textOf } from './constant.ts'
import { binaryConstant, unaryConstant } from './constant-arithmetic.ts'
import { foldCall } from './constant-call.ts'
import { NeverChanged } from './never-changed.ts'
import { PossibleTexts } from './possible-texts.ts'
import { bindingOf } from './syntax/names.ts'
import type { Binding } from './syntax/scope.ts'
import { isCall, type SyntaxPath } from './syntax/syntax-path.ts'

/** Expressions inside expressions that are followed. */
const MAX_DEPTH = 128
/** Expressions that are worked out for one program, those inside called functions once per call. */
const MAX_STEPS = 200_000

/** The values of parameters while a function is followed. */
export type Known = ReadonlyMap<Binding, Folded>

/** What a fold needs to know of the one it is part of. */
export interface FoldContext {
  readonly depth: number
  /** `null` outside of functions that are followed: then what is found is remembered. */
  readonly parameters: Known | null
}

const OUTSIDE: FoldContext = { depth: 0, parameters: null }

/**
 * Works out expressions that always have the same value: literals, `+`, templates, arrays, variables that
 * are never reassigned, and the functions by which names are usually hidden, those of the program included
 * if they are one expression. Remembers every node, so that constants built from one another cost no more
 * than their number.
 */
export class ConstantFolder {
  readonly #known = new Map<t.Node, Folded | null>()
  readonly #neverChanged = new NeverChanged(this)
  readonly #possible = new PossibleTexts(this)
  #stepsLeft = MAX_STEPS

  /** The value of an expression, or `null` when it is not known. */
  fold(path: SyntaxPath | null | undefined, context: FoldContext = OUTSIDE): Folded | null {
    if (!path || context.depth > MAX_DEPTH || this.#stepsLeft <= 0) return null
    const { node } = path
    // The bulk of a program: no need to remember what is written out, nor to look twice at a call.
    if (node.type === 'StringLiteral' || node.type === 'NumericLiteral') return node
    this.#stepsLeft -= 1
    const inner = { depth: context.depth + 1, parameters: context.parameters }
    if (context.parameters !== null) return bounded(this.#evaluate(path, inner))
    const known = this.#known.get(node)
    if (known !== undefined) return known
    // A variable that is built from itself is unknown.
    this.#known.set(node, null)
    const folded = bounded(this.#evaluate(path, inner))
    this.#known.set(node, folded)
    return folded
  }

  /** An expression as the property name it would be converted to. */
  text(path: SyntaxPath | null | undefined): string | null {
    const folded = this.fold(path)
    return folded === null || folded.value instanceof ConstantObject ? null : textOf(folded.value)
  }

  /** Every text that an expression may have, as far as they can be read off the program. */
  texts(path: SyntaxPath | null | undefined): readonly string[] {
    return path ? this.#possible.of(path) : []
  }

  /** The name of the property that a member expression reaches, or `null` when it is computed. */
  memberName(path: SyntaxPath<t.MemberExpression | t.OptionalMemberExpression>): string | null {
    const { computed, property } = path.node
    if (!computed) return property.type === 'Identifier' ? property.name : null
    return this.text(path.get('property'))
  }

  /** Every name that a member expression may reach, as far as they are known. */
  memberNames(
    path: SyntaxPath<t.MemberExpression | t.OptionalMemberExpression>,
  ): readonly string[] {
    const { computed, property } = path.node
    if (!computed) return property.type === 'Identifier' ? [property.name] : []
    return this.texts(path.get('property'))
  }

  /** The name of a property in a pattern or an object, or `null` when it is computed. */
  keyName(path: SyntaxPath<t.ObjectProperty | t.ObjectMethod>): string | null {
    const { computed, key } = path.node
    if (!computed && key.type === 'Identifier') return key.name
    return this.text(path.get('key'))
  }

  /** Every name that a property in a pattern may have, as far as they are known. */
  keyNames(path: SyntaxPath<t.ObjectProperty>): readonly string[] {
    const { computed, key } = path.node
    if (!computed && key.type === 'Identifier') return [key.name]
    return this.texts(path.get('key'))
  }

  /** Whether an object or array behind a name stays as it was written. */
  isNeverChanged(binding: Binding, isFlat: boolean): boolean {
    return this.#neverChanged.of(binding, isFlat)
  }

  #evaluate(path: SyntaxPath, context: FoldContext): Folded | null {
    const { node } = path
    switch (node.type) {
      case 'BooleanLiteral':
        return { value: node.value }
      case 'NullLiteral':
        return { value: null }
      case 'BigIntLiteral':
        return { value: BigInt(node.value) }
      case 'Identifier':
        return this.#variable(path, node, context)
      case 'TemplateLiteral':
        return this.#template(path, node, context)
      case 'TaggedTemplateExpression':
        return this.#raw(path, context)
      case 'BinaryExpression':
        return this.#binary(path, node, context)
      case 'UnaryExpression':
        return unaryConstant(node.operator, this.fold(path.get('argument'), context))
      case 'ConditionalExpression': {
        const test = this.fold(path.get('test'), context)
        return test && this.fold(path.get(test.value ? 'consequent' : 'alternate'), context)
      }
      case 'LogicalExpression':
        return this.#logical(path, node, context)
      case 'AssignmentExpression':
        return node.operator === '=' ? this.fold(path.get('right'), context) : null
      case 'ArrayExpression':
        return this.#array(path, node, context)
      case 'ObjectExpression':
        return this.#object(path, context)
      case 'SequenceExpression':
        return this.fold(path.children.at(-1), context)
      case 'MemberExpression':
      case 'OptionalMemberExpression':
        return this.#member(path, context)
      case 'CallExpression':
      case 'OptionalCallExpression':
        return isCall(path) ? foldCall(path, this, context) : null
      default:
        return null
    }
  }

  #variable(path: SyntaxPath, node: t.Identifier, context: FoldContext): Folded | null {
    const binding = bindingOf(path)
    if (binding === undefined) return node.name === 'undefined' ? { value: undefined } : null
    const given = context.parameters?.get(binding)
    if (given !== undefined) return given
    if (!binding.isConstant || !binding.path.is('VariableDeclarator')) return null
    const outside = { depth: context.depth, parameters: null }
    const init = this.fold(binding.path.get('init'), outside)
    const folded =
      init && partNamed(binding.path.get('id'), init, { name: node.name, folder: this })
    const value = folded?.value
    if (!isList(value) && !(value instanceof ConstantObject)) return folded
    return this.isNeverChanged(binding, isFlat(value)) ? folded : null
  }

  #template(path: SyntaxPath, node: t.TemplateLiteral, context: FoldContext): Folded | null {
    let text = ''
    const expressions = path.all('expressions')
    for (const [index, quasi] of node.quasis.entries()) {
      text += quasi.value.cooked ?? ''
      if (index === expressions.length) break
      const folded = this.fold(expressions[index], context)
      if (folded === null || folded.value instanceof ConstantObject) return null
      text += textOf(folded.value)
    }
    return { value: text }
  }

  /** String.raw`…` without substitutions. */
  #raw(path: SyntaxPath, _context: FoldContext): Folded | null {
    const tag = path.get('tag')
    const quasi = path.get('quasi')
    if (!tag?.is('MemberExpression') || !quasi?.is('TemplateLiteral')) return null
    const object = tag.get('object')
    const isRaw =
      object?.is('Identifier') && object.node.name === 'String' && this.memberName(tag) === 'raw'
    if (!isRaw || bindingOf(object) !== undefined || quasi.node.quasis.length !== 1) return null
    return { value: quasi.node.quasis[0]?.value.raw ?? '' }
  }

  /** A long `a + b + c` is a tower on its left side, so that side is followed without going deeper. */
  #binary(path: SyntaxPath, node: t.BinaryExpression, context: FoldContext): Folded | null {
    const tower: SyntaxPath<t.BinaryExpression>[] = []
    let left: SyntaxPath | null = path
    while (left?.is('BinaryExpression') && left.node.operator === node.operator) {
      tower.push(left)
      left = left.get('left')
    }
    let folded = this.fold(left, context)
    for (const each of tower.reverse()) {
      if (folded === null) return null
      const right = this.fold(each.get('right'), context)
      folded = right && bounded(binaryConstant(node.operator, folded.value, right.value))
    }
    return folded
  }

  #logical(path: SyntaxPath, node: t.LogicalExpression, context: FoldContext): Folded | null {
    const left = this.fold(path.get('left'), context)
    if (left === null) return null
    const isDecided =
      node.operator === '&&'
        ? !left.value
        : node.operator === '||'
          ? Boolean(left.value)
          : left.value !== null && left.value !== undefined
    return isDecided ? left : this.fold(path.get('right'), context)
  }

  #array(path: SyntaxPath, node: t.ArrayExpression, context: FoldContext): Folded | null {
    if (path.children.length !== node.elements.length) return null
    const values = this.list(path.children, context)
    return values === null ? null : { value: values }
  }

  /** The values of arguments or elements, `...` taken apart. */
  list(paths: readonly SyntaxPath[], context: FoldContext): readonly Constant[] | null {
    const values: Constant[] = []
    for (const path of paths) {
      const isSpread = path.is('SpreadElement')
      const folded = this.fold(isSpread ? path.get('argument') : path, context)
      if (folded === null) return null
      if (!isSpread) values.push(folded.value)
      else if (typeof folded.value === 'string' || isList(folded.value)) {
        for (const item of folded.value) values.push(item)
      } else return null
    }
    return values
  }

  #object(path: SyntaxPath, context: FoldContext): Folded | null {
    const entries = new Map<string, Constant>()
    for (const property of path.children) {
      const name = property.is('ObjectProperty') ? this.keyName(property) : null
      const folded = name === null ? null : this.fold(property.get('value'), context)
      if (name === null || folded === null || name === '__proto__') return null
      entries.set(name, folded.value)
    }
    return { value: new ConstantObject(entries) }
  }

  #member(path: SyntaxPath, context: FoldContext): Folded | null {
    if (!path.is('MemberExpression') && !path.is('OptionalMemberExpression')) return null
    const object = path.get('object')
    const { node } = path
    // Only what is written there or behind a name can be constant: most members are of something else.
    const name =
      !node.computed && node.property.type === 'Identifier'
        ? node.property.name
        : this.#keyOf(this.fold(path.get('property'), context))
    if (object === null || name === null) return null
    if (name === 'source' && object.is('RegExpLiteral')) return { value: object.node.pattern }
    if (name === 'description' && isCall(object)) return this.#symbolName(object, context)
    const folded = this.fold(object, context)
    return folded === null ? null : partOf(folded.value, name)
  }

  #keyOf(folded: Folded | null): string | null {
    return folded === null || folded.value instanceof ConstantObject ? null : textOf(folded.value)
  }

  #symbolName(call: SyntaxPath, context: FoldContext): Folded | null {
    const callee = call.get('callee')
    const isSymbol = callee?.is('Identifier') && callee.node.name === 'Symbol'
    return isSymbol && bindingOf(callee) === undefined
      ? this.fold(call.get('arguments'), context)
      : null
  }
}

/** Whether nothing in a list or object can be changed through another name. */
function isFlat(value: readonly Constant[] | ConstantObject): boolean {
  const items = isList(value) ? value : [...value.entries.values()]
  return !items.some((item) => isList(item) || item instanceof ConstantObject)
}

function partOf(value: Constant, name: string): Folded | null {
  if (value instanceof ConstantObject) {
    return value.entries.has(name) ? { value: value.entries.get(name) } : null
  }
  if (typeof value !== 'string' && !isList(value)) return null
  if (name === 'length') return { value: value.length }
  return /^\d{1,5}$/.test(name) ? { value: value[Number(name)] } : null
}

/** What a name gets from a value when the value is taken apart by a pattern. */
function partNamed(
  pattern: SyntaxPath | null,
  whole: Folded,
  wanted: { readonly name: string; readonly folder: ConstantFolder },
): Folded | null {
  if (pattern?.is('Identifier')) return pattern.node.name === wanted.name ? whole : null
  for (const child of pattern?.children ?? []) {
    let part: Folded | null = null
    let target: SyntaxPath | null = child
    if (pattern?.is('ArrayPattern')) part = partOf(whole.value, String(child.index))
    else if (child.is('ObjectProperty')) {
      const key = wanted.folder.keyName(child)
      part = key === null ? null : partOf(whole.value, key)
      target = child.get('value')
    }
    const found = part && partNamed(target, part, wanted)
    if (found !== null) return found
  }
  return null
}
