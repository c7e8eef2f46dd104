import { parse } from '@babel/parser'
import { importedNames, type RemovedImport } from './module-declarations.ts'

/**
 * Blanks what a module has and the body of a function may not have: imports, and the word `export`
 * before a declaration. Only for a text that also returns, which the lowering library takes neither as
 * module nor as function. The answer is lowered and parsed afresh, so a text that two grammars read
 * differently gains nothing here.
 *
 * @returns `null` when the text cannot be parsed or has nothing to blank.
 */
export function blankModuleSyntax(
  source: string,
): { readonly text: string; readonly imports: readonly RemovedImport[] } | null {
  const body = parseModule(source)
  if (body === null) return null
  const imports: RemovedImport[] = []
  const parts: string[] = []
  let from = 0
  const blank = (start: number, end: number) => {
    parts.push(source.slice(from, start), source.slice(start, end).replaceAll(/[^\n\r]/g, ' '))
    from = end
  }
  for (const node of body) {
    const { start, end, loc } = node
    if (typeof start !== 'number' || typeof end !== 'number' || !loc) return null
    const at = { line: loc.start.line, column: loc.start.column + 1 }
    if (node.type === 'ImportDeclaration') {
      blank(start, end)
      const names = importedNames(node)
      const isType = names.length === 0 && node.specifiers.length > 0
      if (node.importKind === 'type' || isType) continue
      imports.push({ specifier: node.source.value, names, ...at })
    } else if (node.type === 'TSImportEqualsDeclaration') {
      blank(start, end)
      const { moduleReference } = node
      const isModule = moduleReference.type === 'TSExternalModuleReference'
      const specifier = isModule ? moduleReference.expression.value : node.id.name
      imports.push({ specifier, names: [{ imported: '*', local: node.id.name }], ...at })
    } else if (node.type === 'ExportNamedDeclaration' && !node.source) {
      blank(start, node.declaration?.start ?? end)
    }
  }
  if (from === 0) return null
  return { text: parts.join('') + source.slice(from), imports }
}

function parseModule(source: string): ReturnType<typeof parse>['program']['body'] | null {
  try {
    return parse(source, {
      sourceType: 'module',
      plugins: ['typescript'],
      allowReturnOutsideFunction: true,
      errorRecovery: true,
    }).program.body
  } catch {
    // The caller has the error of the lowering library, which is the one that counts.
    return null
  }
}
