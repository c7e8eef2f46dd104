import { closestName } from '../closest-name.ts'
import type { Rule } from '../rule.ts'

/** Tools that this run was not granted. To ask whether one exists is no more than a warning. */
export const noUnknownTool: Rule = {
  id: 'no-unknown-tool',
  severity: 'violation',
  reports:
    'tools that are not granted to the run; as a warning where the program only asks for one',
  because:
    'A call of it would fail when the program runs, after other calls have already been made.',
  message: 'There is no tool {name}',
  hint: 'This endpoint grants no tools; work with `data`',
  examples: {
    reported: "return tools.get_rate({ base: 'EUR' })",
    allowed: "return tools.get_rates({ base: 'EUR' })",
    repaired: "return tools.get_rates({ base: 'EUR' })",
  },
  *find(program) {
    const { toolNames } = program
    for (const { tool, path, isQuestion } of program.toolUses) {
      if (tool === '*' || toolNames.includes(tool)) continue
      const closest = closestName(tool, toolNames)
      yield {
        at: path.node,
        name: tool,
        message: `There is no tool {name}${closest === null ? '' : `; did you mean "${closest}"?`}`,
        ...(toolNames.length === 0 ? {} : { hint: available(toolNames) }),
        severity: isQuestion ? 'warning' : 'violation',
      }
    }
  },
}

function available(names: readonly string[]): string {
  const listed = names.slice(0, 20).join(', ')
  return `Available tools: ${listed}${names.length > 20 ? ', …' : ''}`
}
