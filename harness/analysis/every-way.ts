import type { ConstantFolder } from './constant-value.ts'
import { isFunction, isLoop, type SyntaxPath } from './syntax/syntax-path.ts'

/** How a part of a function can be passed without any of the calls: to what follows it, or out of the function. */
interface Ways {
  readonly goesOn: boolean
  readonly leaves: boolean
}

const ON: Ways = { goesOn: true, leaves: false }
const OUT: Ways = { goesOn: false, leaves: true }
const NONE: Ways = { goesOn: false, leaves: false }
/** Anything may happen: what is not understood counts as a way around the calls. */
const ANY: Ways = { goesOn: true, leaves: true }

/**
 * Whether a function makes one of the calls on every way from its start to its end. Errors that are thrown
 * by something else are not counted as an end.
 */
export function callsOnEveryWay(
  target: SyntaxPath,
  calls: ReadonlySet<SyntaxPath>,
  folder: ConstantFolder,
): boolean {
  const body = target.get('body')
  if (body === null) return false
  if (!body.is('BlockStatement')) return calledIn(body, calls)
  const { goesOn, leaves } = waysThrough(body, { calls, folder })
  return !goesOn && !leaves
}

interface Search {
  readonly calls: ReadonlySet<SyntaxPath>
  readonly folder: ConstantFolder
}

function waysThrough(path: SyntaxPath | null, search: Search): Ways {
  if (path === null) return ON
  switch (path.node.type) {
    case 'BlockStatement':
      return inTurn(path.all('body'), search)
    case 'ExpressionStatement':
    case 'VariableDeclaration':
      return calledIn(path, search.calls) ? NONE : ON
    case 'ReturnStatement':
    case 'ThrowStatement':
      return calledIn(path, search.calls) ? NONE : OUT
    case 'IfStatement':
      return branch(path, search)
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
    case 'EmptyStatement':
      return ON
    case 'TryStatement':
      return attempt(path, search)
    default:
      return isLoop(path) ? loop(path, search) : other(path, search)
  }
}

function inTurn(statements: readonly SyntaxPath[], search: Search): Ways {
  let leaves = false
  for (const statement of statements) {
    const ways = waysThrough(statement, search)
    leaves ||= ways.leaves
    if (!ways.goesOn) return { goesOn: false, leaves }
  }
  return { goesOn: true, leaves }
}

function branch(path: SyntaxPath, search: Search): Ways {
  const test = path.get('test')
  if (test !== null && calledIn(test, search.calls)) return NONE
  const known = search.folder.fold(test)
  const consequent = known && !known.value ? NONE : waysThrough(path.get('consequent'), search)
  const alternate = known?.value ? NONE : waysThrough(path.get('alternate'), search)
  return {
    goesOn: consequent.goesOn || alternate.goesOn,
    leaves: consequent.leaves || alternate.leaves,
  }
}

function loop(path: SyntaxPath, search: Search): Ways {
  // What is evaluated however many rounds follow.
  const first = path.get(path.is('ForInStatement') || path.is('ForOfStatement') ? 'right' : 'init')
  if (first !== null && calledIn(first, search.calls)) return NONE
  const test = path.get('test')
  const isFirst = path.is('WhileStatement') || path.is('ForStatement')
  if (isFirst && test !== null && calledIn(test, search.calls)) return NONE
  const isCertain =
    path.is('DoWhileStatement') ||
    (isFirst && (test === null || Boolean(search.folder.fold(test)?.value)))
  // A loop may have no rounds, and `break` leads out of it, which counts as leaving the function here.
  const body = isCertain ? waysThrough(path.get('body'), search) : ANY
  return body.goesOn || body.leaves ? other(path, search) : NONE
}

function attempt(path: SyntaxPath, search: Search): Ways {
  const last = waysThrough(path.get('finalizer'), search)
  if (!last.goesOn) return last
  const block = waysThrough(path.get('block'), search)
  // The call itself may throw, into the handler.
  const handler = path.get('handler')
  const caught = handler === null ? NONE : waysThrough(handler.get('body'), search)
  return {
    goesOn: block.goesOn || caught.goesOn,
    leaves: block.leaves || caught.leaves || last.leaves,
  }
}

/** Statements that are not followed: harmless if they have neither jumps nor calls of interest. */
function other(path: SyntaxPath, { calls }: Search): Ways {
  for (const call of calls) if (call.isInside(path)) return ANY
  let leaves = false
  path.walk((inner) => {
    leaves ||= inner.is('ReturnStatement') || inner.is('ThrowStatement')
    return !leaves && !isFunction(inner)
  })
  const jumps = path.is('BreakStatement') || path.is('ContinueStatement')
  return jumps ? ANY : { goesOn: true, leaves }
}

/** Whether evaluating an expression always makes one of the calls. */
function calledIn(path: SyntaxPath, calls: ReadonlySet<SyntaxPath>): boolean {
  if (calls.has(path)) return true
  const { node } = path
  switch (node.type) {
    case 'ConditionalExpression': {
      const [test, yes, no] = path.children
      const isEither =
        yes !== undefined && no !== undefined && calledIn(yes, calls) && calledIn(no, calls)
      return isEither || (test !== undefined && calledIn(test, calls))
    }
    case 'LogicalExpression':
      return calledInFirst(path, calls)
    case 'AssignmentExpression':
      // `a ||= f()` may do without the right side.
      if (['||=', '&&=', '??='].includes(node.operator)) return calledInFirst(path, calls)
      break
    case 'OptionalMemberExpression':
    case 'OptionalCallExpression':
      return calledInFirst(path, calls)
    case 'AssignmentPattern':
    case 'ClassBody':
      return false
  }
  if (isFunction(path)) return false
  return path.children.some((child) => calledIn(child, calls))
}

function calledInFirst({ children }: SyntaxPath, calls: ReadonlySet<SyntaxPath>): boolean {
  const [first] = children
  return first !== undefined && calledIn(first, calls)
}
