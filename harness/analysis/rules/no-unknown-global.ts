import { closestName } from '../closest-name.ts'
import { ALLOWED_GLOBALS, ASSIGNABLE_GLOBALS, INSTEAD_OF, OWN_RULE } from '../global-names.ts'
import type { ProgramView } from '../program-view.ts'
import type { Rule, RulePlace } from '../rule.ts'
import { isAssigned } from '../syntax/names.ts'
import type { FreeName } from '../syntax/syntax-tree.ts'

/**
 * Names that no scope of the program declares and that are not on the list of what a program may use.
 * An allow list: a global nobody thought of is refused.
 */
export const noUnknownGlobal: Rule = {
  id: 'no-unknown-global',
  severity: 'violation',
  reports:
    'names that the program does not declare and that are not on the list of what it may use; as a warning where `typeof` only asks for one',
  because:
    'There is no process, no network and no file system in a program. Names are led to their declarations by scope, so a local variable may be called `process`.',
  message: '{name} is not available in a program',
  hint: 'Declare it, or use `data`, `tools` and the globals of the language',
  examples: {
    reported: "const answer = await fetch('https://example.com/rates')\nreturn answer.json()",
    allowed: 'const process = (row) => row.id\nreturn data.map(process)',
    repaired: "return tools.get_rates({ base: 'EUR' })",
  },
  *find(program) {
    const imported = new Set(
      program.imports.flatMap(({ names }) => names.map(({ local }) => local)),
    )
    for (const free of program.freeNames) {
      // The finding for the import says what is wrong with a name that it would have bound.
      if (OWN_RULE.has(free.name) || imported.has(free.name)) continue
      if (!ALLOWED_GLOBALS.has(free.name)) yield unknown(free, program)
      else if (!ASSIGNABLE_GLOBALS.has(free.name) && isAssigned(free.path)) {
        const message = '{name} belongs to the runtime and cannot be assigned'
        const hint = 'Declare a variable with a name of its own'
        yield { at: free.path.node, name: free.name, message, hint }
      }
    }
  },
}

function unknown({ name, path }: FreeName, program: ProgramView): RulePlace {
  const { parent } = path
  const isQuestion = parent?.is('UnaryExpression') && parent.node.operator === 'typeof'
  const hint = hintFor(name, program)
  return { at: path.node, name, hint, severity: isQuestion ? 'warning' : 'violation' }
}

function hintFor(name: string, program: ProgramView): string {
  if (program.toolNames.includes(name)) return `Tools are called as tools.${name}(…)`
  const instead = INSTEAD_OF[name]
  if (instead !== undefined) return instead
  const tool = closestName(name, program.toolNames)
  if (tool !== null) return `Did you mean the tool "${tool}"? Tools are called as tools.name(…)`
  const close = closestName(name, ALLOWED_GLOBALS)
  return close === null ? noUnknownGlobal.hint : `Did you mean "${close}"?`
}
