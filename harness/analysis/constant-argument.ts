import type { Binding, NodePath } from '@babel/traverse'
import type * as t from '@babel/types'
import type { JsonValue } from '../json-value.ts'
import type { ToolUse } from '../program.ts'
import type { Constant, ConstantFolder } from './constant-value.ts'
import { bindingOf, isAssigned } from './names.ts'

/** What is known of a tool call's argument before the program runs. */
export type KnownArgument = Pick<ToolUse, 'constantArguments' | 'isConstant'>

const MAX_DEPTH = 16

/** Reads the constant properties of a call's one argument. An omitted argument equals `{}`. */
export function argumentOf(
  call: NodePath<t.CallExpression | t.OptionalCallExpression>,
  folder: ConstantFolder,
): KnownArgument {
  const [argument, ...more] = call.get('arguments') as NodePath[]
  if (argument === undefined) return { constantArguments: {}, isConstant: true }
  const object = more.length === 0 ? objectOf(argument) : null
  if (object === null) return { constantArguments: {}, isConstant: false }
  return knownProperties(object, folder)
}

function knownProperties(
  object: NodePath<t.ObjectExpression>,
  folder: ConstantFolder,
): KnownArgument {
  const known = new Map<string, JsonValue>()
  let isConstant = true
  for (const property of object.get('properties')) {
    const name = property.isSpreadElement() ? null : folder.keyName(property)
    if (name === null) {
      // It may replace any property written before it.
      known.clear()
      isConstant = false
      continue
    }
    const value = property.isObjectProperty()
      ? jsonOf(property.get('value') as NodePath, folder, 0)
      : undefined
    if (value === undefined) {
      known.delete(name)
      isConstant = false
    } else if (value === VANISHES) known.delete(name)
    else known.set(name, value)
  }
  return { constantArguments: Object.fromEntries(known), isConstant }
}

/** An `undefined` property: on its way to the tool it disappears. */
const VANISHES = Symbol('vanishes')

function jsonOf(
  path: NodePath,
  folder: ConstantFolder,
  depth: number,
): JsonValue | typeof VANISHES | undefined {
  if (depth > MAX_DEPTH) return undefined
  const object = objectOf(path)
  if (object !== null) {
    const entries: [string, JsonValue][] = []
    for (const property of object.get('properties')) {
      if (!property.isObjectProperty()) return undefined
      const name = folder.keyName(property)
      const value = jsonOf(property.get('value') as NodePath, folder, depth + 1)
      if (name === null || value === undefined) return undefined
      if (value !== VANISHES) entries.push([name, value])
    }
    return Object.fromEntries(entries)
  }
  if (path.isArrayExpression()) {
    const items: JsonValue[] = []
    for (const element of path.get('elements') as NodePath[]) {
      const value = element.node ? jsonOf(element, folder, depth + 1) : undefined
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
  if (!Array.isArray(value)) return value as string | boolean | null
  const items = value.map(constantJson)
  return items.every((item) => item !== undefined) ? items : undefined
}

/** An object literal, or the one behind a name that is never changed. */
function objectOf(path: NodePath): NodePath<t.ObjectExpression> | null {
  if (path.isObjectExpression()) return path
  const binding = bindingOf(path)
  if (binding === undefined || !binding.constant || !binding.path.isVariableDeclarator())
    return null
  const init = binding.path.get('init') as NodePath
  if (binding.path.node.id.type !== 'Identifier' || !init.isObjectExpression()) return null
  return isNeverChanged(binding) ? init : null
}

/**
 * Whether an object behind a name stays as it was written: its name is only read from by property, spread,
 * or given to a call of a member, which is what a tool call is.
 */
function isNeverChanged(binding: Binding): boolean {
  return binding.referencePaths.every((reference) => {
    const parent = reference.parentPath
    if (parent === null) return false
    if (parent.isSpreadElement()) return true
    if (parent.isMemberExpression() && reference.key === 'object') {
      const user = parent.parentPath
      const isUsed =
        user?.isMemberExpression() || (user?.isCallExpression() && parent.key === 'callee')
      return !isAssigned(parent) && !isUsed
    }
    if (!parent.isCallExpression() || reference.listKey !== 'arguments') return false
    const callee = parent.get('callee') as NodePath
    if (!callee.isMemberExpression()) return false
    const object = callee.get('object') as NodePath
    return object.isIdentifier({ name: 'tools' }) && bindingOf(object) === undefined
  })
}
