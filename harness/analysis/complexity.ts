import type { ProgramView } from './program-view.ts'

/**
 * Ways that a program can take: one, and one more for each branch, loop, case, `catch`, and operator that
 * may leave out its right side. McCabe's number, for the whole program.
 */
export function complexityOf(program: ProgramView): number {
  const branches = program.paths(
    'IfStatement',
    'ConditionalExpression',
    'LogicalExpression',
    'ForStatement',
    'ForInStatement',
    'ForOfStatement',
    'WhileStatement',
    'DoWhileStatement',
    'CatchClause',
  )
  const cases = program.paths('SwitchCase').filter(({ node }) => node.test)
  return 1 + branches.length + cases.length
}
