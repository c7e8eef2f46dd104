import type { NodePath } from '@babel/traverse'
import type * as t from '@babel/types'
import { ALLOWED_GLOBALS, ASSIGNABLE_GLOBALS } from '../global-names.ts'
import { isAssigned } from '../names.ts'
import type { ProgramView } from '../program-view.ts'
import { findingAt, type Rule } from '../rule.ts'

const id = 'no-prototype-access'

const HIDDEN = new Set([
  '__proto__',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
])

/** Functions whose first argument is changed, by `Object` or `Reflect`. */
const CHANGING = new Set([
  'setPrototypeOf',
  'defineProperty',
  'defineProperties',
  'assign',
  'set',
  'deleteProperty',
])

/**
 * Ways into prototypes that everything shares: `__proto__` and its relatives, and changes to objects of the
 * language. Classes, `extends` and prototypes of the program's own stay usable.
 */
export const noPrototypeAccess: Rule = {
  id,
  check: (program) => [
    ...program.reachedNames
      .filter(({ name }) => HIDDEN.has(name))
      .map(({ name, path }) =>
        findingAt(program, id, path.node, {
          message: `"${name}" is not allowed: it reaches prototypes that everything shares`,
          hint: 'Use a class, Object.create, or a Map for names that come from data',
        }),
      ),
    ...program
      .paths('MemberExpression')
      .filter((path) => isAssigned(path) && isOfLanguage(program, path))
      .map(({ node }) => changed(program, node)),
    ...program
      .paths('CallExpression')
      .filter((path) => changesLanguage(program, path))
      .map(({ node }) => changed(program, node)),
  ],
}

function changed(program: ProgramView, node: t.Node): ReturnType<typeof findingAt> {
  return findingAt(program, id, node, {
    message: 'Objects of the language cannot be changed',
    hint: 'Write a function of your own and call it',
  })
}

/** A global, or something reached from it, such as `Array.prototype`. */
function isOfLanguage(program: ProgramView, path: NodePath): boolean {
  let root: NodePath = path
  while (root.isMemberExpression()) root = root.get('object') as NodePath
  if (!root.isIdentifier() || !program.isFree(root)) return false
  const { name } = root.node
  return ALLOWED_GLOBALS.has(name) && !ASSIGNABLE_GLOBALS.has(name) && name !== 'arguments'
}

function changesLanguage(program: ProgramView, path: NodePath<t.CallExpression>): boolean {
  const callee = path.get('callee') as NodePath
  const first = path.get('arguments')[0] as NodePath | undefined
  if (!callee.isMemberExpression() || first === undefined) return false
  const object = callee.get('object') as NodePath
  if (!program.isFree(object, 'Object') && !program.isFree(object, 'Reflect')) return false
  const { property } = callee.node
  const name = property.type === 'Identifier' && !callee.node.computed ? property.name : null
  return name !== null && CHANGING.has(name) && isOfLanguage(program, first)
}
