import type * as t from '@babel/types'
import type { PureModule } from '../program.ts'
import { freshName } from './fresh-name.ts'
import type { RemovedImport } from './module-declarations.ts'
import { range } from './node-walk.ts'
import type { Splice } from './text-map.ts'

/** Where declarations go that the whole program sees: behind `"use strict";`, in the wrapper's first line. */
export function afterDirectives(body: t.BlockStatement): { start: number; end: number } {
  const [strict] = body.directives
  const offset = strict === undefined ? range(body).start + 1 : range(strict).end
  return { start: offset, end: offset }
}

/**
 * Puts the text of imported modules in front of a program and binds the imported names to what it exports:
 * the program that is analysed, approved and run contains the modules it uses.
 */
export function bindModules(
  body: t.BlockStatement,
  imports: readonly RemovedImport[],
  given: { readonly modules: readonly PureModule[]; readonly text: string },
): Splice[] {
  const lines: string[] = []
  const names = new Map<PureModule, string>()
  for (const { specifier, names: bound } of imports) {
    const module = given.modules.find(({ name }) => name === specifier)
    if (module === undefined || bound === null) continue
    let name = names.get(module)
    if (name === undefined) {
      name = `${freshName('module', given.text)}${names.size}`
      names.set(module, name)
      lines.push(`const ${name} = ${module.code};`)
    }
    for (const { imported, local } of bound) {
      const value = imported === '*' ? name : `${name}[${JSON.stringify(imported)}]`
      lines.push(`const ${local} = ${value};`)
    }
  }
  return lines.length === 0 ? [] : [{ ...afterDirectives(body), text: lines.join('\n') }]
}
