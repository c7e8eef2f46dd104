import type { ProgramView } from '../program-view.ts'
import type { Rule } from '../rule.ts'
import type { SyntaxPath } from '../syntax/syntax-path.ts'

const TIMERS: ReadonlySet<string> = new Set(['setTimeout', 'setInterval'])

/** `eval` and `Function` by any mention, and timers that are given text: code no gate has read. */
export const noEval: Rule = {
  id: 'no-eval',
  severity: 'violation',
  reports: '`eval`, `Function` and timers that are given text',
  because:
    'Text that becomes code while the program runs is read by no rule and by no approver. The engine of the sandbox has it switched off as well.',
  message: '{name} is not allowed: it turns text into code',
  hint: 'Write the code out, or use JSON.parse for data',
  examples: {
    reported: "return eval('1 + 1')",
    allowed: "return JSON.parse('[1, 1]')",
    repaired: 'return 1 + 1',
  },
  *find(program) {
    for (const { name, path } of program.freeNames) {
      if (name === 'eval' || (name === 'Function' && !isTypeTest(path))) {
        yield { at: path.node, name }
      } else if (TIMERS.has(name) && isGivenText(program, path)) {
        const message = '{name} is given text instead of a function'
        yield { at: path.node, name, message, hint: `Write ${name}(() => …, delay)` }
      }
    }
  },
}

/** `value instanceof Function` only asks. */
function isTypeTest({ parent, key }: SyntaxPath): boolean {
  return (
    key === 'right' &&
    parent?.is('BinaryExpression') === true &&
    parent.node.operator === 'instanceof'
  )
}

function isGivenText(program: ProgramView, { parent, key }: SyntaxPath): boolean {
  if (!parent?.is('CallExpression') || key !== 'callee') return false
  const first = parent.get('arguments')
  if (first === null || program.isFree(first)) return false
  if (first.is('TemplateLiteral')) return true
  if (first.is('BinaryExpression') && first.node.operator === '+') return true
  return typeof program.folder.fold(first)?.value === 'string'
}
