import { closestName } from '../closest-name.ts'
import { findingAt, type Rule } from '../rule.ts'

const id = 'no-unknown-tool'

/** Tools that this run was not granted. To ask whether one exists is no more than a warning. */
export const noUnknownTool: Rule = {
  id,
  check: (program) =>
    program.toolUses
      .filter(({ tool }) => tool !== '*' && !program.toolNames.includes(tool))
      .map(({ tool, path, isQuestion }) =>
        findingAt(program, id, path.node, {
          message: `There is no tool ${shown(tool)}${meant(tool, program.toolNames)}`,
          hint: available(program.toolNames),
          severity: isQuestion ? 'warning' : 'violation',
        }),
      ),
}

/** A name as the program spells it, if it is short and plain enough to be repeated. */
function shown(tool: string): string {
  return /^[\w$.-]{1,60}$/.test(tool) ? `"${tool}"` : 'of that name'
}

function meant(tool: string, names: readonly string[]): string {
  const closest = closestName(tool, names)
  return closest === null ? '' : `; did you mean "${closest}"?`
}

function available(names: readonly string[]): string {
  if (names.length === 0) return 'This endpoint grants no tools; work with `data`'
  const listed = names.slice(0, 20).join(', ')
  return `Available tools: ${listed}${names.length > 20 ? ', …' : ''}`
}
