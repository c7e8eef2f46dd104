import type * as t from '@babel/types'
import type { ToolUse } from '../program.ts'
import { type CallableNode, calledFunction } from './called-function.ts'
import { argumentOf, type KnownArgument } from './constant-argument.ts'
import type { ConstantFolder } from './constant-value.ts'
import { isInsideLoopOrFunction } from './loops.ts'
import type { ProgramView } from './program-view.ts'
import { bindingOf, isAssigned } from './syntax/names.ts'
import type { Binding } from './syntax/scope.ts'
import { isCall, isMember, type SyntaxPath } from './syntax/syntax-path.ts'

/** A use of a tool with the place that names it. */
export interface TracedToolUse extends ToolUse {
  /** The node that names the tool, or hands it on. */
  readonly path: SyntaxPath
  /** The call, when the tool is called right there. */
  readonly call: CallPath | null
  /** True when the program only asks whether the tool exists. */
  readonly isQuestion: boolean
}

const UNKNOWN: KnownArgument = { constantArguments: {}, isConstant: false }

/** What a value is known to be: all tools, or one of them. */
type Traced = { readonly tool: string | null }

const ALL_TOOLS: Traced = { tool: null }

/** Functions of the language that look at the tools without handing one on. */
const HARMLESS = new Set(['keys', 'getOwnPropertyNames', 'isFrozen', 'hasOwn'])

/**
 * Follows `tools` through a program: member access, destructuring, constant aliases and the parameters of
 * functions that are called by name. Whatever goes anywhere else counts as a use of any tool.
 */
export class ToolTracer {
  readonly #program: ProgramView
  readonly #folder: ConstantFolder
  readonly #uses: TracedToolUse[] = []
  readonly #followed = new Map<Binding, Set<string | null>>()
  #arguments: readonly SyntaxPath[] | null = null

  constructor(program: ProgramView) {
    this.#program = program
    this.#folder = program.folder
  }

  /** Every use of a tool, in the order of the author's text. */
  trace(): readonly TracedToolUse[] {
    for (const { name, path } of this.#program.freeNames) {
      if (name === 'tools') this.#follow(path, ALL_TOOLS)
    }
    return this.#uses.sort((a, b) => a.line - b.line || a.column - b.column)
  }

  /** One place where a traced value is mentioned. */
  #follow(path: SyntaxPath, traced: Traced): void {
    const { parent, key } = path
    if (parent === null) return
    if (isAssigned(path)) return this.#record(path, traced)
    if (isMember(parent)) {
      if (key === 'object') return this.#member(parent, traced)
    } else if (isCall(parent)) {
      if (key === 'callee') return this.#call(path, parent, traced)
      if (key === 'arguments') return this.#argument(path, parent, traced)
    } else if (parent.is('VariableDeclarator') && key === 'init') {
      return this.#bind(path, parent.get('id'), traced)
    } else if (parent.is('ObjectProperty') && key === 'value') {
      return this.#property(path, parent, traced)
    } else if (isQuestion(path, parent)) {
      if (traced.tool !== null) this.#record(path, traced, { isQuestion: true })
      return
    }
    this.#record(path, traced)
  }

  #member(parent: MemberPath, traced: Traced): void {
    // `tools.sql.call(…)`: one tool, called in a way that is not followed.
    if (traced.tool !== null) return this.#record(parent, traced)
    const name = this.#folder.memberName(parent)
    if (name === null) return this.#record(parent, ALL_TOOLS)
    this.#follow(parent, { tool: name })
  }

  #call(path: SyntaxPath, call: CallPath, traced: Traced): void {
    const known = traced.tool === null ? UNKNOWN : argumentOf(call, this.#folder)
    this.#record(path, traced, {
      ...known,
      call,
      isQuestion: call.node.type === 'OptionalCallExpression' && call.node.optional === true,
    })
  }

  /** The value is an argument: followed into the function if that is known, else handed on. */
  #argument(path: SyntaxPath, call: CallPath, traced: Traced): void {
    const callee = call.get('callee')
    if (callee === null || (traced.tool === null && this.#isHarmless(callee))) return
    const isMoved = call.children.some(
      (each) => each.is('SpreadElement') && each.order < path.order,
    )
    const parameter = isMoved ? null : this.#parameter(callee, path.index)
    if (parameter === null) return this.#record(path, traced)
    this.#bind(path, parameter, traced)
  }

  /** The parameter that an argument becomes, if nothing else can become of it. */
  #parameter(callee: SyntaxPath, index: number): SyntaxPath | null {
    const target = calledFunction(callee)
    // A function can reach what it was given by `arguments` too, whatever its parameters are.
    if (target === null || this.#usesArguments(target)) return null
    return target.all('params')[index] ?? null
  }

  #usesArguments(target: SyntaxPath<CallableNode>): boolean {
    this.#arguments ??= this.#program.freeNames
      .filter(({ name }) => name === 'arguments')
      .map(({ path }) => path)
    return this.#arguments.some((path) => path.isInside(target))
  }

  /** `{ tools }` as an argument of a known function leads to its destructured parameter. */
  #property(path: SyntaxPath, property: SyntaxPath<t.ObjectProperty>, traced: Traced): void {
    const object = property.parent
    const call = object?.parent
    const key = this.#folder.keyName(property)
    if (object?.is('ObjectExpression') && isCall(call) && object.key === 'arguments') {
      const callee = call.get('callee')
      let parameter = callee && this.#parameter(callee, object.index)
      if (parameter?.is('AssignmentPattern')) parameter = parameter.get('left')
      if (parameter?.is('ObjectPattern') && key !== null) {
        return this.#destructured(path, parameter, { key, traced })
      }
    }
    this.#record(path, traced)
  }

  #destructured(
    path: SyntaxPath,
    pattern: SyntaxPath<t.ObjectPattern>,
    given: { readonly key: string; readonly traced: Traced },
  ): void {
    for (const property of pattern.children) {
      if (!property.is('ObjectProperty')) return this.#record(path, given.traced)
      const name = this.#folder.keyName(property)
      if (name === null) return this.#record(path, given.traced)
      // A function that does not take the property cannot use it.
      if (name === given.key) this.#bind(path, property.get('value'), given.traced)
    }
  }

  /** The value gets a name, or is taken apart. */
  #bind(path: SyntaxPath, target: SyntaxPath | null, traced: Traced): void {
    const pattern = target?.is('AssignmentPattern') ? target.get('left') : target
    if (pattern?.is('Identifier')) return this.#alias(path, pattern, traced)
    if (!pattern?.is('ObjectPattern') || traced.tool !== null) return this.#record(path, traced)
    for (const property of pattern.children) {
      const name = property.is('ObjectProperty') ? this.#folder.keyName(property) : null
      if (name === null) this.#record(property, ALL_TOOLS)
      else this.#bind(property, property.get('value'), { tool: name })
    }
  }

  #alias(path: SyntaxPath, identifier: SyntaxPath, traced: Traced): void {
    const binding = bindingOf(identifier)
    if (binding === undefined) return this.#record(path, traced)
    const followed = this.#followed.get(binding) ?? new Set()
    if (followed.has(traced.tool)) return
    this.#followed.set(binding, followed.add(traced.tool))
    // Destructuring an unknown name is a mistake even where the name is never used.
    if (binding.references.length === 0) this.#record(path, traced, { isQuestion: false })
    for (const reference of binding.references) this.#follow(reference, traced)
  }

  #isHarmless(callee: SyntaxPath): boolean {
    if (!isMember(callee)) return false
    const name = this.#folder.memberName(callee)
    return (
      this.#program.isFree(callee.get('object'), 'Object') && name !== null && HARMLESS.has(name)
    )
  }

  #record(
    path: SyntaxPath,
    traced: Traced,
    details: Partial<KnownArgument & Pick<TracedToolUse, 'call' | 'isQuestion'>> = {},
  ): void {
    this.#uses.push({
      ...UNKNOWN,
      call: null,
      isQuestion: false,
      ...details,
      tool: traced.tool ?? '*',
      isSingle: !isInsideLoopOrFunction(path),
      path,
      ...this.#program.at(path.node),
    })
  }
}

type CallPath = SyntaxPath<t.CallExpression | t.OptionalCallExpression>
type MemberPath = SyntaxPath<t.MemberExpression | t.OptionalMemberExpression>

/** Places that look at a value and let it go. */
function isQuestion(path: SyntaxPath, parent: SyntaxPath): boolean {
  switch (parent.node.type) {
    case 'ExpressionStatement':
      return true
    case 'UnaryExpression':
      return true
    case 'IfStatement':
    case 'ConditionalExpression':
      return path.key === 'test'
    case 'BinaryExpression':
      return true
    default:
      return false
  }
}
