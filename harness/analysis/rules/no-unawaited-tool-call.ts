import type { Rule } from '../rule.ts'
import { bindingOf } from '../syntax/names.ts'
import { isMember, type SyntaxPath } from '../syntax/syntax-path.ts'

const PROMISE_METHODS: ReadonlySet<string> = new Set(['then', 'catch', 'finally'])

/** Tool calls whose answer is used before it is there, or not waited for at all. */
export const noUnawaitedToolCall: Rule = {
  id: 'no-unawaited-tool-call',
  severity: 'warning',
  reports: 'tool calls whose answer is used before it is there, or that nothing waits for',
  because:
    'A tool answers with a promise. Without `await` its properties are undefined, and the run may end before the call does.',
  message: 'The call of a tool gives a promise that is not awaited',
  hint: 'Did you forget `await` in front of the call?',
  examples: {
    reported: "const rates = tools.get_rates({ base: 'EUR' })\nreturn rates.USD",
    allowed:
      "const rates = tools.get_rates({ base: 'EUR' })\nconst rows = data.length\nreturn [rows, await rates]",
    repaired: "const rates = await tools.get_rates({ base: 'EUR' })\nreturn rates.USD",
  },
  *find(program) {
    for (const { call, tool } of program.toolUses) {
      if (call === null || !isUsedAsAnswer(call)) continue
      const message = 'The call of tool {name} gives a promise that is not awaited'
      yield tool === '*' ? { at: call.node } : { at: call.node, name: tool, message }
    }
  },
}

function isUsedAsAnswer(call: SyntaxPath): boolean {
  const { parent } = call
  if (parent?.is('ExpressionStatement')) return true
  if (readsAnswer(call)) return true
  if (!parent?.is('VariableDeclarator')) return false
  const { id: target } = parent.node
  if (target.type === 'ObjectPattern' || target.type === 'ArrayPattern') return true
  const binding = bindingOf(parent.get('id'))
  return binding?.isConstant === true && binding.references.some(readsAnswer)
}

/** A property of a promise is read that promises do not have. */
function readsAnswer({ parent, key }: SyntaxPath): boolean {
  if (key !== 'object' || !isMember(parent)) return false
  const { property, computed } = parent.node
  return property.type !== 'Identifier' || computed === true || !PROMISE_METHODS.has(property.name)
}
