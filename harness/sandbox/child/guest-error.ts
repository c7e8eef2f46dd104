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
const LOOKS_AWAITABLE =
  /^(?:map|filter|reduce|forEach|find|some|every|flatMap|sort|slice|join|at|includes|push|toFixed|split|trim)$/

/** Bounds an error of the engine and finds its place in the program's text. */
export function describeGuestError(error: ReportedError, code: string): GuestError {
  const place = /program\.js:(\d+):(\d+)/.exec(error.stack)
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

/** The engine says "not a function" without saying what; the program's text knows. */
function explain(message: string, lineText: string, column: number): string {
  if (/^cannot read property '.*' of undefined$/.test(message)) {
    return `${message}; if it comes from a promise, await that first`
  }
  if (message === 'value is not iterable') return `${message}; if it is a promise, await it first`
  if (message !== 'not a function') return message
  const start = Math.max(0, column - 200)
  let callee = ''
  // The engine's column lies somewhere in the call, so the callee is the last one that starts before.
  for (const match of lineText.slice(start, column + 200).matchAll(/([\w$][\w$.?[\]]{0,99})\(/g)) {
    if (start + match.index >= column) break
    callee = match[1] ?? ''
  }
  if (callee === '') return message
  const parts = callee.split('.')
  const method = parts.pop() ?? ''
  const hint =
    parts.length > 0 && LOOKS_AWAITABLE.test(method)
      ? `; if ${parts.join('.')} is a promise, did the program forget to await it?`
      : ''
  return `${callee} is not a function${hint}`
}
