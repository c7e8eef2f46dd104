import type * as t from '@babel/types'
import { calledFunction } from './called-function.ts'
import { type Constant, ConstantObject, type Folded, isList } from './constant.ts'
import { CONSTANT_FUNCTIONS, CONSTANT_METHODS } from './constant-functions.ts'
import type { ConstantFolder, FoldContext } from './constant-value.ts'
import { bindingOf } from './syntax/names.ts'
import type { Binding } from './syntax/scope.ts'
import { type FunctionNode, isMember, type SyntaxPath } from './syntax/syntax-path.ts'

type CallNode = t.CallExpression | t.OptionalCallExpression
type Operation = (...values: readonly Constant[]) => Constant

/** The value of a call whose answer follows from its constant arguments, or `null`. */
export function foldCall(
  call: SyntaxPath<CallNode>,
  folder: ConstantFolder,
  context: FoldContext,
): Folded | null {
  const callee = call.get('callee')
  if (callee === null) return null
  if (isMember(callee)) return foldMethod(call, callee, { folder, context })
  const operation = operationOf(callee, folder, context)
  if (operation === null) return null
  const values = folder.list(call.all('arguments'), context)
  return values === null ? null : apply(operation, values)
}

interface Folding {
  readonly folder: ConstantFolder
  readonly context: FoldContext
}

function foldMethod(
  call: SyntaxPath<CallNode>,
  callee: SyntaxPath<t.MemberExpression | t.OptionalMemberExpression>,
  { folder, context }: Folding,
): Folded | null {
  const name = folder.memberName(callee)
  const object = callee.get('object')
  if (name === null || object === null) return null
  const given = call.all('arguments')
  const known = staticOperation(callee, folder)
  if (known !== null) {
    // `Array.from(text, (c) => …)`
    if (name === 'from' && given[1] !== undefined) return mapped(given, 0, { folder, context })
    const values = folder.list(given, context)
    return values === null ? null : apply(known, values)
  }
  if (name === 'apply' || name === 'call') {
    const called = isMember(object) ? staticOperation(object, folder) : null
    if (called !== null) return applied(called, name, folder.list(given.slice(1), context))
  }
  if (!(name in CONSTANT_METHODS) && !TAKES_FUNCTION.has(name)) return null
  const receiver = folder.fold(object, context)
  if (receiver === null) return null
  if (TAKES_FUNCTION.has(name)) return foldCallback(name, receiver, given, { folder, context })
  const [first, ...more] = given
  if (first?.is('RegExpLiteral')) {
    const rest = folder.list(more, context)
    return rest === null ? null : foldPattern(name, receiver.value, first.node, rest)
  }
  const values = folder.list(given, context)
  return values === null ? null : apply(CONSTANT_METHODS[name], [receiver.value, ...values])
}

const TAKES_FUNCTION: ReadonlySet<string> = new Set(['map', 'flatMap', 'filter', 'reduce'])

function applied(
  operation: Operation,
  how: 'apply' | 'call',
  values: readonly Constant[] | null,
): Folded | null {
  if (values === null) return null
  if (how === 'call') return apply(operation, values)
  const [list] = values
  return isList(list) ? apply(operation, list) : null
}

/** `String.fromCharCode` and the like, of the language itself. */
function staticOperation(
  member: SyntaxPath<t.MemberExpression | t.OptionalMemberExpression>,
  folder: ConstantFolder,
): Operation | null {
  const object = member.get('object')
  if (!object?.is('Identifier') || bindingOf(object) !== undefined) return null
  const name = folder.memberName(member)
  return name === null ? null : (CONSTANT_FUNCTIONS[`${object.node.name}.${name}`] ?? null)
}

/** What a function is known to do, whether it is one of the language or of the program. */
function operationOf(
  callee: SyntaxPath,
  folder: ConstantFolder,
  context: FoldContext,
): Operation | null {
  if (isMember(callee)) return staticOperation(callee, folder)
  if (callee.is('Identifier') && bindingOf(callee) === undefined) {
    return CONSTANT_FUNCTIONS[callee.node.name] ?? null
  }
  const target = calledFunction(callee)
  const answer = target === null ? null : answerOf(target)
  if (target === null || answer === null) return null
  return (...values) => {
    const parameters = bindParameters(target, values, context.parameters)
    if (parameters === null) throw new TypeError('The parameters are not followed')
    const folded = folder.fold(answer, { depth: context.depth + 1, parameters })
    if (folded === null) throw new TypeError('The answer is not known')
    return folded.value
  }
}

/** The one expression that a function answers with. */
function answerOf(target: SyntaxPath<FunctionNode>): SyntaxPath | null {
  const { node } = target
  if (node.async === true || node.generator === true) return null
  const body = target.get('body')
  if (!body?.is('BlockStatement')) return body
  const [only, ...more] = body.all('body')
  return more.length === 0 && only?.is('ReturnStatement') ? only.get('argument') : null
}

function bindParameters(
  target: SyntaxPath<FunctionNode>,
  values: readonly Constant[],
  outer: ReadonlyMap<Binding, Folded> | null,
): ReadonlyMap<Binding, Folded> | null {
  const bound = new Map(outer ?? [])
  for (const parameter of target.all('params')) {
    const binding = bindingOf(parameter)
    if (binding === undefined || !binding.isConstant) return null
    bound.set(binding, { value: values[parameter.index] })
  }
  return bound
}

function foldCallback(
  name: string,
  receiver: Folded,
  given: readonly SyntaxPath[],
  { folder, context }: Folding,
): Folded | null {
  const [callback, start] = given
  const { value: list } = receiver
  const operation = callback === undefined ? null : operationOf(callback, folder, context)
  if (!isList(list) || operation === null) return null
  if (name === 'reduce') {
    const initial = start === undefined ? null : folder.fold(start, context)
    if (start !== undefined && initial === null) return null
    return apply(() => {
      const rest = initial === null ? list.slice(1) : list
      const first = initial === null ? list[0] : initial.value
      return rest.reduce((sum, item, index) => operation(sum, item, index), first)
    }, [])
  }
  return apply(() => {
    const answers = list.map((item, index) => operation(item, index))
    if (name === 'filter') return list.filter((_item, index) => answers[index])
    return name === 'map' ? answers : answers.flatMap((one) => (isList(one) ? one : [one]))
  }, [])
}

function mapped(given: readonly SyntaxPath[], from: number, folding: Folding): Folded | null {
  const [source, callback] = given
  const folded = folding.folder.fold(source, folding.context)
  const value = folded?.value
  if (callback === undefined || (typeof value !== 'string' && !isList(value))) return null
  return foldCallback('map', { value: [...value].slice(from) }, [callback], folding)
}

/** Patterns without repetition take time in proportion to the text. */
const PLAIN_PATTERN = /^[^*+?{(|]{1,60}$/

function foldPattern(
  name: string,
  receiver: Constant,
  { pattern, flags }: t.RegExpLiteral,
  rest: readonly Constant[],
): Folded | null {
  if (typeof receiver !== 'string' || !PLAIN_PATTERN.test(pattern) || /[^giu]/.test(flags)) {
    return null
  }
  const [by] = rest
  return apply(() => {
    const expression = new RegExp(pattern, flags)
    if (name === 'split') return receiver.split(expression)
    if (typeof by !== 'string' || (name !== 'replace' && name !== 'replaceAll')) return undefined
    return receiver.replace(expression, () => by)
  }, [])
}

function apply(operation: Operation | undefined, values: readonly Constant[]): Folded | null {
  if (operation === undefined || values.some((value) => value instanceof ConstantObject))
    return null
  try {
    const value = operation(...values)
    return value === undefined ? null : { value }
  } catch {
    // The call throws when it runs, or does not fit: either way nothing is known.
    return null
  }
}
