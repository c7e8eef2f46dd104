import { parse } from '@babel/parser'
import traverse from '@babel/traverse'
import type * as t from '@babel/types'
import { SyntaxTree } from '../analysis/syntax/syntax-tree.ts'
import type { PureModule } from '../program.ts'
import { freshName } from './fresh-name.ts'
import { range } from './node-walk.ts'
import { bindEntry } from './normalise-program.ts'
import { readProgram } from './read-program.ts'
import { MappedText, type Splice } from './text-map.ts'

/** A module that programs can import, or why the text is none. */
export type ReadPureModule =
  | { readonly ok: true; readonly module: PureModule }
  | { readonly ok: false; readonly problems: readonly string[] }

/**
 * Turns the text of an ES module into an expression that gives its exports. It is held to the rules of
 * programs, and may not import, wait or mention `data` and `tools`: then it is a mere part of the program
 * that imports it. Exports have the values they have when the module's text is through.
 */
export function readPureModule(name: string, source: string): ReadPureModule {
  let body: readonly t.Statement[]
  try {
    body = parse(source, { sourceType: 'module' }).program.body
  } catch (error) {
    return { ok: false, problems: [error instanceof Error ? error.message : 'It cannot be parsed'] }
  }
  const exported = exportsOf(body, freshName('default', source))
  if (typeof exported === 'string') return { ok: false, problems: [exported] }
  const { splices, names } = exported
  const text = MappedText.identity(source).splice(splices).text
  const members = [...names].map(([as, local]) => `${JSON.stringify(as)}: ${local}`)
  const code = `(() => {\n${text}\nreturn { __proto__: null, ${members.join(', ')} };\n})()`
  const problems = problemsOf(code)
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, module: { name, code, exports: [...names.keys()] } }
}

interface Exports {
  readonly splices: readonly Splice[]
  /** The local name behind each exported one. */
  readonly names: ReadonlyMap<string, string>
}

function exportsOf(body: readonly t.Statement[], fresh: string): Exports | string {
  const splices: Splice[] = []
  const names = new Map<string, string>()
  for (const node of body) {
    const { start, end } = range(node)
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        return `It imports "${node.source.value}"`
      case 'ExportDefaultDeclaration': {
        const { type, id } = { id: null, ...node.declaration }
        const isNamed = type === 'FunctionDeclaration' || type === 'ClassDeclaration'
        names.set('default', isNamed && id?.type === 'Identifier' ? id.name : fresh)
        splices.push(...bindEntry(node, { entry: fresh }))
        break
      }
      case 'ExportNamedDeclaration': {
        if (node.source) return `It imports "${node.source.value}"`
        for (const [as, local] of namesOf(node)) names.set(as, local)
        const kept = node.declaration ? range(node.declaration).start : end
        splices.push({ start, end: kept, text: '' })
      }
    }
  }
  return { splices, names }
}

function namesOf(node: t.ExportNamedDeclaration): [as: string, local: string][] {
  const { declaration } = node
  if (declaration?.type === 'FunctionDeclaration' || declaration?.type === 'ClassDeclaration') {
    const name = declaration.id?.name
    return name === undefined ? [] : [[name, name]]
  }
  if (declaration?.type === 'VariableDeclaration') {
    return declaration.declarations.flatMap(({ id }): [string, string][] =>
      id.type === 'Identifier' ? [[id.name, id.name]] : [],
    )
  }
  return node.specifiers.flatMap((specifier): [string, string][] => {
    if (specifier.type !== 'ExportSpecifier' || specifier.local.type !== 'Identifier') return []
    const { exported, local } = specifier
    return [[exported.type === 'Identifier' ? exported.name : exported.value, local.name]]
  })
}

/** What the rules say of the module as a part of a program. */
function problemsOf(code: string): string[] {
  const read = readProgram({
    source: `return ${code}`,
    language: 'js',
    toolNames: [],
    modules: [],
    skipRules: false,
  })
  const said = read.findings
    .filter(({ severity }) => severity === 'violation')
    .map(({ message, line }) => (line === undefined ? message : `${message} (line ${line - 1})`))
  return said.length > 0 ? said : namesOfRun(code)
}

/**
 * A module knows nothing of the run: it gets what it works on as arguments. Two readings are asked, and
 * what one of them finds counts: a module is read once, when the app starts, so the slower one may take
 * its time.
 */
function namesOfRun(code: string): string[] {
  const file = parse(`(${code})`, { sourceType: 'script', strictMode: true })
  const used = new Set(new SyntaxTree(file.program).freeNames.map(({ name }) => name))
  traverse(file, {
    Program({ scope }) {
      for (const name of Object.keys(scope.globals)) used.add(name)
    },
  })
  return ['data', 'tools'].filter((name) => used.has(name)).map((name) => `It uses "${name}"`)
}
