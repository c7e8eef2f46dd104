import type { Rule } from '../rule.ts'

/** `WebAssembly`: code that no rule can read. */
export const noWebAssembly: Rule = {
  id: 'no-web-assembly',
  severity: 'violation',
  reports: '`WebAssembly` by any mention',
  because: 'A binary module is code that no rule and no approver can read.',
  message: '{name} is not allowed: nobody can read what it runs',
  hint: 'Write it in JavaScript',
  examples: {
    reported: 'const module = new WebAssembly.Module(new Uint8Array(data))\nreturn typeof module',
    allowed: "const text = 'WebAssembly'\nreturn text.length",
    repaired: 'const bytes = new Uint8Array(data)\nreturn bytes.length',
  },
  *find(program) {
    for (const { name, path } of program.freeNames) {
      if (name === 'WebAssembly') yield { at: path.node, name }
    }
  },
}
