import type { Binding, NodePath } from '@babel/traverse'
import type * as t from '@babel/types'
import type { ToolUse } from '../program.ts'
import { argumentOf, type KnownArgument } from './constant-argument.ts'
import type { ConstantFolder } from './constant-value.ts'
import { isInsideLoopOrFunction } from './loops.ts'
import { isAssigned } from './names.ts'
import type { ProgramView } from './program-view.ts'

/** A use of a tool with the place that names it. */
export interface TracedToolUse extends ToolUse {
  /** The node that names the tool, or hands it on. */
  readonly path: NodePath
  /** The call, when the tool is called right there. */
  readonly call: NodePath<t.CallExpression | t.OptionalCallExpression> | null
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
  #follow(path: NodePath, traced: Traced): void {
    const parent = path.parentPath
    if (parent === null) return
    if (isAssigned(path)) return this.#record(path, traced)
    if (parent.isMemberExpression() || parent.isOptionalMemberExpression()) {
      if (path.key === 'object') return this.#member(parent as NodePath<t.MemberExpression>, traced)
    } else if (isCall(parent)) {
      if (path.key === 'callee') return this.#call(path, parent, traced)
      if (path.listKey === 'arguments') return this.#argument(path, parent, traced)
    } else if (parent.isVariableDeclarator() && path.key === 'init') {
      return this.#bind(path, parent.get('id') as NodePath, traced)
    } else if (parent.isObjectProperty() && path.key === 'value') {
      return this.#property(path, parent, traced)
    } else if (isQuestion(path, parent)) {
      if (traced.tool !== null) this.#record(path, traced, { isQuestion: true })
      return
    }
    this.#record(path, traced)
  }

  #member(parent: NodePath<t.MemberExpression>, traced: Traced): void {
    // `tools.sql.call(…)`: one tool, called in a way that is not followed.
    if (traced.tool !== null) return this.#record(parent, traced)
    const name = this.#folder.memberName(parent)
    if (name === null) return this.#record(parent, ALL_TOOLS)
    this.#follow(parent, { tool: name })
  }

  #call(path: NodePath, call: CallPath, traced: Traced): void {
    const known = traced.tool === null ? UNKNOWN : argumentOf(call, this.#folder)
    this.#record(path, traced, {
      ...known,
      call,
      isQuestion: call.node.type === 'OptionalCallExpression' && call.node.optional === true,
    })
  }

  /** The value is an argument: followed into the function if that is known, else handed on. */
  #argument(path: NodePath, call: CallPath, traced: Traced): void {
    const callee = call.get('callee') as NodePath
    if (traced.tool === null && this.#isHarmless(callee)) return
    const target = calledFunction(callee)
    if (target === null) return this.#record(path, traced)
    const parameter = target.get('params')[Number(path.key)] as NodePath | undefined
    // A function can reach what it was given by `arguments` too, whatever its parameters are.
    if (parameter === undefined || usesArguments(target)) return this.#record(path, traced)
    this.#bind(path, parameter, traced)
  }

  /** `{ tools }` as an argument of a known function leads to its destructured parameter. */
  #property(path: NodePath, property: NodePath<t.ObjectProperty>, traced: Traced): void {
    const object = property.parentPath
    const call = object?.parentPath
    const key = this.#folder.keyName(property)
    if (object?.isObjectExpression() && call && isCall(call) && object.listKey === 'arguments') {
      const target = calledFunction(call.get('callee') as NodePath)
      let parameter = target?.get('params')[Number(object.key)] as NodePath | undefined
      if (parameter?.isAssignmentPattern()) parameter = parameter.get('left') as NodePath
      if (target && !usesArguments(target) && parameter?.isObjectPattern() && key !== null) {
        return this.#destructured(path, parameter, { key, traced })
      }
    }
    this.#record(path, traced)
  }

  #destructured(
    path: NodePath,
    pattern: NodePath<t.ObjectPattern>,
    given: { readonly key: string; readonly traced: Traced },
  ): void {
    for (const property of pattern.get('properties')) {
      if (!property.isObjectProperty()) return this.#record(path, given.traced)
      const name = this.#folder.keyName(property)
      if (name === null) return this.#record(path, given.traced)
      // A function that does not take the property cannot use it.
      if (name === given.key) this.#bind(path, property.get('value') as NodePath, given.traced)
    }
  }

  /** The value gets a name, or is taken apart. */
  #bind(path: NodePath, target: NodePath, traced: Traced): void {
    const pattern = target.isAssignmentPattern() ? (target.get('left') as NodePath) : target
    if (pattern.isIdentifier()) return this.#alias(path, pattern, traced)
    if (!pattern.isObjectPattern() || traced.tool !== null) return this.#record(path, traced)
    for (const property of pattern.get('properties')) {
      const name = property.isObjectProperty() ? this.#folder.keyName(property) : null
      if (name === null || !property.isObjectProperty()) this.#record(property, ALL_TOOLS)
      else this.#bind(property, property.get('value') as NodePath, { tool: name })
    }
  }

  #alias(path: NodePath, identifier: NodePath<t.Identifier>, traced: Traced): void {
    const binding = identifier.scope.getBinding(identifier.node.name)
    if (binding === undefined) return this.#record(path, traced)
    const followed = this.#followed.get(binding) ?? new Set()
    if (followed.has(traced.tool)) return
    this.#followed.set(binding, followed.add(traced.tool))
    // Destructuring an unknown name is a mistake even where the name is never used.
    if (binding.referencePaths.length === 0) this.#record(path, traced, { isQuestion: false })
    for (const reference of binding.referencePaths) this.#follow(reference, traced)
  }

  #isHarmless(callee: NodePath): boolean {
    if (!callee.isMemberExpression()) return false
    const object = callee.get('object') as NodePath
    const name = this.#folder.memberName(callee as NodePath<t.MemberExpression>)
    return this.#program.isFree(object, 'Object') && name !== null && HARMLESS.has(name)
  }

  #record(
    path: NodePath,
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

type CallPath = NodePath<t.CallExpression | t.OptionalCallExpression>

function isCall(path: NodePath): path is CallPath {
  return path.isCallExpression() || path.isOptionalCallExpression()
}

type FunctionPath = NodePath<
  t.FunctionDeclaration | t.FunctionExpression | t.ArrowFunctionExpression
>

/** The function that a callee always is: written there, or behind a name that is never reassigned. */
function calledFunction(callee: NodePath): FunctionPath | null {
  if (callee.isFunctionExpression() || callee.isArrowFunctionExpression()) return callee
  if (!callee.isIdentifier()) return null
  const binding = callee.scope.getBinding(callee.node.name)
  if (binding === undefined || !binding.constant) return null
  const { path } = binding
  if (path.isFunctionDeclaration() || path.isFunctionExpression()) return path
  if (!path.isVariableDeclarator() || path.node.id.type !== 'Identifier') return null
  const init = path.get('init') as NodePath
  return init.isFunctionExpression() || init.isArrowFunctionExpression() ? init : null
}

function usesArguments(target: FunctionPath): boolean {
  let isFound = false
  target.traverse({
    Identifier: ({ node }) => {
      if (node.name === 'arguments') isFound = true
    },
  })
  return isFound
}

/** Places that look at a value and let it go. */
function isQuestion(path: NodePath, parent: NodePath): boolean {
  switch (parent.type) {
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
