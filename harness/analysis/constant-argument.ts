import type * as t from '@babel/types'
import type { JsonValue } from '../json-value.ts'
import type { ToolUse } from '../program.ts'
import { type Constant, ConstantObject } from './constant.ts'
import type { ConstantFolder } from './constant-value.ts'
import { bindingOf } from './syntax/names.ts'
import type { SyntaxPath } from './syntax/syntax-path.ts'

/** What is known of a tool call's argument before the program runs. */
export type KnownArgument = Pick<ToolUse, 'constantArguments' | 'isConstant'>

const MAX_DEPTH = 16

/** Reads the constant properties of a call's one argument. An omitted argument equals `{}`. */
export function argumentOf(
  call: SyntaxPath<t.CallExpression | t.OptionalCallExpression>,
  folder: ConstantFolder,
): KnownArgument {
  const [argument, ...more] = call.all('arguments')
  if (argument === undefined) return { constantArguments: {}, isConstant: true }
  const object = more.length === 0 ? objectOf(argument, folder) : null
  if (object === null) return { constantArguments: {}, isConstant: false }
  return knownProperties(object, folder)
}

function knownProperties(object: SyntaxPath, folder: ConstantFolder): KnownArgument {
  const known = new Map<string, JsonValue>()
  let isConstant = true
  for (const property of object.children) {
    const isNamed = property.is('ObjectProperty') || property.is('ObjectMethod')
    const name = isNamed && !setsPrototype(property) ? folder.keyName(property) : null
    if (name === null) {
      // It may replace any property written before it.
      known.clear()
      isConstant = false
      continue
    }
    const value = property.is('ObjectProperty')
      ? jsonOf(property.get('value'), folder, 0)
      : undefined
    if (value === undefined) {
      known.delete(name)
      isConstant = false
    } else if (value === VANISHES) known.delete(name)
    else known.set(name, value)
  }
  return { constantArguments: Object.fromEntries(known), isConstant }
}

/** `{ __proto__: value }` writes no property of that name; the other spellings of the key do. */
function setsPrototype({ node }: SyntaxPath): boolean {
  if (node.type !== 'ObjectProperty' || node.computed || node.shorthand) return false
  const { key } = node
  return (
    (key.type === 'Identifier' && key.name === '__proto__') ||
    (key.type === 'StringLiteral' && key.value === '__proto__')
  )
}

/** An `undefined` property: on its way to the tool it disappears. */
const VANISHES = Symbol('vanishes')

type Json = JsonValue | typeof VANISHES | undefined

function jsonOf(path: SyntaxPath | null, folder: ConstantFolder, depth: number): Json {
  if (path === null || depth > MAX_DEPTH) return undefined
  const object = objectOf(path, folder)
  if (object !== null) {
    const entries: [string, JsonValue][] = []
    for (const property of object.children) {
      if (!property.is('ObjectProperty') || setsPrototype(property)) return undefined
      const name = folder.keyName(property)
      const value = jsonOf(property.get('value'), folder, depth + 1)
      if (name === null || value === undefined) return undefined
      if (value !== VANISHES) entries.push([name, value])
    }
    return Object.fromEntries(entries)
  }
  if (path.is('ArrayExpression')) {
    if (path.children.length !== path.node.elements.length) return undefined
    const items: JsonValue[] = []
    for (const element of path.children) {
      const value = jsonOf(element, folder, depth + 1)
      if (value === undefined || value === VANISHES) return undefined
      items.push(value)
    }
    return items
  }
  const folded = folder.fold(path)
  if (folded === null) return undefined
  return folded.value === undefined ? VANISHES : constantJson(folded.value)
}

function constantJson(value: Constant): JsonValue | undefined {
  if (typeof value === 'bigint' || value === undefined) return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (value instanceof ConstantObject) {
    const entries = [...value.entries].map(([name, item]) => [name, constantJson(item)] as const)
    return entries.every(([, item]) => item !== undefined)
      ? (Object.fromEntries(entries) as JsonValue)
      : undefined
  }
  if (!Array.isArray(value)) return value as string | boolean | null
  const items = value.map(constantJson)
  return items.every((item) => item !== undefined) ? items : undefined
}

/** An object literal, or the one behind a name that is never changed. */
function objectOf(path: SyntaxPath, folder: ConstantFolder): SyntaxPath<t.ObjectExpression> | null {
  if (path.is('ObjectExpression')) return path
  const binding = bindingOf(path)
  if (binding === undefined || !binding.isConstant || !binding.path.is('VariableDeclarator'))
    return null
  const init = binding.path.get('init')
  if (binding.path.node.id.type !== 'Identifier' || !init?.is('ObjectExpression')) return null
  const isFlat = init.children.every((property) => {
    const value = property.get('value')?.node.type
    return value !== 'ObjectExpression' && value !== 'ArrayExpression'
  })
  return folder.isNeverChanged(binding, isFlat) ? init : null
}
