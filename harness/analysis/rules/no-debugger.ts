import type { Rule } from '../rule.ts'

/** `debugger`: nobody is there to continue. */
export const noDebugger: Rule = {
  id: 'no-debugger',
  severity: 'violation',
  reports: 'the statement `debugger`',
  because: 'It stops a process that has a debugger attached, and nobody is there to continue.',
  message: '"debugger" is not allowed: nobody is there to continue',
  hint: 'Remove it; console.log shows values',
  examples: {
    reported: 'debugger\nreturn data.length',
    allowed: "const debuggers = ['gdb', 'lldb']\nreturn debuggers",
    repaired: 'console.log(data)\nreturn data.length',
  },
  *find(program) {
    for (const { node } of program.paths('DebuggerStatement')) yield { at: node }
  },
}
