import { findingAt, type Rule } from '../rule.ts'

const id = 'no-html-comment'

/** `<!--` and `-->` start a comment in scripts and are operators in modules: two readings of one text. */
export const noHtmlComment: Rule = {
  id,
  check: (program) =>
    program.comments
      .filter(({ start }) => {
        const opening = program.code.slice(start ?? 0, (start ?? 0) + 2)
        return opening !== '//' && opening !== '/*'
      })
      .map((comment) =>
        findingAt(program, id, comment, {
          message: 'HTML comments are not allowed: their meaning depends on who reads them',
          hint: 'Write // for a comment, and spaces between operators',
        }),
      ),
}
