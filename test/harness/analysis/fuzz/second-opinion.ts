import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from '@babel/parser'
import traverse, { type NodePath } from '@babel/traverse'
import type * as t from '@babel/types'
import { QuickJS } from 'quickjs-wasi'
import { bindingOf, isName } from '../../../../harness/analysis/syntax/names.ts'
import { SyntaxTree } from '../../../../harness/analysis/syntax/syntax-tree.ts'

/** The one part of `WebAssembly` used here; the type library of Node does not describe it. */
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<object> }

/**
 * Leads every name of a text to its declaration twice, by our own tree and by `@babel/traverse`. Places
 * where version 8.1.2 of the latter is wrong are left out: names inside functions in the expression that a `switch`
 * switches on, which it takes for those of the cases, and names in the pattern of a `catch`, which it
 * does not find.
 *
 * @returns What they do not agree on: where a name is declared, and whether it keeps one value.
 */
export function nameDisagreements(code: string): readonly string[] {
  const file = parse(code, { sourceType: 'script', attachComment: false })
  const ours = new Map<t.Node, { readonly place: string; readonly isConstant: boolean }>()
  const tree = new SyntaxTree(file.program)
  for (const path of tree.paths('Identifier')) {
    if (!isName(path)) continue
    const binding = bindingOf(path)
    const place = binding === undefined ? 'outside' : placeOf(binding.path.node)
    ours.set(path.node, { place, isConstant: binding?.isConstant ?? true })
  }
  const problems: string[] = []
  let count = 0
  traverse(file, {
    enter(path) {
      count += 1
      if (!path.isIdentifier()) return
      const mine = ours.get(path.node)
      if (mine === undefined || isMisread(path)) return
      const binding = path.scope.getBinding(path.node.name)
      // A function in the body of another has a parameter's name: the parameter is gone, not changed.
      const isHidden =
        binding?.kind === 'param' &&
        binding.constantViolations.some((each) => each.isFunctionDeclaration())
      if (isHidden || binding?.constantViolations.some(isMisread) === true) return
      const places = binding === undefined ? ['outside'] : placesAround(binding.path)
      if (!places.includes(mine.place)) {
        problems.push(`${path.node.name} at ${path.node.start}: ${mine.place}, not ${places[0]}`)
      } else if (mine.isConstant && binding?.constant === false && binding.kind !== 'hoisted') {
        // The other way round there is a reason: a parameter that the body declares again.
        problems.push(`${path.node.name} at ${path.node.start} has several values`)
      }
    },
  })
  if (count !== tree.nodeCount) problems.push(`${tree.nodeCount} nodes, not ${count}`)
  return problems
}

function isMisread(path: NodePath): boolean {
  // The name of a function, looked up from inside it, where a parameter may have the same one.
  if (path.key === 'id' && path.parentPath?.isFunctionDeclaration() === true) return true
  return (
    path.find(
      ({ key, parentPath }) =>
        (key === 'discriminant' && parentPath?.isSwitchStatement() === true) ||
        (key === 'param' && parentPath?.isCatchClause() === true),
    ) !== null
  )
}

function placeOf(node: t.Node): string {
  return `${node.type}@${node.start}`
}

/** What declares a name is a part of it for one and the whole for the other: a parameter or its function. */
function placesAround(path: NodePath): string[] {
  const around = path.findParent((parent) => parent.isFunction() || parent.isCatchClause())
  return [path, path.parentPath, around].flatMap((each) => (each ? [placeOf(each.node)] : []))
}

/** The engine of the sandbox, asked whether it takes a text. Nothing of the text is run. */
export class EngineGrammar {
  readonly #module: object

  private constructor(module: object) {
    this.#module = module
  }

  static async load(): Promise<EngineGrammar> {
    const path = fileURLToPath(import.meta.resolve('quickjs-wasi/quickjs.wasm'))
    return new EngineGrammar(await WebAssembly.compile(new Uint8Array(readFileSync(path))))
  }

  /** @returns The engine's reason to refuse the text, or `null`. */
  async refuses(code: string): Promise<string | null> {
    // A fresh instance each time: what is compiled is kept as long as the instance lives.
    const vm = await QuickJS.create({ wasm: this.#module as never, maxStackSize: 512 * 1024 })
    try {
      vm.evalCode(code).dispose()
      return null
    } catch (error) {
      return error instanceof Error ? error.message : 'unknown'
    } finally {
      vm.dispose()
    }
  }
}
