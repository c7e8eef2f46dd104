import type { ConstantFolder } from './constant-value.ts'
import { bindingOf, isAssigned } from './syntax/names.ts'
import type { Binding } from './syntax/scope.ts'
import { isCall, isMember, type SyntaxPath } from './syntax/syntax-path.ts'

/** Methods that leave what they are called on as it is. */
const READING_METHODS: ReadonlySet<string> = new Set([
  'at',
  'concat',
  'every',
  'filter',
  'find',
  'findIndex',
  'flat',
  'flatMap',
  'forEach',
  'includes',
  'indexOf',
  'join',
  'map',
  'reduce',
  'slice',
  'some',
  'toReversed',
  'toSorted',
  'toString',
])

/** Functions of the language, `object.method`, that only read their arguments. */
const READING_FUNCTIONS: ReadonlySet<string> = new Set([
  'Object.keys',
  'Object.values',
  'Object.entries',
  'JSON.stringify',
  'Array.from',
  'Array.isArray',
  'console.log',
])

/**
 * Finds out whether an object or array behind a name stays as it was written: its name is only read from,
 * spread, or given to a tool, which gets a copy.
 */
export class NeverChanged {
  readonly #folder: ConstantFolder
  readonly #known = new Map<Binding, { readonly flat: boolean; readonly nested: boolean }>()

  constructor(folder: ConstantFolder) {
    this.#folder = folder
  }

  /** @param isFlat - Nothing inside can be changed: what is read off it may go anywhere. */
  of(binding: Binding, isFlat: boolean): boolean {
    let known = this.#known.get(binding)
    if (known === undefined) {
      const uses = binding.references.map((reference) => this.#useOf(reference))
      known = {
        flat: uses.every((use) => use !== 'changed'),
        nested: uses.every((use) => use === 'copied'),
      }
      this.#known.set(binding, known)
    }
    return isFlat ? known.flat : known.nested
  }

  /** `read` hands out what is inside; `copied` does not. */
  #useOf(reference: SyntaxPath): 'copied' | 'read' | 'changed' {
    const { parent, key } = reference
    switch (parent?.node.type) {
      case 'TemplateLiteral':
      case 'BinaryExpression':
      case 'UnaryExpression':
        return 'copied'
      case 'SpreadElement':
        return 'read'
      case 'ForOfStatement':
        return key === 'right' ? 'read' : 'changed'
      case 'MemberExpression':
      case 'OptionalMemberExpression':
        return key === 'object' && isMember(parent) ? this.#useOfMember(parent) : 'copied'
      case 'CallExpression':
      case 'OptionalCallExpression':
        return key === 'arguments' ? this.#useOfArgument(parent.get('callee')) : 'changed'
      default:
        return 'changed'
    }
  }

  #useOfMember(member: SyntaxPath): 'read' | 'changed' {
    const user = member.parent
    if (isAssigned(member)) return 'changed'
    if (isMember(user) && member.key === 'object') return 'changed'
    if (!isCall(user) || member.key !== 'callee') return 'read'
    const name = isMember(member) ? this.#folder.memberName(member) : null
    return name !== null && READING_METHODS.has(name) ? 'read' : 'changed'
  }

  #useOfArgument(callee: SyntaxPath | null): 'copied' | 'read' | 'changed' {
    if (!isMember(callee)) return 'changed'
    const object = callee.get('object')
    if (!object?.is('Identifier') || bindingOf(object) !== undefined) return 'changed'
    if (object.node.name === 'tools') return 'copied'
    const name = this.#folder.memberName(callee)
    return READING_FUNCTIONS.has(`${object.node.name}.${name}`) ? 'read' : 'changed'
  }
}
