import traverse, { type NodePath } from '@babel/traverse'
import type * as t from '@babel/types'
import type { ProgramFacts, SourcePosition } from '../program.ts'
import { ConstantFolder } from './constant-value.ts'
import { isName } from './names.ts'
import { findReachedNames, type ReachedName } from './reached-names.ts'
import { ToolTracer, type TracedToolUse } from './tool-uses.ts'

/** A place that names something no scope of the program declares. */
export interface FreeName {
  readonly name: string
  readonly path: NodePath<t.Identifier>
}

/** What goes into a view. */
export interface ProgramViewInput {
  readonly source: string
  /** The text that runs. */
  readonly code: string
  readonly file: t.File
  readonly toolNames: readonly string[]
  /** Static imports, which were taken out of the text before it was parsed. */
  readonly imports: readonly (ProgramFacts['imports'][number] & {
    readonly names: readonly string[]
  })[]
  /** Leads an offset in `code` back to the author's text. */
  at(offset: number): SourcePosition
}

/**
 * A parsed program as the rules see it: walked once, its nodes at hand by type and its names resolved by
 * scope.
 */
export class ProgramView {
  readonly source: string
  readonly code: string
  readonly toolNames: readonly string[]
  readonly comments: readonly t.Comment[]
  readonly imports: ProgramViewInput['imports']
  /** Every place that names something from outside the program, in source order. */
  readonly freeNames: readonly FreeName[]
  readonly nodeCount: number
  /** Works out constants, and remembers them for all rules. */
  readonly folder: ConstantFolder = new ConstantFolder()
  #toolUses: readonly TracedToolUse[] | null = null
  #reachedNames: readonly ReachedName[] | null = null
  readonly #byType = new Map<string, NodePath[]>()
  readonly #at: ProgramViewInput['at']

  constructor(input: ProgramViewInput) {
    this.source = input.source
    this.code = input.code
    this.toolNames = input.toolNames
    this.imports = input.imports
    this.comments = input.file.comments ?? []
    this.#at = input.at
    let nodeCount = 0
    traverse(input.file, {
      enter: (path) => {
        nodeCount += 1
        const paths = this.#byType.get(path.type)
        if (paths === undefined) this.#byType.set(path.type, [path])
        else paths.push(path)
      },
    })
    this.nodeCount = nodeCount
    this.freeNames = this.paths('Identifier')
      .filter((path) => isName(path) && path.scope.getBinding(path.node.name) === undefined)
      .map((path) => ({ name: path.node.name, path }))
  }

  /** Every use of a tool, in the order of the author's text. */
  get toolUses(): readonly TracedToolUse[] {
    this.#toolUses ??= new ToolTracer(this).trace()
    return this.#toolUses
  }

  /** Every property reached by a name that can be read off the text, however it is spelled. */
  get reachedNames(): readonly ReachedName[] {
    this.#reachedNames ??= findReachedNames(this)
    return this.#reachedNames
  }

  /** All nodes of the given types, type by type in source order. */
  paths<Type extends t.Node['type']>(
    ...types: readonly Type[]
  ): NodePath<Extract<t.Node, { type: Type }>>[] {
    return types.flatMap(
      (type) => (this.#byType.get(type) ?? []) as NodePath<Extract<t.Node, { type: Type }>>[],
    )
  }

  /** Where a node stands in the author's text. */
  at(node: { readonly start?: number | null }): SourcePosition {
    return this.#at(node.start ?? 0)
  }

  /** Whether an expression is the given name of the outer scope, not a variable of the program. */
  isFree(path: NodePath | null | undefined, name?: string): boolean {
    return (
      path?.isIdentifier() === true &&
      (name === undefined || path.node.name === name) &&
      path.scope.getBinding(path.node.name) === undefined
    )
  }
}
