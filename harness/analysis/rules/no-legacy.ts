import type { ProgramView } from '../program-view.ts'
import type { Rule } from '../rule.ts'
import { bindingOf } from '../syntax/names.ts'
import { isMember, type SyntaxPath } from '../syntax/syntax-path.ts'

const OF_ARGUMENTS: ReadonlySet<string> = new Set(['callee', 'caller'])
const OF_FUNCTIONS: ReadonlySet<string> = new Set(['caller', 'arguments'])

/** `arguments.callee`, and `caller` of functions: ways from a call to the functions around it. */
export const noLegacy: Rule = {
  id: 'no-legacy',
  severity: 'violation',
  reports: '`arguments.callee`, `arguments.caller`, and `caller` and `arguments` of a function',
  because:
    'They lead from a call to the functions that made it, out of the program where the runtime called it. Strict code throws there.',
  message: '{name} of a call or function is not allowed',
  hint: 'Give the function a name and use that',
  examples: {
    reported: 'return (function (n) { return n ? n * arguments.callee(n - 1) : 1 })(5)',
    allowed: 'const call = { caller: data.phone }\nreturn call.caller',
    repaired: 'return (function factorial(n) { return n ? n * factorial(n - 1) : 1 })(5)',
  },
  *find(program) {
    for (const { name, path } of program.reachedNames) {
      if (!OF_ARGUMENTS.has(name) && !OF_FUNCTIONS.has(name)) continue
      if (isMember(path) && isLegacy(name, path.get('object'), program))
        yield { at: path.node, name }
    }
  },
}

function isLegacy(name: string, object: SyntaxPath | null, program: ProgramView): boolean {
  if (object === null) return false
  if (isArguments(object, program)) return OF_ARGUMENTS.has(name)
  return OF_FUNCTIONS.has(name) && bindingOf(object)?.kind === 'function'
}

/** `arguments`, or a name that stands for it. */
function isArguments(path: SyntaxPath, program: ProgramView): boolean {
  if (program.isFree(path, 'arguments')) return true
  const binding = bindingOf(path)
  const declarator = binding?.isConstant === true ? binding.path : null
  return (
    declarator?.is('VariableDeclarator') === true &&
    program.isFree(declarator.get('init'), 'arguments')
  )
}
