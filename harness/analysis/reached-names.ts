import type * as t from '@babel/types'
import { LOOKED_AT_NAMES } from './looked-at-names.ts'
import type { ProgramView } from './program-view.ts'
import { isCall, isMember, type SyntaxPath } from './syntax/syntax-path.ts'

/** A property that the program reaches by a name known from its text. */
export interface ReachedName {
  readonly name: string
  readonly path: SyntaxPath
}

/** Functions that reach a property by a name given as an argument. */
const REACHING: ReadonlySet<string> = new Set([
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
 * Every property of `LOOKED_AT_NAMES` that is reached by a name that can be read off the text, however it is
 * spelled: `a.b`, `a['b']`, `a['x' + 'y']`, `a[yes ? 'b' : 'c']`, `const { b } = a`, `Reflect.get(a, 'b')`.
 */
export function findReachedNames(program: ProgramView): readonly ReachedName[] {
  const { folder } = program
  const reached: ReachedName[] = []
  const add = (name: string, path: SyntaxPath) => {
    if (LOOKED_AT_NAMES.has(name)) reached.push({ name, path })
  }
  for (const path of program.paths('MemberExpression', 'OptionalMemberExpression')) {
    const { computed, property } = path.node
    if (!computed && property.type === 'Identifier') add(property.name, path)
    else for (const name of folder.memberNames(path)) add(name, path)
  }
  for (const property of program.paths('ObjectProperty')) {
    if (property.parent?.is('ObjectPattern')) {
      for (const name of folder.keyNames(property)) add(name, property)
    } else if (setsPrototype(property.node)) add('__proto__', property)
  }
  for (const call of program.paths('CallExpression', 'OptionalCallExpression')) {
    for (const argument of reachingArguments(call, program)) {
      for (const name of folder.texts(argument)) add(name, argument)
    }
  }
  return reached
}

/** `{ __proto__: value }` sets the prototype. With `null` it only makes an object without one. */
function setsPrototype({ computed, shorthand, key, value }: t.ObjectProperty): boolean {
  if (computed || shorthand) return false
  const isProto =
    (key.type === 'Identifier' && key.name === '__proto__') ||
    (key.type === 'StringLiteral' && key.value === '__proto__')
  return isProto && value.type !== 'NullLiteral'
}

function reachingArguments(call: SyntaxPath, program: ProgramView): readonly SyntaxPath[] {
  const callee = call.get('callee')
  if (!isCall(call) || !isMember(callee)) return []
  const { computed, property } = callee.node
  const isPlain = !computed && property.type === 'Identifier'
  const name = isPlain ? property.name : program.folder.memberName(callee)
  if (name === null || !REACHING.has(name)) return []
  const object = callee.get('object')
  const isHidden = name.startsWith('__')
  if (!isHidden && !program.isFree(object, 'Reflect') && !program.isFree(object, 'Object'))
    return []
  return call.all('arguments').slice(isHidden ? 0 : 1, isHidden ? 1 : 2)
}
