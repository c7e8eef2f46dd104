import type { Rule } from '../rule.ts'

/** `//# sourceMappingURL=…` and `//# sourceURL=…`: engines and tools take orders from them. */
export const noSourceMapComment: Rule = {
  id: 'no-source-map-comment',
  severity: 'violation',
  reports: 'comments that name a source map or the address of the source',
  because:
    'Engines and tools obey them: they give code another name in stacks and logs, and make a debugger fetch an address of the program’s choice.',
  message: 'A comment must not say where the source of the program is',
  hint: 'Remove the comment',
  examples: {
    reported: 'return data.length\n//# sourceMappingURL=https://example.com/program.js.map',
    allowed: 'return data.length // the source map of the shop is not needed here',
    repaired: 'return data.length',
  },
  *find(program) {
    for (const comment of program.comments) {
      if (DIRECTION.test(comment.value.slice(0, 200))) yield { at: comment }
    }
  },
}

/** What follows `//` or the opening of a block comment: `#` or, in the old form, `@`. */
const DIRECTION = /^\s{0,20}[#@]\s{0,20}source(?:Mapping)?URL\s{0,20}=/i
