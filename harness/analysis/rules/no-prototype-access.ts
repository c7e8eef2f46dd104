import { ALLOWED_GLOBALS, ASSIGNABLE_GLOBALS } from '../global-names.ts'
import type { ProgramView } from '../program-view.ts'
import type { Rule } from '../rule.ts'
import { isAssigned } from '../syntax/names.ts'
import { isCall, isMember, type SyntaxPath } from '../syntax/syntax-path.ts'

const HIDDEN: ReadonlySet<string> = new Set([
  '__proto__',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
])

/** Functions whose first argument is changed, by `Object` or `Reflect`. */
const CHANGING: ReadonlySet<string> = new Set([
  'setPrototypeOf',
  'defineProperty',
  'defineProperties',
  'assign',
  'set',
  'deleteProperty',
])

const CHANGED = {
  message: 'Objects of the language cannot be changed',
  hint: 'Write a function of your own and call it',
}

/**
 * Ways into prototypes that everything shares: `__proto__` and its relatives, and changes to objects of the
 * language. Classes, `extends` and prototypes of the program's own stay usable.
 */
export const noPrototypeAccess: Rule = {
  id: 'no-prototype-access',
  severity: 'violation',
  reports: '`__proto__` and its relatives, and changes to objects of the language',
  because:
    'What is changed there changes for every value of the program, in places that nobody looks at. Classes and prototypes of the program itself stay usable.',
  message: '{name} is not allowed: it reaches prototypes that everything shares',
  hint: 'Use a class, Object.create, or a Map for names that come from data',
  examples: {
    reported: 'Array.prototype.sum = function () { return this.length }\nreturn data.sum()',
    allowed: "const counts = { __proto__: null }\ncounts['a'] = 1\nreturn counts",
    repaired: 'const sum = (list) => list.length\nreturn sum(data)',
  },
  *find(program) {
    for (const { name, path } of program.reachedNames) {
      if (HIDDEN.has(name)) yield { at: path.node, name }
    }
    for (const path of program.paths('MemberExpression')) {
      if (isAssigned(path) && isOfLanguage(program, path)) yield { at: path.node, ...CHANGED }
    }
    for (const { name, path } of program.freeNames) {
      if (name !== 'Object' && name !== 'Reflect') continue
      const call = path.parent?.parent
      if (call && changesLanguage(program, call, path)) yield { at: call.node, ...CHANGED }
    }
  },
}

/** A global, or something reached from it, such as `Array.prototype`. */
function isOfLanguage(program: ProgramView, path: SyntaxPath): boolean {
  let root: SyntaxPath | null = path
  while (root?.is('MemberExpression')) root = root.get('object')
  if (!root?.is('Identifier') || !program.isFree(root)) return false
  const { name } = root.node
  return ALLOWED_GLOBALS.has(name) && !ASSIGNABLE_GLOBALS.has(name) && name !== 'arguments'
}

function changesLanguage(program: ProgramView, call: SyntaxPath, object: SyntaxPath): boolean {
  const callee = object.parent
  const first = call.get('arguments')
  if (!isMember(callee) || !isCall(call) || callee.key !== 'callee' || first === null) return false
  const name = program.folder.memberName(callee)
  return name !== null && CHANGING.has(name) && isOfLanguage(program, first)
}
