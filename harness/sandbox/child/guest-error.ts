import type { GuestError } from '../sandbox.ts'

/** The name the program's text has in the engine's stack traces. */
export const PROGRAM_FILE = 'program.js'

/** What the realm reports of an uncaught error. */
export interface ReportedError {
  readonly name: string
  readonly message: string
  readonly stack: string
  readonly code?: string | null
}

const MAX_MESSAGE = 4096
// Both engines write it so; the digits are bounded because the stack is the program's to write.
const PLACE = /program\.js:(\d{1,7}):(\d{1,7})/
const READ_OF_UNDEFINED =
  /^(?:cannot read property '.*' of undefined|Cannot read properties of undefined \(reading '.*'\))$/
const NOT_ITERABLE = / is not iterable(?: \(.*\))?$/
const NOT_A_FUNCTION = /^(?:([\w$.?[\]()]{1,100}) is )?not a function$/
const CALL = /(\)\.)?([\w$][\w$.?[\]]{0,99})\(/g
const LOOKS_AWAITABLE =
  /^(?:map|filter|reduce|forEach|find|some|every|flatMap|sort|slice|join|at|includes|push|toFixed|split|trim)$/

/** Bounds an error of the engine and finds its place in the program's text. */
export function describeGuestError(error: ReportedError, code: string): GuestError {
  const place = PLACE.exec(error.stack)
  const line = place === null ? undefined : Number(place[1])
  const column = place === null ? undefined : Number(place[2])
  const message =
    line === undefined || column === undefined
      ? error.message
      : explain(error.message, code.split('\n', line)[line - 1] ?? '', column)
  return {
    name: error.name.slice(0, 100),
    message: message.slice(0, MAX_MESSAGE),
    ...(line !== undefined && column !== undefined && { line, column }),
    ...(typeof error.code === 'string' && { toolErrorCode: error.code }),
  }
}

/** What was forgotten most of the time is to await: the message says so where it may be that. */
function explain(message: string, lineText: string, column: number): string {
  if (READ_OF_UNDEFINED.test(message)) {
    return `${message}; if it comes from a promise, await that first`
  }
  if (NOT_ITERABLE.test(message)) return `${message}; if it is a promise, await it first`
  const named = NOT_A_FUNCTION.exec(message)
  if (named === null) return message
  const callee = named[1] ?? calleeBefore(lineText, column)
  if (callee === '') return message
  const dot = callee.lastIndexOf('.')
  const hint =
    dot > 0 && LOOKS_AWAITABLE.test(callee.slice(dot + 1))
      ? `; if ${callee.slice(0, dot)} is a promise, did the program forget to await it?`
      : ''
  return `${callee} is not a function${hint}`
}

/** QuickJS says "not a function" without saying what; the program's text knows. */
function calleeBefore(lineText: string, column: number): string {
  const start = Math.max(0, column - 200)
  let callee = ''
  // The engine's column lies somewhere in the call, so the callee is the last one that starts before.
  for (const match of lineText.slice(start, column + 200).matchAll(CALL)) {
    if (start + match.index >= column) break
    callee = `${match[1] === undefined ? '' : '(...).'}${match[2]}`
  }
  return callee
}
