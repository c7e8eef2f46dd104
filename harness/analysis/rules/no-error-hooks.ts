import { findingAt, type Rule } from '../rule.ts'

const id = 'no-error-hooks'

/**
 * `Error.prepareStackTrace` runs the program's code inside error reports, with the frames of whoever made
 * them. `captureStackTrace` alone only shortens a stack, and people write it in error classes.
 */
export const noErrorHooks: Rule = {
  id,
  check: (program) =>
    program.reachedNames
      .filter(({ name }) => name === 'prepareStackTrace' || name === 'captureStackTrace')
      .map(({ name, path }) =>
        findingAt(program, id, path.node, {
          message: `"${name}" is not allowed in a program`,
          hint: 'Leave it out; an error class needs a name and a message only',
          severity: name === 'prepareStackTrace' ? 'violation' : 'warning',
        }),
      ),
}
