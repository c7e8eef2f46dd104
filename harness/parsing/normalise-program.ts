import type * as t from '@babel/types'
import type { PureModule } from '../program.ts'
import { bindModules } from './bind-modules.ts'
import { freshName } from './fresh-name.ts'
import { findModuleDeclarations, type RemovedImport } from './module-declarations.ts'
import { range } from './node-walk.ts'
import { type ParsedScript, SCRIPT_CLOSING } from './parse-script.ts'
import { type EndingNames, endingOf } from './program-ending.ts'
import type { MappedText, Splice } from './text-map.ts'

/** A program that ends in a `return` and has no declarations of a module any more. */
export interface NormalisedProgram {
  /** The wrapped text; the same object as before when nothing had to change. */
  readonly text: MappedText
  readonly imports: readonly RemovedImport[]
}

/** What a program may use beside its own text. */
export interface NormaliseOptions {
  readonly modules: readonly PureModule[]
  /** Imports that lowering has taken out already. */
  readonly imports: readonly RemovedImport[]
}

/**
 * Brings the endings that models write into one form, by splices into the wrapped text. In this order:
 *
 * 1. `import` declarations go. Those of a pure module that is allowed become constants at the beginning,
 *    behind the module's own text; a rule reports the others. `export` in front of a declaration is dropped.
 * 2. A program with a top-level `return` stays as it is.
 * 3. `export default` of a function: it is called and its value returned. Parameters are bound by name:
 *    `data`, `tools`, anything else gets one object `{ data, tools }`.
 * 4. A last statement that is an expression with a value, such as `await main();`, is returned.
 * 5. A top-level `result`, declared or not, is returned.
 * 6. A top-level function `main` that nothing calls is called like the one of step 3.
 */
export function normaliseProgram(
  script: ParsedScript,
  options: NormaliseOptions,
): NormalisedProgram {
  const { body, text } = script
  const found = findModuleDeclarations(body.body, (offset) => text.at(offset))
  const imports = [...options.imports, ...found.imports]
  const names = { entry: freshName('entry', text.text) }
  const splices: Splice[] = [...found.splices]
  if (found.entry !== null) splices.push(...bindEntry(found.entry, names))
  splices.push(...bindModules(body, imports, { modules: options.modules, text: text.text }))
  const { entry, exported } = found
  const end = text.text.length - SCRIPT_CLOSING.length
  splices.push(...endingOf(body, { entry, exported, names, end }))
  return { text: splices.length === 0 ? text : text.splice(splices), imports }
}

/** Makes the default export reachable by a name. A named function keeps its own, which is hoisted. */
export function bindEntry(node: t.ExportDefaultDeclaration, names: EndingNames): Splice[] {
  const { start, end } = range(node)
  const { declaration } = node
  const from = range(declaration).start
  const isNamed =
    (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration') &&
    declaration.id
  if (isNamed) return [{ start, end: from, text: '' }]
  return [
    { start, end: wordsEnd(node, from), text: `const ${names.entry} = ` },
    { start: end, end, text: ';' },
  ]
}

/** Parentheses around the exported expression belong to it and are no part of its node. */
function wordsEnd(node: t.ExportDefaultDeclaration, from: number): number {
  const open = node.declaration.extra?.['parenStart']
  return typeof open === 'number' ? Math.min(open, from) : from
}
