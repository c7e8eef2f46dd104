import { closestName } from '../closest-name.ts'
import { ALLOWED_GLOBALS, ASSIGNABLE_GLOBALS, INSTEAD_OF, OWN_RULE } from '../global-names.ts'
import { isAssigned } from '../names.ts'
import type { ProgramView } from '../program-view.ts'
import { findingAt, type Rule } from '../rule.ts'

const id = 'no-unknown-global'

/**
 * Names that no scope of the program declares and that are not on the list of what a program may use.
 * An allow list: a global nobody thought of is refused.
 */
export const noUnknownGlobal: Rule = {
  id,
  check: (program) => {
    const imported = new Set(program.imports.flatMap(({ names }) => names))
    return program.freeNames.flatMap(({ name, path }) => {
      // The finding for the import says what is wrong with a name that it would have bound.
      if (OWN_RULE.has(name) || imported.has(name)) return []
      if (!ALLOWED_GLOBALS.has(name)) {
        const message = `"${name}" is not available in a program`
        return [findingAt(program, id, path.node, { message, hint: hintFor(name, program) })]
      }
      if (!isAssigned(path) || ASSIGNABLE_GLOBALS.has(name)) return []
      const message = `"${name}" belongs to the runtime and cannot be assigned`
      const hint = 'Declare a variable with a name of its own'
      return [findingAt(program, id, path.node, { message, hint })]
    })
  },
}

function hintFor(name: string, program: ProgramView): string {
  if (program.toolNames.includes(name)) return `Tools are called as tools.${name}(…)`
  const instead = INSTEAD_OF[name]
  if (instead !== undefined) return instead
  const tool = closestName(name, program.toolNames)
  if (tool !== null) return `Did you mean the tool "${tool}"? Tools are called as tools.name(…)`
  const close = closestName(name, ALLOWED_GLOBALS)
  if (close !== null) return `Did you mean "${close}"?`
  return 'Declare it, or use `data`, `tools` and the globals of the language'
}
