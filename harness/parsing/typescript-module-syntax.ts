import { parse } from '@babel/parser'
import type { SourcePosition } from '../program.ts'

/** A static import that was taken out of a program. */
export interface RemovedImport extends SourcePosition {
  readonly specifier: string
  /** The names it would have bound. */
  readonly names: readonly string[]
}

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
  let text = source
  const blank = (start: number, end: number) => {
    text =
      text.slice(0, start) + text.slice(start, end).replaceAll(/[^\n\r]/g, ' ') + text.slice(end)
  }
  for (const node of body) {
    const { start, end, loc } = node
    if (typeof start !== 'number' || typeof end !== 'number' || !loc) return null
    if (node.type === 'ImportDeclaration') {
      blank(start, end)
      const specifiers = node.specifiers.filter(
        (one) => one.type !== 'ImportSpecifier' || one.importKind !== 'type',
      )
      const isType = specifiers.length === 0 && node.specifiers.length > 0
      if (node.importKind === 'type' || isType) continue
      imports.push({
        specifier: node.source.value,
        names: specifiers.map(({ local }) => local.name),
        line: loc.start.line,
        column: loc.start.column + 1,
      })
    } else if (node.type === 'ExportNamedDeclaration' && !node.source) {
      blank(start, node.declaration?.start ?? end)
    }
  }
  return text === source ? null : { text, imports }
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
