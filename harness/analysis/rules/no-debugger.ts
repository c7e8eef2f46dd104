import { findingAt, type Rule } from '../rule.ts'

const id = 'no-debugger'

/** `debugger`: nobody is there to continue. */
export const noDebugger: Rule = {
  id,
  check: (program) =>
    program.paths('DebuggerStatement').map(({ node }) =>
      findingAt(program, id, node, {
        message: '"debugger" is not allowed: nobody is there to continue',
        hint: 'Remove it; console.log shows values',
      }),
    ),
}
