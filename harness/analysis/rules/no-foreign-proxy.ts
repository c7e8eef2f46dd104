import { ALLOWED_GLOBALS } from '../global-names.ts'
import type { ProgramView } from '../program-view.ts'
import type { Rule } from '../rule.ts'
import { bindingOf } from '../syntax/names.ts'
import { isCall, isMember, type SyntaxPath } from '../syntax/syntax-path.ts'

/** Names whose values are the host's or the language's rather than the program's. */
const NOT_FOREIGN: ReadonlySet<string> = new Set(['undefined', 'NaN', 'Infinity', 'arguments'])

/** `Proxy` and `Reflect` on something that the program did not make. */
export const noForeignProxy: Rule = {
  id: 'no-foreign-proxy',
  severity: 'warning',
  reports: '`new Proxy` and `Reflect` on `tools`, `data` and objects of the language',
  because:
    'Through a proxy the text no longer shows which tool is called with what. The tool gate sees the real call all the same, so this is a warning.',
  message: '{name} on something that the program did not make hides what is done with it',
  hint: 'Name the tool or property directly',
  examples: {
    reported:
      'const quiet = new Proxy(tools, { get: (target, name) => target[name] })\nreturn quiet.get_rates({})',
    allowed: 'const log = new Proxy({}, { get: (_target, name) => name })\nreturn log.hello',
    repaired: 'return tools.get_rates({})',
  },
  *find(program) {
    for (const { name, path } of program.freeNames) {
      if (name !== 'Proxy' && name !== 'Reflect') continue
      // `new Proxy(…)`, or `Reflect.get(…)` and `Proxy.revocable(…)`.
      const callee = isMember(path.parent) && path.key === 'object' ? path.parent : path
      const call = callee.parent
      const isUsed = callee.key === 'callee' && (call?.is('NewExpression') || isCall(call))
      if (call && isUsed && isForeign(program, call.get('arguments'))) yield { at: call.node, name }
    }
  },
}

function isForeign(program: ProgramView, path: SyntaxPath | null): boolean {
  let root = path
  while (isMember(root)) root = root.get('object')
  const binding = bindingOf(root)
  // `const t = tools` is the host's object under another name.
  if (binding?.isConstant === true && binding.path.is('VariableDeclarator')) {
    root = binding.path.get('init')
  }
  if (!root?.is('Identifier') || !program.isFree(root)) return false
  return ALLOWED_GLOBALS.has(root.node.name) && !NOT_FOREIGN.has(root.node.name)
}
