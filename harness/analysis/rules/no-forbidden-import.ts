import type { PureModule } from '../../program.ts'
import type { Rule } from '../rule.ts'

/** Static imports, re-exports and `require`: a program has no modules but those of the host. */
export const noForbiddenImport: Rule = {
  id: 'no-forbidden-import',
  severity: 'violation',
  reports: '`import` in any form, `export … from`, `import.meta` and `require`',
  because:
    'A program has no modules but the pure ones that the host has registered and its policy allows.',
  message: 'The import of module {name} is not allowed',
  hint: 'Nothing can be imported; use `data`, `tools` and the language itself. Types are imported with `import type`',
  examples: {
    reported: "import { readFile } from 'node:fs/promises'\nreturn readFile('orders.csv', 'utf8')",
    allowed:
      "import type { Order } from './types'\nconst orders: Order[] = data\nreturn orders.length",
    repaired: 'return data.length',
    language: 'ts',
  },
  *find(program) {
    const { modules } = program
    for (const { line, column, specifier, names, isReExport } of program.imports) {
      const at = { line, column }
      const module = isReExport ? undefined : modules.find(({ name }) => name === specifier)
      if (module === undefined) {
        yield {
          at,
          name: specifier,
          ...(modules.length === 0 ? {} : { hint: importable(modules) }),
        }
        continue
      }
      for (const { imported } of names) {
        if (imported === '*' || module.exports.includes(imported)) continue
        const message = `Module "${module.name}" has no export {name}`
        yield { at, name: imported, message, hint: `It exports ${module.exports.join(', ')}` }
      }
    }
    for (const { name, path } of program.freeNames) {
      if (name !== 'require') continue
      const message = '{name} is not available: a program cannot import a module'
      yield { at: path.node, name, message }
    }
  },
}

function importable(modules: readonly PureModule[]): string {
  return `Modules that can be imported: ${modules.map(({ name }) => name).join(', ')}`
}
