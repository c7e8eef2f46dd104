import type * as t from '@babel/types'
import type { PureModule, SourcePosition } from '../program.ts'
import { ConstantFolder } from './constant-value.ts'
import { findReachedNames, type ReachedName } from './reached-names.ts'
import { bindingOf } from './syntax/names.ts'
import type { NodeOf, SyntaxPath } from './syntax/syntax-path.ts'
import { type FreeName, SyntaxTree } from './syntax/syntax-tree.ts'
import { ToolTracer, type TracedToolUse } from './tool-uses.ts'

/** An import or re-export as the program wrote it. */
export interface StaticImport extends SourcePosition {
  readonly specifier: string
  readonly names: readonly { readonly imported: string; readonly local: string }[]
  readonly isReExport: boolean
}

/** What goes into a view. */
export interface ProgramViewInput {
  readonly source: string
  /** The text that runs. */
  readonly code: string
  readonly file: t.File
  readonly toolNames: readonly string[]
  /** Modules of the host that the program may import. */
  readonly modules: readonly PureModule[]
  /** Static imports, which were taken out of the text before it was parsed. */
  readonly imports: readonly StaticImport[]
  /** Leads an offset in `code` back to the author's text. */
  at(offset: number): SourcePosition
}

/** A parsed program as the rules see it: its nodes by type, its names resolved, its constants known. */
export class ProgramView {
  readonly source: string
  readonly code: string
  readonly toolNames: readonly string[]
  readonly comments: readonly t.Comment[]
  readonly modules: readonly PureModule[]
  readonly imports: readonly StaticImport[]
  readonly tree: SyntaxTree
  /** Works out constants, and remembers them for all rules. */
  readonly folder: ConstantFolder = new ConstantFolder()
  #toolUses: readonly TracedToolUse[] | null = null
  #reachedNames: readonly ReachedName[] | null = null
  readonly #at: ProgramViewInput['at']

  constructor(input: ProgramViewInput) {
    this.source = input.source
    this.code = input.code
    this.toolNames = input.toolNames
    this.modules = input.modules
    this.imports = input.imports
    this.comments = input.file.comments ?? []
    this.tree = new SyntaxTree(input.file.program)
    this.#at = input.at
  }

  /** Every place that names something from outside the program, in the order of the text. */
  get freeNames(): readonly FreeName[] {
    return this.tree.freeNames
  }

  /** Every use of a tool, in the order of the author's text. */
  get toolUses(): readonly TracedToolUse[] {
    this.#toolUses ??= new ToolTracer(this).trace()
    return this.#toolUses
  }

  /** Every property of `LOOKED_AT_NAMES` that is reached by a name that can be read off the text. */
  get reachedNames(): readonly ReachedName[] {
    this.#reachedNames ??= findReachedNames(this)
    return this.#reachedNames
  }

  /** All nodes of the given types, type by type. */
  paths<Type extends t.Node['type']>(
    ...types: readonly Type[]
  ): readonly SyntaxPath<NodeOf<Type>>[] {
    return this.tree.paths(...types)
  }

  /** Where a node stands in the author's text. */
  at(node: { readonly start?: number | null }): SourcePosition {
    return this.#at(node.start ?? 0)
  }

  /** Whether an expression is the given name of the outer scope, not a variable of the program. */
  isFree(path: SyntaxPath | null | undefined, name?: string): boolean {
    return (
      path?.is('Identifier') === true &&
      (name === undefined || path.node.name === name) &&
      bindingOf(path) === undefined
    )
  }
}
