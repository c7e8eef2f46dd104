import type * as t from '@babel/types'
import { CHILD_KEYS } from './child-keys.ts'
import { isAssigned, isName, isReadWhenAssigned } from './names.ts'
import { type BindingKind, Scope } from './scope.ts'
import { type FunctionNode, isFunction, isLoop, type NodeOf, SyntaxPath } from './syntax-path.ts'

/** Nodes inside nodes. What is deeper is refused: engines differ in where their stack ends. */
const MAX_DEPTH = 1_000

/** A program that no rule can read, with the place where that shows. */
export class UnknownSyntaxError extends Error {
  /** The type of node that is not known; `null` for a program that is nested too deep. */
  readonly nodeType: string | null
  readonly offset: number

  constructor(nodeType: string | null, offset: number) {
    super('Syntax that cannot be analysed')
    this.nodeType = nodeType
    this.offset = offset
  }
}

/** A name that no scope of the program declares, in one place. */
export interface FreeName {
  readonly name: string
  readonly path: SyntaxPath<t.Identifier>
}

/**
 * A script as rules see it: walked once, its nodes at hand by type, and every name led to its
 * declaration by the scoping rules of strict code, so that neither shadowing nor hoisting, neither
 * defaults of parameters nor labels make one name look like another.
 *
 * `@babel/traverse` does the same and takes four times as long as parsing; the tests hold both
 * answers against each other.
 */
export class SyntaxTree {
  readonly root: SyntaxPath<t.Program>
  readonly nodeCount: number
  /** Every place that names something from outside the program. */
  readonly freeNames: readonly FreeName[]
  readonly #byType: ReadonlyMap<string, readonly SyntaxPath[]>

  /** @throws {UnknownSyntaxError} The program is nested too deep, or has syntax that is not known. */
  constructor(program: t.Program) {
    const builder = new TreeBuilder()
    this.root = builder.build(program)
    this.nodeCount = builder.order
    this.#byType = builder.byType
    this.freeNames = resolveNames(this.paths('Identifier'), builder.declaring)
  }

  /** All nodes of the given types, type by type. */
  paths<Type extends t.Node['type']>(
    ...types: readonly Type[]
  ): readonly SyntaxPath<NodeOf<Type>>[] {
    let found: readonly SyntaxPath[] = NO_PATHS
    for (const type of types) {
      const paths = this.#byType.get(type)
      if (paths !== undefined) found = found.length === 0 ? paths : found.concat(paths)
    }
    return found as readonly SyntaxPath<NodeOf<Type>>[]
  }
}

const NO_PATHS: readonly SyntaxPath[] = []

class TreeBuilder {
  readonly byType = new Map<string, SyntaxPath[]>()
  /** The identifiers that stand where their name is declared. */
  readonly declaring = new Set<t.Node>()
  order = 0
  #depth = 0

  build(program: t.Program): SyntaxPath<t.Program> {
    const scope = new Scope(null, { isForVar: true })
    const path = new SyntaxPath(program, null, scope)
    this.#visit(path)
    return path
  }

  #visit(path: SyntaxPath): void {
    const { node } = path
    path.order = this.order
    this.order += 1
    const same = this.byType.get(node.type)
    if (same === undefined) this.byType.set(node.type, [path])
    else same.push(path)
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw new UnknownSyntaxError(null, node.start ?? 0)
    this.#enter(path, path.scope)
    this.#depth -= 1
    path.lastOrder = this.order - 1
  }

  #enter(path: SyntaxPath, scope: Scope): void {
    const { node } = path
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
      case 'ObjectMethod':
      case 'ClassMethod':
      case 'ClassPrivateMethod':
        return this.#function(path as SyntaxPath<FunctionNode>, scope)
      case 'ClassDeclaration':
        if (node.id) this.#declare(node.id, { kind: 'class', scope, path })
        return this.#children(path, scope)
      case 'ClassExpression':
        return this.#children(path, this.#named(path, node.id, scope))
      case 'VariableDeclarator':
        this.#variable(path as SyntaxPath<t.VariableDeclarator>, scope)
        return this.#children(path, scope)
      case 'CatchClause': {
        const own = inner(scope)
        if (node.param) this.#declare(node.param, { kind: 'catch', scope: own, path })
        return this.#children(path, own)
      }
      case 'BlockStatement':
        // The body of a function got its scope with the function.
        return this.#children(
          path,
          path.parent !== null && isFunction(path.parent) ? scope : inner(scope),
        )
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        return this.#children(path, inner(scope))
      case 'StaticBlock':
        return this.#children(path, new Scope(scope, { isForVar: true }))
      case 'SwitchStatement': {
        // What is switched on does not see the names that the cases declare.
        this.#child(path, 'discriminant', scope)
        return this.#child(path, 'cases', inner(scope))
      }
      default:
        return this.#children(path, scope)
    }
  }

  #function(path: SyntaxPath<FunctionNode>, scope: Scope): void {
    const { node } = path
    let around = scope
    if (node.type === 'FunctionDeclaration') {
      if (node.id) this.#declare(node.id, { kind: 'function', scope, path })
      this.#child(path, 'id', scope)
    } else if (node.type === 'FunctionExpression') {
      around = this.#named(path, node.id, scope)
      this.#child(path, 'id', around)
    } else if (node.type !== 'ArrowFunctionExpression') this.#child(path, 'key', scope)
    // Defaults of parameters see the parameters and not the variables of the body.
    const forParameters = inner(around)
    for (const param of node.params) {
      this.#declare(param, { kind: 'parameter', scope: forParameters, path })
    }
    this.#child(path, 'params', forParameters)
    const isBlock = node.body.type === 'BlockStatement'
    const forBody = isBlock ? new Scope(forParameters, { isForVar: true }) : forParameters
    this.#child(path, 'body', forBody)
  }

  /** The scope of a name that only its own function or class sees. */
  #named(path: SyntaxPath, id: t.Identifier | null | undefined, scope: Scope): Scope {
    if (!id) return scope
    const own = inner(scope)
    this.#declare(id, { kind: path.is('ClassExpression') ? 'class' : 'function', scope: own, path })
    return own
  }

  #variable(path: SyntaxPath<t.VariableDeclarator>, scope: Scope): void {
    const { parent } = path
    if (!parent?.is('VariableDeclaration')) return
    const { kind } = parent.node
    if (kind === 'var') {
      const isRepeated = isInLoop(path)
      this.#declare(path.node.id, { kind, scope: scope.forVar, path, isRepeated })
      return
    }
    const isUsing = kind !== 'let' && kind !== 'const'
    this.#declare(path.node.id, { kind: isUsing ? 'using' : kind, scope, path })
  }

  /** Declares every name of a pattern. */
  #declare(pattern: t.Node, declaration: Declaration): void {
    switch (pattern.type) {
      case 'Identifier':
        this.declaring.add(pattern)
        this.#declareName(pattern.name, declaration)
        return
      case 'AssignmentPattern':
        return this.#declare(pattern.left, declaration)
      case 'RestElement':
        return this.#declare(pattern.argument, declaration)
      case 'ArrayPattern':
        for (const element of pattern.elements) if (element) this.#declare(element, declaration)
        return
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          this.#declare(property.type === 'ObjectProperty' ? property.value : property, declaration)
        }
        return
      default:
        throw new UnknownSyntaxError(pattern.type, pattern.start ?? 0)
    }
  }

  #declareName(name: string, { scope, kind, path, isRepeated }: Declaration): void {
    scope.declare(name, kind, path)
    // Unlike `let`, it keeps its value from one round to the next.
    const binding = isRepeated === true ? scope.own(name) : undefined
    if (binding !== undefined) binding.hasSeveralValues = true
  }

  #children(path: SyntaxPath, scope: Scope): void {
    const keys = CHILD_KEYS[path.node.type]
    if (keys === undefined) throw new UnknownSyntaxError(path.node.type, path.node.start ?? 0)
    for (const key of keys) this.#child(path, key, scope)
  }

  #child(parent: SyntaxPath, key: string, scope: Scope): void {
    // The table names the properties of each type, which is more than the type of a node says here.
    const value = (parent.node as unknown as Readonly<Record<string, Held>>)[key]
    if (value === null || value === undefined) return
    if (!Array.isArray(value)) return this.#hang(value as t.Node, parent, { key, index: -1, scope })
    for (let index = 0; index < value.length; index += 1) {
      const node = value[index]
      if (node) this.#hang(node, parent, { key, index, scope })
    }
  }

  #hang(node: t.Node, parent: SyntaxPath, place: Place): void {
    const path = new SyntaxPath(node, parent, place.scope)
    path.key = place.key
    path.index = place.index
    parent.add(path)
    this.#visit(path)
  }
}

interface Place {
  readonly key: string
  readonly index: number
  readonly scope: Scope
}

/** What a property of a node holds. */
type Held = t.Node | readonly (t.Node | null)[] | null | undefined

interface Declaration {
  readonly kind: BindingKind
  readonly scope: Scope
  readonly path: SyntaxPath
  /** Declared again in each round of a loop. */
  readonly isRepeated?: boolean
}

/** Whether something is inside a loop of its own function. */
function isInLoop({ parent }: SyntaxPath): boolean {
  let path = parent
  while (path !== null && !isFunction(path)) {
    if (isLoop(path)) return true
    path = path.parent
  }
  return false
}

function inner(scope: Scope): Scope {
  return new Scope(scope, { isForVar: false })
}

/** Tells every declaration who mentions it. What is left over names something from outside. */
function resolveNames(
  identifiers: readonly SyntaxPath<t.Identifier>[],
  declaring: ReadonlySet<t.Node>,
): readonly FreeName[] {
  const free: FreeName[] = []
  for (const path of identifiers) {
    if (!isName(path) || declaring.has(path.node)) continue
    const { name } = path.node
    const binding = path.scope.lookup(name)
    if (binding === undefined) {
      free.push({ name, path })
      continue
    }
    const isWritten = isAssigned(path)
    if (isWritten) binding.writes.push(path)
    if (!isWritten || isReadWhenAssigned(path)) binding.references.push(path)
  }
  return free
}
