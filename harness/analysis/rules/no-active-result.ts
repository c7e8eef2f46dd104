import { isProgramFunction } from '../loops.ts'
import type { ProgramView } from '../program-view.ts'
import type { Rule, RulePlace } from '../rule.ts'
import { bindingOf } from '../syntax/names.ts'
import { isFunction, isMember, type SyntaxPath } from '../syntax/syntax-path.ts'

/** Properties that make an object do something when it is awaited or converted. */
const ACTIVE: ReadonlySet<string> = new Set(['then', 'toJSON'])
const ACTIVE_SYMBOLS: ReadonlySet<string> = new Set(['toPrimitive'])

/** Getters, `then` and conversions on what the program returns. */
export const noActiveResult: Rule = {
  id: 'no-active-result',
  severity: 'warning',
  reports:
    'getters, `then`, `toJSON` and `Symbol.toPrimitive` on the value that the program returns',
  because:
    'A result leaves as plain JSON, made inside the sandbox: such properties run code there while it is made, and may give another value than the one a reader expects.',
  message: '{name} on the result runs code when the result is made',
  hint: 'Return plain values: work them out first',
  examples: {
    reported: 'return { get total() { return data.length } }',
    allowed:
      'class Cart {\n  get total() { return data.length }\n}\nreturn { total: new Cart().total }',
    repaired: 'return { total: data.length }',
  },
  *find(program) {
    for (const statement of program.paths('ReturnStatement')) {
      const around = statement.findParent(isFunction)
      if (around === null || !isProgramFunction(around)) continue
      yield* activeParts(program, statement.get('argument'), 0)
    }
  },
}

const MAX_DEPTH = 8

function* activeParts(
  program: ProgramView,
  path: SyntaxPath | null,
  depth: number,
): Iterable<RulePlace> {
  if (path === null || depth > MAX_DEPTH) return
  const binding = bindingOf(path)
  if (binding?.isConstant === true && binding.path.is('VariableDeclarator')) {
    if (binding.path.node.id.type === 'Identifier') {
      yield* activeParts(program, binding.path.get('init'), depth + 1)
    }
    return
  }
  if (path.is('ArrayExpression')) {
    for (const element of path.children) yield* activeParts(program, element, depth + 1)
    return
  }
  if (!path.is('ObjectExpression')) return
  for (const property of path.children) {
    const name = activeName(program, property)
    if (name !== null) yield { at: property.node, name }
    else yield* activeParts(program, property.get('value'), depth + 1)
  }
}

function activeName(program: ProgramView, property: SyntaxPath): string | null {
  if (!property.is('ObjectMethod') && !property.is('ObjectProperty')) return null
  if (property.is('ObjectMethod') && property.node.kind !== 'method') return property.node.kind
  const name = program.folder.keyName(property)
  if (name !== null && ACTIVE.has(name) && isCallable(property)) return name
  const key = property.node.computed === true ? property.get('key') : null
  if (!isMember(key) || !program.isFree(key.get('object'), 'Symbol')) return null
  const symbol = program.folder.memberName(key)
  return symbol !== null && ACTIVE_SYMBOLS.has(symbol) ? `Symbol.${symbol}` : null
}

/** A property `then` that is a text is only a name. */
function isCallable(property: SyntaxPath): boolean {
  if (property.is('ObjectMethod')) return true
  const type = property.get('value')?.node.type ?? ''
  return !/Literal$|^(?:Object|Array|Template)/.test(type)
}
