import type * as t from '@babel/types'
import { range } from './node-walk.ts'
import { type ParsedScript, SCRIPT_CLOSING } from './parse-script.ts'
import { type EndingNames, endingOf } from './program-ending.ts'
import type { MappedText, Splice } from './text-map.ts'
import type { RemovedImport } from './typescript-module-syntax.ts'

/** A program that ends in a `return` and has no declarations of a module any more. */
export interface NormalisedProgram {
  /** The wrapped text; the same object as before when nothing had to change. */
  readonly text: MappedText
  readonly imports: readonly RemovedImport[]
}

/**
 * Brings the endings that models write into one form, by splices into the wrapped text. In this order:
 *
 * 1. `import` declarations go (a rule reports them), `export` in front of a declaration is dropped.
 * 2. A program with a top-level `return` stays as it is.
 * 3. `export default` of a function: it is called and its value returned. Parameters are bound by name:
 *    `data`, `tools`, anything else gets one object `{ data, tools }`.
 * 4. A last statement that is an expression with a value, such as `await main();`, is returned.
 * 5. A top-level `result`, declared or not, is returned.
 * 6. A top-level function `main` that nothing calls is called like the one of step 3.
 */
export function normaliseProgram(script: ParsedScript): NormalisedProgram {
  const { body, text } = script
  const imports: RemovedImport[] = []
  const splices: Splice[] = []
  let entry: t.ExportDefaultDeclaration | null = null
  let exported: string | null = null
  for (const node of body.body) {
    const { start, end } = range(node)
    switch (node.type) {
      case 'ImportDeclaration':
        imports.push({
          specifier: node.source.value,
          names: node.specifiers.map(({ local }) => local.name),
          ...text.at(start),
        })
        splices.push({ start, end, text: '' })
        break
      case 'ExportAllDeclaration':
        imports.push({ specifier: node.source.value, names: [], ...text.at(start) })
        splices.push({ start, end, text: '' })
        break
      case 'ExportNamedDeclaration':
        if (node.source) {
          imports.push({ specifier: node.source.value, names: [], ...text.at(start) })
        }
        exported ??= defaultOf(node)
        splices.push({
          start,
          end: node.declaration ? range(node.declaration).start : end,
          text: '',
        })
        break
      case 'ExportDefaultDeclaration':
        entry = node
        break
    }
  }
  const names = freshNames(text.text)
  if (entry !== null) splices.push(...bindEntry(entry, names))
  splices.push(
    ...endingOf(body, { entry, exported, names, end: text.text.length - SCRIPT_CLOSING.length }),
  )
  return { text: splices.length === 0 ? text : text.splice(splices), imports }
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

/** Makes the default export reachable by a name. A named function keeps its own, which is hoisted. */
function bindEntry(node: t.ExportDefaultDeclaration, names: EndingNames): Splice[] {
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

function freshNames(text: string): EndingNames {
  let suffix = ''
  while (text.includes(`entry$${suffix}`)) suffix += '$'
  return { entry: `entry$${suffix}` }
}
