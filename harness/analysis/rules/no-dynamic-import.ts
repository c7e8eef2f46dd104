import type { Rule } from '../rule.ts'

/** `import(…)`: a specifier chosen at run time reaches whatever the loader can reach. */
export const noDynamicImport: Rule = {
  id: 'no-dynamic-import',
  severity: 'violation',
  reports: '`import()` with any argument',
  because:
    'A module that is chosen while the program runs could be any module. The sandbox has no module loader.',
  message: 'import() is not allowed: a program cannot load a module',
  hint: 'Use `data`, `tools` and the language itself',
  examples: {
    reported: "const { sum } = await import('lodash-es')\nreturn sum(data)",
    allowed: "const text = 'import(data)'\nreturn text.length",
    repaired: 'return data.reduce((total, each) => total + each, 0)',
  },
  *find(program) {
    for (const { node } of program.paths('ImportExpression')) yield { at: node }
  },
}
