import { findingAt, type Rule } from '../rule.ts'

const id = 'no-dynamic-import'

/** `import(…)`: a specifier chosen at run time reaches whatever the loader can reach. */
export const noDynamicImport: Rule = {
  id,
  check: (program) =>
    program.paths('ImportExpression', 'Import').map(({ node }) =>
      findingAt(program, id, node, {
        message: 'import() is not allowed: a program cannot load a module',
        hint: 'Use `data`, `tools` and the language itself',
      }),
    ),
}
