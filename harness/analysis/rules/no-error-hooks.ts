import type { Rule } from '../rule.ts'

/**
 * `Error.prepareStackTrace` runs the program's code inside error reports, with the frames of whoever made
 * them. `captureStackTrace` alone only shortens a stack, and people write it in error classes.
 */
export const noErrorHooks: Rule = {
  id: 'no-error-hooks',
  severity: 'violation',
  reports: '`prepareStackTrace`, and `captureStackTrace` as a warning',
  because:
    'The first runs code of the program inside error reports, with the frames of whoever made them. The second only shortens a stack, which error classes of people do.',
  message: '{name} is not allowed in a program',
  hint: 'Leave it out; an error class needs a name and a message only',
  examples: {
    reported:
      'Error.prepareStackTrace = (error, frames) => frames\nreturn new Error().stack.length',
    allowed:
      "class NotFound extends Error {\n  name = 'NotFound'\n}\ntry {\n  throw new NotFound('no row')\n} catch (error) {\n  return error.name\n}",
    repaired: "return new Error('no row').message",
  },
  *find(program) {
    for (const { name, path } of program.reachedNames) {
      if (name === 'prepareStackTrace') yield { at: path.node, name }
      if (name === 'captureStackTrace') yield { at: path.node, name, severity: 'warning' }
    }
  },
}
