import type { NodePath } from '@babel/traverse'
import type * as t from '@babel/types'
import type { ProgramView } from './program-view.ts'

/** A property that the program reaches by a name known from its text. */
export interface ReachedName {
  readonly name: string
  readonly path: NodePath
}

/** Functions that reach a property by a name given as an argument. */
const REACHING = new Set([
  'get',
  'set',
  'has',
  'defineProperty',
  'getOwnPropertyDescriptor',
  'deleteProperty',
  '__lookupGetter__',
  '__lookupSetter__',
  '__defineGetter__',
  '__defineSetter__',
])

/**
 * Every property reached by a name that can be read off the text, however it is spelled: `a.b`, `a['b']`,
 * `a['x' + 'y']`, `const { b } = a`, `Reflect.get(a, 'b')`.
 */
export function findReachedNames(program: ProgramView): readonly ReachedName[] {
  const { folder } = program
  const reached: ReachedName[] = []
  const add = (name: string | null, path: NodePath) => {
    if (name !== null) reached.push({ name, path })
  }
  for (const path of program.paths('MemberExpression', 'OptionalMemberExpression')) {
    add(folder.memberName(path), path)
  }
  for (const pattern of program.paths('ObjectPattern')) {
    for (const property of pattern.get('properties')) {
      if (property.isObjectProperty()) add(folder.keyName(property), property)
    }
  }
  for (const object of program.paths('ObjectExpression')) {
    for (const property of object.get('properties')) {
      if (setsPrototype(property)) add('__proto__', property)
    }
  }
  for (const call of program.paths('CallExpression', 'OptionalCallExpression')) {
    for (const argument of reachingArguments(call, program)) add(folder.text(argument), argument)
  }
  return reached
}

/** `{ __proto__: value }` sets the prototype. With `null` it only makes an object without one. */
function setsPrototype(property: NodePath<t.ObjectExpression['properties'][number]>): boolean {
  if (!property.isObjectProperty() || property.node.computed || property.node.shorthand)
    return false
  const { key, value } = property.node
  const isProto =
    (key.type === 'Identifier' && key.name === '__proto__') ||
    (key.type === 'StringLiteral' && key.value === '__proto__')
  return isProto && value.type !== 'NullLiteral'
}

function reachingArguments(
  call: NodePath<t.CallExpression | t.OptionalCallExpression>,
  program: ProgramView,
): NodePath[] {
  const callee = call.get('callee') as NodePath
  if (!callee.isMemberExpression() && !callee.isOptionalMemberExpression()) return []
  const name = program.folder.memberName(callee as NodePath<t.MemberExpression>)
  if (name === null || !REACHING.has(name)) return []
  const object = callee.get('object') as NodePath
  const isHidden = name.startsWith('__')
  if (!isHidden && !program.isFree(object, 'Reflect') && !program.isFree(object, 'Object'))
    return []
  return (call.get('arguments') as NodePath[]).slice(isHidden ? 0 : 1, isHidden ? 1 : 2)
}
