import { findingAt, type Rule } from '../rule.ts'

const id = 'no-forbidden-import'

const HINT =
  'Nothing can be imported; use `data`, `tools` and the language itself. Types are imported with `import type`'

/** Static imports, re-exports and `require`: a program has no modules. */
export const noForbiddenImport: Rule = {
  id,
  check: (program) => [
    ...program.imports.map(({ line, column, specifier }) => ({
      ruleId: id,
      source: 'analysis',
      severity: 'violation' as const,
      message: `The import of module ${quote(specifier)} is not allowed`,
      hint: HINT,
      line,
      column,
    })),
    ...program.freeNames
      .filter(({ name }) => name === 'require')
      .map(({ path }) =>
        findingAt(program, id, path.node, {
          message: '"require" is not available: a program cannot import a module',
          hint: HINT,
        }),
      ),
  ],
}

/** A module's name is the program's own text: shown short and in printable characters only. */
function quote(specifier: string | null): string {
  if (specifier === null) return 'with a computed name'
  return /^[\w@./:-]{1,60}$/.test(specifier) ? `"${specifier}"` : 'of that name'
}
