import type * as t from '@babel/types'
import type { SourcePosition } from '../program.ts'
import { range } from './node-walk.ts'
import type { Splice } from './text-map.ts'

/** One name that an import binds. */
export interface ImportedName {
  /** What the module calls it: a name, `default`, or `*` for all of them as one object. */
  readonly imported: string
  readonly local: string
}

/** An import or re-export that was taken out of a program. */
export interface RemovedImport extends SourcePosition {
  readonly specifier: string
  /** `null` for re-exports, which bind nothing. */
  readonly names: readonly ImportedName[] | null
}

/** What the declarations of a module in a program amount to. */
export interface ModuleDeclarations {
  readonly imports: readonly RemovedImport[]
  /** What removes them, with the word `export` in front of other declarations. */
  readonly splices: readonly Splice[]
  readonly entry: t.ExportDefaultDeclaration | null
  /** The local name behind `export { main as default }`. */
  readonly exported: string | null
}

/** Finds what a module has and the body of a function may not have. */
export function findModuleDeclarations(
  body: readonly t.Statement[],
  at: (offset: number) => SourcePosition,
): ModuleDeclarations {
  const imports: RemovedImport[] = []
  const splices: Splice[] = []
  let entry: t.ExportDefaultDeclaration | null = null
  let exported: string | null = null
  for (const node of body) {
    const { start, end } = range(node)
    switch (node.type) {
      case 'ImportDeclaration':
        imports.push({ specifier: node.source.value, names: importedNames(node), ...at(start) })
        splices.push({ start, end, text: '' })
        break
      case 'ExportAllDeclaration':
        imports.push({ specifier: node.source.value, names: null, ...at(start) })
        splices.push({ start, end, text: '' })
        break
      case 'ExportNamedDeclaration': {
        if (node.source) imports.push({ specifier: node.source.value, names: null, ...at(start) })
        exported ??= defaultOf(node)
        const kept = node.declaration ? range(node.declaration).start : end
        splices.push({ start, end: kept, text: '' })
        break
      }
      case 'ExportDefaultDeclaration':
        entry = node
        break
    }
  }
  return { imports, splices, entry, exported }
}

/** The names that an import binds, those of types left out. */
export function importedNames(node: t.ImportDeclaration): ImportedName[] {
  return node.specifiers.flatMap((specifier) => {
    const local = specifier.local.name
    if (specifier.type === 'ImportDefaultSpecifier') return [{ imported: 'default', local }]
    if (specifier.type === 'ImportNamespaceSpecifier') return [{ imported: '*', local }]
    if (specifier.importKind === 'type') return []
    const { imported } = specifier
    return [{ imported: imported.type === 'Identifier' ? imported.name : imported.value, local }]
  })
}

/** `export { main as default }` */
function defaultOf(node: t.ExportNamedDeclaration): string | null {
  for (const specifier of node.specifiers) {
    if (specifier.type !== 'ExportSpecifier') continue
    const { exported, local } = specifier
    const name = exported.type === 'Identifier' ? exported.name : exported.value
    if (name === 'default') return local.type === 'Identifier' ? local.name : null
  }
  return null
}
