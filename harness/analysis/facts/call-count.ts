import type * as t from '@babel/types'
import { isList } from '../constant.ts'
import type { ConstantFolder } from '../constant-value.ts'
import { isProgramFunction } from '../loops.ts'
import { bindingOf } from '../syntax/names.ts'
import { isCall, isFunction, isLoop, isMember, type SyntaxPath } from '../syntax/syntax-path.ts'
import type { TracedToolUse } from '../tool-uses.ts'

/** A bound above this one tells nobody anything. */
const MAX_COUNT = 10_000
/** Functions that call functions. */
const MAX_DEPTH = 100

/** Methods of a list that call a function at most once per element. */
const PER_ELEMENT: ReadonlySet<string> = new Set([
  'every',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'flatMap',
  'forEach',
  'map',
  'reduce',
  'reduceRight',
  'some',
])

/** Methods of a promise that call a function at most once. */
const ONCE: ReadonlySet<string> = new Set(['then', 'catch', 'finally'])

/**
 * Counts how often a place in a program can be reached at most, where that follows from its text: it
 * stands in no loop, or in loops over something written out, and in functions that are called from places
 * that can be counted.
 */
export class CallCounter {
  readonly #folder: ConstantFolder
  /** By function; one that is being counted calls itself, so there is no bound. */
  readonly #known = new Map<t.Node, number | null>()
  #depth = 0

  constructor(folder: ConstantFolder) {
    this.#folder = folder
  }

  /** The most calls that one use of a tool can make; `null` where no bound follows from the text. */
  maxCalls({ tool, path, call, isQuestion }: TracedToolUse): number | null {
    if (tool === '*') return null
    // Handed on, it is called by code that is not followed.
    if (call === null) return isQuestion ? 0 : null
    return this.#timesAt(path)
  }

  #timesAt(place: SyntaxPath): number | null {
    let count: number | null = 1
    let child = place
    for (let parent = child.parent; parent !== null && count !== null; parent = child.parent) {
      if (isFunction(parent)) {
        if (isProgramFunction(parent)) return count
        return product(count, this.#timesCalled(parent))
      }
      if (parent.is('ClassBody')) return null
      // What a loop iterates over and what it starts with are evaluated once.
      const isRepeated = isLoop(parent) && child.key !== 'right' && child.key !== 'init'
      if (isRepeated) count = product(count, this.#rounds(parent, child.key))
      child = parent
    }
    return count
  }

  #timesCalled(path: SyntaxPath): number | null {
    const known = this.#known.get(path.node)
    if (known !== undefined || this.#depth >= MAX_DEPTH) return known ?? null
    this.#known.set(path.node, null)
    this.#depth += 1
    const count = this.#countCalls(path)
    this.#depth -= 1
    this.#known.set(path.node, count)
    return count
  }

  #countCalls(path: SyntaxPath): number | null {
    if (path.is('FunctionDeclaration')) return this.#timesNamed(path.get('id'))
    const isValue = path.is('FunctionExpression') || path.is('ArrowFunctionExpression')
    // A name of its own can be called from inside.
    if (!isValue || path.get('id') !== null) return null
    const { parent } = path
    if (parent?.is('VariableDeclarator') && path.key === 'init') {
      return this.#timesNamed(parent.get('id'))
    }
    return this.#timesUsed(path)
  }

  /** A function with a name is called wherever the name is mentioned, and nowhere else. */
  #timesNamed(name: SyntaxPath | null): number | null {
    const binding = bindingOf(name)
    if (binding === undefined || !binding.isConstant) return null
    let sum = 0
    for (const reference of binding.references) {
      const count = this.#timesUsed(reference)
      if (count === null) return null
      sum += count
    }
    return sum > MAX_COUNT ? null : sum
  }

  /** A mention of a function: called right there, or handed to something that is known. */
  #timesUsed(mention: SyntaxPath): number | null {
    const { parent, key, index } = mention
    if (!isCall(parent)) return null
    if (key === 'callee') return this.#timesAt(parent)
    const callee = parent.get('callee')
    if (key !== 'arguments' || !isMember(callee)) return null
    const method = this.#folder.memberName(callee)
    if (method === null) return null
    if (ONCE.has(method)) return this.#timesAt(parent)
    if (!PER_ELEMENT.has(method) || index !== 0) return null
    return product(this.#lengthOf(callee.get('object')), this.#timesAt(parent))
  }

  #rounds(loop: SyntaxPath, part: string): number | null {
    if (loop.is('ForOfStatement')) return this.#lengthOf(loop.get('right'))
    if (!loop.is('ForStatement')) return null
    const rounds = countedRounds(loop, this.#folder)
    // The condition is looked at once more than the body runs.
    return rounds === null || part !== 'test' ? rounds : rounds + 1
  }

  #lengthOf(list: SyntaxPath | null): number | null {
    if (list?.is('ArrayExpression') && !list.children.some((item) => item.is('SpreadElement'))) {
      return list.node.elements.length
    }
    const value = this.#folder.fold(list)?.value
    if (value === undefined) return null
    return isList(value) || typeof value === 'string' ? value.length : null
  }
}

function product(a: number | null, b: number | null): number | null {
  if (a === null || b === null || a * b > MAX_COUNT) return null
  return a * b
}

/**
 * The rounds of `for (let i = 0; i < 10; i++)`: a counter of the loop's own, which only the loop's head
 * changes, up to a constant.
 */
function countedRounds(loop: SyntaxPath<t.ForStatement>, folder: ConstantFolder): number | null {
  const declarator = loop.get('init')?.get('declarations')
  const test = loop.get('test')
  const update = loop.get('update')
  const counter = bindingOf(declarator?.get('id'))
  if (counter === undefined || counter.hasSeveralValues || !test?.is('BinaryExpression'))
    return null
  const [write, ...others] = counter.writes
  if (write === undefined || others.length > 0 || write.parent !== update) return null
  if (bindingOf(test.get('left')) !== counter) return null
  const start = folder.fold(declarator?.get('init'))?.value
  const end = folder.fold(test.get('right'))?.value
  const step = stepOf(update, folder)
  if (typeof start !== 'number' || typeof end !== 'number' || step === null) return null
  const { operator } = test.node
  const isUp = operator === '<' || operator === '<='
  const isDown = operator === '>' || operator === '>='
  if (!(isUp && step > 0) && !(isDown && step < 0)) return null
  const span = (end - start) / step
  const rounds = operator.endsWith('=') ? Math.floor(span) + 1 : Math.ceil(span)
  return Number.isFinite(rounds) ? Math.max(0, rounds) : null
}

/** By how much the head of a loop changes the counter each time. */
function stepOf(update: SyntaxPath | null | undefined, folder: ConstantFolder): number | null {
  if (update?.is('UpdateExpression')) return update.node.operator === '++' ? 1 : -1
  if (!update?.is('AssignmentExpression')) return null
  const step = folder.fold(update.get('right'))?.value
  if (typeof step !== 'number') return null
  if (update.node.operator === '+=') return step
  return update.node.operator === '-=' ? -step : null
}
