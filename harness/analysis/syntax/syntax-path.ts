import type * as t from '@babel/types'
import type { Scope } from './scope.ts'

/** The node of a type, or the union of those of several. */
export type NodeOf<Type extends t.Node['type']> = Extract<t.Node, { type: Type }>

const NO_CHILDREN: SyntaxPath[] = []

/**
 * A node in its place: what it hangs on, what hangs on it, and the names that are visible there. Made by
 * `SyntaxTree` only, which fills in what is not given to the constructor.
 */
export class SyntaxPath<out N extends t.Node = t.Node> {
  readonly node: N
  readonly parent: SyntaxPath | null
  readonly scope: Scope
  /** The property of the parent that holds the node, or holds the list that it is in. */
  key = ''
  /** The place in that list; -1 when the property holds the node itself. */
  index = -1
  /** Counts the nodes of the text, a node before what hangs on it. */
  order = 0
  /** The `order` of the last node inside this one. */
  lastOrder = 0
  #children: SyntaxPath[] = NO_CHILDREN

  constructor(node: N, parent: SyntaxPath | null, scope: Scope) {
    this.node = node
    this.parent = parent
    this.scope = scope
  }

  /** What hangs on the node, in the order of `CHILD_KEYS`. Holes of arrays have no path. */
  get children(): readonly SyntaxPath[] {
    return this.#children
  }

  /** Hangs a node on this one. Most nodes have nothing on them, and need no list. */
  add(child: SyntaxPath): void {
    if (this.#children === NO_CHILDREN) this.#children = [child]
    else this.#children.push(child)
  }

  /** Whether the node is of this type. */
  is<Type extends t.Node['type']>(type: Type): this is SyntaxPath<NodeOf<Type>> {
    return this.node.type === type
  }

  /** What the property holds: the first of a list, or `null` for nothing. */
  get(key: string): SyntaxPath | null {
    for (const child of this.#children) if (child.key === key) return child
    return null
  }

  /** Everything that the list holds, without its holes. */
  all(key: string): SyntaxPath[] {
    return this.#children.filter((child) => child.key === key)
  }

  /** Whether this node is inside `other`, or is the same. */
  isInside(other: SyntaxPath): boolean {
    return other.order <= this.order && this.order <= other.lastOrder
  }

  /** The nearest node around this one for which `test` holds. */
  findParent(test: (path: SyntaxPath) => boolean): SyntaxPath | null {
    let path = this.parent
    while (path !== null && !test(path)) path = path.parent
    return path
  }

  /** Visits this node and, as long as `enter` says so, what is inside it. */
  walk(enter: (path: SyntaxPath) => boolean): void {
    if (!enter(this)) return
    for (const child of this.#children) child.walk(enter)
  }
}

/** A function of any kind. */
export type FunctionNode =
  | t.FunctionDeclaration
  | t.FunctionExpression
  | t.ArrowFunctionExpression
  | t.ObjectMethod
  | t.ClassMethod
  | t.ClassPrivateMethod

const FUNCTIONS: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ObjectMethod',
  'ClassMethod',
  'ClassPrivateMethod',
])

const LOOPS: ReadonlySet<string> = new Set([
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
])

/** Whether a node is a function, a method or an accessor. */
export function isFunction(path: SyntaxPath): path is SyntaxPath<FunctionNode> {
  return FUNCTIONS.has(path.node.type)
}

/** Whether a node is a loop statement. */
export function isLoop(path: SyntaxPath): boolean {
  return LOOPS.has(path.node.type)
}

/** `a.b`, `a[b]`, `a?.b` */
export function isMember(
  path: SyntaxPath | null | undefined,
): path is SyntaxPath<t.MemberExpression | t.OptionalMemberExpression> {
  return path?.node.type === 'MemberExpression' || path?.node.type === 'OptionalMemberExpression'
}

/** `a()`, `a?.()` */
export function isCall(
  path: SyntaxPath | null | undefined,
): path is SyntaxPath<t.CallExpression | t.OptionalCallExpression> {
  return path?.node.type === 'CallExpression' || path?.node.type === 'OptionalCallExpression'
}
