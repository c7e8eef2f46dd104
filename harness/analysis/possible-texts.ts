import { type Constant, ConstantObject, isList, textOf } from './constant.ts'
import type { ConstantFolder } from './constant-value.ts'
import { bindingOf } from './syntax/names.ts'
import type { Binding } from './syntax/scope.ts'
import { isCall, isMember, type SyntaxPath } from './syntax/syntax-path.ts'

/** Values that one place may have in turn, and places that are looked at for them. */
const MAX_CHOICES = 64
const MAX_DEPTH = 8

/**
 * Finds every text that an expression may have, as far as they can be read off the program: both sides of
 * `a ? b : c`, everything that is assigned to a variable, the elements of a constant list that a loop or
 * callback goes through, and what a function of the program is called with.
 */
export class PossibleTexts {
  readonly #folder: ConstantFolder
  readonly #known = new Map<Binding, readonly string[]>()

  constructor(folder: ConstantFolder) {
    this.#folder = folder
  }

  /** The texts that are found; there may be others. */
  of(path: SyntaxPath, depth = 0): readonly string[] {
    if (depth > MAX_DEPTH) return []
    const text = this.#folder.text(path)
    if (text !== null) return [text]
    switch (path.node.type) {
      case 'ConditionalExpression':
      case 'LogicalExpression':
        return path.children.flatMap((child) =>
          child.key === 'test' ? [] : this.of(child, depth + 1),
        )
      case 'Identifier':
        return this.#ofBinding(bindingOf(path), depth)
      default:
        return []
    }
  }

  #ofBinding(binding: Binding | undefined, depth: number): readonly string[] {
    if (binding === undefined) return []
    const known = this.#known.get(binding)
    if (known !== undefined) return known
    // A name that depends on itself adds nothing.
    this.#known.set(binding, [])
    const texts = this.#search(binding, depth).slice(0, MAX_CHOICES)
    this.#known.set(binding, texts)
    return texts
  }

  #search(binding: Binding, depth: number): readonly string[] {
    const { path } = binding
    if (binding.kind === 'parameter') return this.#given(binding, depth)
    if (!path.is('VariableDeclarator') || path.node.id.type !== 'Identifier') return []
    const loop = path.parent?.parent
    if (loop?.is('ForOfStatement') && path.parent?.key === 'left') {
      return this.#elements(loop.get('right'))
    }
    return this.#assigned(binding, path.get('init'), depth)
  }

  /** `let k = 'a'; k = 'b'` may be either; `k += 'c'` builds one text. */
  #assigned(binding: Binding, init: SyntaxPath | null, depth: number): readonly string[] {
    const texts = init === null ? [] : [...this.of(init, depth + 1)]
    let built = init === null ? '' : this.#folder.text(init)
    for (const { parent, key } of binding.writes.slice(0, MAX_CHOICES)) {
      if (!parent?.is('AssignmentExpression') || key !== 'left') continue
      const right = parent.get('right')
      if (right === null) continue
      if (parent.node.operator === '=') texts.push(...this.of(right, depth + 1))
      const added = parent.node.operator === '+=' ? this.#folder.text(right) : null
      built = built === null || added === null ? null : built + added
    }
    return built === null || binding.writes.length === 0 ? texts : [...texts, built]
  }

  /** What the calls of a function give to one of its parameters. */
  #given({ path, name }: Binding, depth: number): readonly string[] {
    const parameter = path
      .all('params')
      .find((each) => each.is('Identifier') && each.node.name === name)
    if (parameter === undefined) return []
    const { parent, key } = path
    if (isCall(parent) && key === 'arguments') {
      const callee = parent.get('callee')
      // A callback gets the elements of what it is called on.
      return isMember(callee) && parameter.index === 0 ? this.#elements(callee.get('object')) : []
    }
    const calls = isCall(parent) && key === 'callee' ? [parent] : this.#callsOf(path)
    return calls.flatMap((call) => {
      const argument = call.all('arguments')[parameter.index]
      return argument === undefined ? [] : this.of(argument, depth + 1)
    })
  }

  #callsOf(target: SyntaxPath): readonly SyntaxPath[] {
    const declarator = target.parent?.is('VariableDeclarator') ? target.parent : target
    const id = declarator.get('id')
    const binding = id === null ? undefined : bindingOf(id)
    return (binding?.references ?? [])
      .slice(0, MAX_CHOICES)
      .flatMap(({ parent, key }) => (isCall(parent) && key === 'callee' ? [parent] : []))
  }

  #elements(list: SyntaxPath | null): readonly string[] {
    const value = this.#folder.fold(list)?.value
    return isList(value) || typeof value === 'string' ? [...value].flatMap(asText) : []
  }
}

function asText(value: Constant): readonly string[] {
  if (value instanceof ConstantObject || isList(value)) return []
  return [textOf(value)]
}
