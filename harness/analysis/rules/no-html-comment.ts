import type { Rule } from '../rule.ts'

/** `<!--` and `-->` start a comment in scripts and are operators in modules: two readings of one text. */
export const noHtmlComment: Rule = {
  id: 'no-html-comment',
  severity: 'violation',
  reports: '`<!--` and `-->` where they start a comment',
  because:
    'They start a comment in a script and are operators in a module, so one text could be two programs.',
  message: 'HTML comments are not allowed: their meaning depends on who reads them',
  hint: 'Write // for a comment, and spaces between operators',
  examples: {
    reported: '<!-- count the rows\nreturn data.length',
    allowed: "const comment = '<!-- count the rows -->'\nreturn comment.length",
    repaired: '// count the rows\nreturn data.length',
  },
  *find(program) {
    for (const comment of program.comments) {
      const start = comment.start ?? 0
      const opening = program.code.slice(start, start + 2)
      if (opening !== '//' && opening !== '/*') yield { at: comment }
    }
  },
}
