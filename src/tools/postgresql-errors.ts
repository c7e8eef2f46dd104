import type { AccessList } from './sql-access.ts'
import { StatementError } from './sql-source.ts'

/** What the wording depends on. */
export interface ErrorFacts {
  /** The statement that failed. */
  readonly text: string
  readonly access: AccessList | null
  readonly timeoutMs: number
}

/** The fields of an error that PostgreSQL sent. Its detail quotes rows and is never looked at. */
interface ServerError {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

const UNABLE = 'The database could not run the statement'

/** By code, before the classes. */
const BY_CODE: ReadonlyMap<string, string> = new Map([
  ['08P01', 'The number of params is not the number of placeholders $1, $2, …'],
  ['40001', 'Another transaction came in between; try again'],
  ['40P01', 'Another transaction came in between; try again'],
  ['55P03', 'The rows are locked by someone else; try again'],
  ['57014', 'The statement was cancelled'],
])

/** By class, the first two characters of the code. */
const BY_CLASS: ReadonlyMap<string, string> = new Map([
  ['08', 'The connection to the database was lost'],
  ['28', 'The database cannot be reached'],
  ['3D', 'The database cannot be reached'],
  ['53', 'The database has no room for the statement'],
  ['54', 'The statement is too complex'],
  ['57', 'The connection to the database was lost'],
  ['P0', 'A rule of the database refused the statement'],
])

/**
 * Words what PostgreSQL or its driver reports for the author of the statement: names that they wrote and
 * the server's hint, but no address, no value from a row and nothing of what they cannot see.
 */
export function wordPostgresqlError(error: unknown, facts: ErrorFacts): string {
  if (error instanceof StatementError) return error.message
  if (!isServerError(error)) return 'The database cannot be reached'
  const { code, message } = error
  if (code === '57014' && /statement timeout/.test(message)) return tooLong(facts.timeoutMs)
  const fixed = BY_CODE.get(code) ?? BY_CLASS.get(code.slice(0, 2))
  if (fixed !== undefined) return fixed
  switch (code.slice(0, 2)) {
    case '22':
      return withoutValues(message)
    case '23':
    case '25':
      return message
    case '0A':
    case '42':
      return wordMistake(error, facts)
    default:
      return UNABLE
  }
}

/** Says that the time of a statement was over. */
export function tooLong(timeoutMs: number): string {
  return `The statement took longer than ${timeoutMs} ms; narrow it down`
}

function isServerError(error: unknown): error is ServerError {
  const { code, message, severity } = Object(error)
  return typeof code === 'string' && typeof message === 'string' && typeof severity === 'string'
}

/** What fails on a value quotes it, between quotation marks or behind a colon. */
function withoutValues(message: string): string {
  const head = message.split(': ')[0] ?? ''
  return head.replace(/".*"/s, 'the value')
}

function wordMistake({ code, message, hint }: ServerError, facts: ErrorFacts): string {
  const { text, access } = facts
  const written = text.toLowerCase()
  const isWritten = (name: string) => written.includes(name.replaceAll('""', '"').toLowerCase())
  if (code === '42501') {
    const name = /^permission denied for \w+ (.+)$/.exec(message)?.[1]
    const what = name !== undefined && isWritten(name) ? message : 'permission denied'
    return `${what}; the tool has no right to everything that the statement uses`
  }
  // Behind a view or function it is a name that its author wrote.
  if (/multiple commands/.test(message)) return 'Only one SQL statement is allowed per call'
  const shown = message.replaceAll(/"([^"]*)"/g, (quoted, name: string) =>
    isWritten(name) ? quoted : '"…"',
  )
  const words = hint?.match(/[\w$]+/g) ?? []
  const isHintSafe = !words.some((word) => access?.namesRestricted(word))
  return hint === undefined || !isHintSafe ? shown : `${shown}; ${hint.replace(/\.$/, '')}`
}
