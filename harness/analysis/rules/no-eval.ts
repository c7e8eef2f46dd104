import type { NodePath } from '@babel/traverse'
import type { ProgramView } from '../program-view.ts'
import { findingAt, type Rule } from '../rule.ts'

const id = 'no-eval'

const TIMERS = new Set(['setTimeout', 'setInterval'])

/** `eval` and `Function` by any mention, and timers that are given text: code no gate has read. */
export const noEval: Rule = {
  id,
  check: (program) =>
    program.freeNames.flatMap(({ name, path }) => {
      if (name === 'eval' || name === 'Function') {
        if (name === 'Function' && isTypeTest(path)) return []
        const message = `"${name}" is not allowed: it turns text into code`
        const hint = 'Write the code out, or use JSON.parse for data'
        return [findingAt(program, id, path.node, { message, hint })]
      }
      if (!TIMERS.has(name) || !isGivenText(program, path)) return []
      const message = `"${name}" is given text instead of a function`
      return [findingAt(program, id, path.node, { message, hint: `Write ${name}(() => …, delay)` })]
    }),
}

/** `value instanceof Function` only asks. */
function isTypeTest(path: NodePath): boolean {
  return (
    path.key === 'right' && path.parentPath?.isBinaryExpression({ operator: 'instanceof' }) === true
  )
}

function isGivenText(program: ProgramView, path: NodePath): boolean {
  const call = path.parentPath
  if (!call?.isCallExpression() || path.key !== 'callee') return false
  const first = call.get('arguments')[0] as NodePath | undefined
  if (first === undefined || program.isFree(first)) return false
  if (first.isTemplateLiteral() || first.isBinaryExpression({ operator: '+' })) return true
  return typeof program.folder.fold(first)?.value === 'string'
}
