import { posix } from 'node:path'
import { parse } from '@babel/parser'
import type { ExportNamedDeclaration, ImportDeclaration, Program, Statement } from '@babel/types'

/** Returns the text of a file of the repository, or null when there is none. */
export type ReadSource = (path: string) => string | null

/**
 * Lists the exported symbols of `entry` whose declaration has no TSDoc block, as `name (file)`.
 * Re-exports are followed to the file that declares the symbol.
 */
export function undocumentedExports(entry: string, read: ReadSource): string[] {
  const { names, missing } = exportedNames(entry, read)
  const undocumented = names.flatMap((name) => {
    const declaration = findDeclaration(entry, name, read)
    if (declaration === null) return [`${name} (not found from ${entry})`]
    return declaration.isDocumented ? [] : [`${name} (${declaration.path})`]
  })
  return [...missing, ...undocumented]
}

interface Declaration {
  readonly path: string
  readonly isDocumented: boolean
}

function findDeclaration(path: string, name: string, read: ReadSource): Declaration | null {
  const program = parseSource(path, read)
  if (program === null) return null
  for (const statement of program.body) {
    const found = declarationIn(statement, { path, name, program, read })
    if (found !== null) return found
  }
  return null
}

interface Search {
  readonly path: string
  readonly name: string
  readonly program: Program
  readonly read: ReadSource
}

function declarationIn(statement: Statement, search: Search): Declaration | null {
  const { path, name, program, read } = search
  if (statement.type === 'ExportAllDeclaration') {
    return findDeclaration(resolvePath(path, statement.source.value), name, read)
  }
  if (statement.type !== 'ExportNamedDeclaration') return null
  if (statement.declaration && declaredNames(statement.declaration).includes(name)) {
    return { path, isDocumented: hasBlock(statement) }
  }
  const local = localNameOf(statement, name)
  if (local === null) return null
  if (statement.source)
    return findDeclaration(resolvePath(path, statement.source.value), local, read)
  return findLocal(path, local, program, read)
}

/** `export { a }` names something declared or imported elsewhere in the file. */
function findLocal(
  path: string,
  name: string,
  program: Program,
  read: ReadSource,
): Declaration | null {
  for (const statement of program.body) {
    if (statement.type === 'ImportDeclaration') {
      const imported = importedNameOf(statement, name)
      const source = resolvePath(path, statement.source.value)
      if (imported !== null) return findDeclaration(source, imported, read)
    }
    if (declaredNames(statement).includes(name)) return { path, isDocumented: hasBlock(statement) }
  }
  return null
}

function exportedNames(path: string, read: ReadSource): { names: string[]; missing: string[] } {
  const program = parseSource(path, read)
  if (program === null) return { names: [], missing: [`${path} does not exist`] }
  const result: { names: string[]; missing: string[] } = { names: [], missing: [] }
  for (const statement of program.body) {
    if (statement.type === 'ExportAllDeclaration') {
      const inner = exportedNames(resolvePath(path, statement.source.value), read)
      result.names.push(...inner.names)
      result.missing.push(...inner.missing)
    }
    if (statement.type !== 'ExportNamedDeclaration') continue
    if (statement.declaration) result.names.push(...declaredNames(statement.declaration))
    for (const specifier of statement.specifiers) result.names.push(nameOf(specifier.exported))
  }
  return result
}

function declaredNames(statement: Statement): string[] {
  if (statement.type === 'VariableDeclaration') {
    return statement.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []))
  }
  if (!('id' in statement) || statement.id?.type !== 'Identifier') return []
  return [statement.id.name]
}

function localNameOf(statement: ExportNamedDeclaration, name: string): string | null {
  for (const specifier of statement.specifiers) {
    if (nameOf(specifier.exported) !== name || specifier.type !== 'ExportSpecifier') continue
    return nameOf(specifier.local)
  }
  return null
}

function importedNameOf(statement: ImportDeclaration, name: string): string | null {
  for (const specifier of statement.specifiers) {
    if (specifier.local.name !== name || specifier.type !== 'ImportSpecifier') continue
    return nameOf(specifier.imported)
  }
  return null
}

function nameOf(node: { type: string; name?: unknown; value?: unknown }): string {
  return String(node.type === 'StringLiteral' ? node.value : node.name)
}

function hasBlock(statement: Statement): boolean {
  const block = statement.leadingComments?.findLast((comment) => comment.value.startsWith('*'))
  return block?.type === 'CommentBlock' && /[\p{L}]{3}/u.test(block.value)
}

function resolvePath(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier)
}

function parseSource(path: string, read: ReadSource): Program | null {
  const source = read(path)
  if (source === null) return null
  return parse(source, { sourceType: 'module', plugins: ['typescript'], attachComment: true })
    .program
}
