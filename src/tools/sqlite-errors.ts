import { nearestName } from './nearest-name.ts'
import { StatementError } from './sql-source.ts'
import type { SqliteGuard } from './sqlite-guard.ts'
import { SqliteRunError } from './sqlite-query.ts'

// Primary result codes of SQLite.
const ERROR = 1
const BUSY = 5
const LOCKED = 6
const NOMEM = 7
const READONLY = 8
const TOOBIG = 18
const CONSTRAINT = 19
const MISMATCH = 20
const AUTH = 23

const RAISED_BY_TRIGGER = 1811
const UNABLE = 'The database could not run the statement'

/**
 * Words what SQLite reports for the author of the statement: names that they wrote and a hint at the right
 * one, but no path, no value from a row and nothing of what they cannot see.
 *
 * @param guard - Knows which names may be suggested; `null` suggests none.
 */
export function wordSqliteError(error: unknown, text: string, guard: SqliteGuard | null): string {
  if (error instanceof StatementError) return error.message
  const isRunning = error instanceof SqliteRunError
  const cause = isRunning ? error.cause : error
  if (!(cause instanceof Error)) return UNABLE
  const code = Number(Object(cause).errcode)
  if (code === RAISED_BY_TRIGGER) return 'A rule of the database refused the statement'
  switch (code & 0xff) {
    case ERROR:
      return isRunning ? withoutValues(cause.message) : wordMistake(cause.message, text, guard)
    case BUSY:
    case LOCKED:
      return 'The database is locked by someone else; try again'
    case NOMEM:
      return 'The statement needs too much memory'
    case READONLY:
      return 'The database is open for reading only'
    case AUTH:
      return wordRefusal(cause.message)
    case TOOBIG:
    case CONSTRAINT:
    case MISMATCH:
      return cause.message
    default:
      return UNABLE
  }
}

/** What fails on a row may quote it. */
function withoutValues(message: string): string {
  return /^(?:fts5: )?[^:'"`]*/.exec(message)?.[0].trim() || UNABLE
}

function wordMistake(message: string, text: string, guard: SqliteGuard | null): string {
  const [, kind, name] = /^no such (column|table): (.+)$/.exec(message) ?? []
  if (kind === undefined || name === undefined) return message
  const last = name.split('.').at(-1) ?? name
  // Behind a view it is a name that its author wrote.
  if (!text.toLowerCase().includes(last.toLowerCase())) return 'A view that is used here is broken'
  const near = guard === null ? null : nearestName(last, candidates(kind, guard))
  return near === null ? message : `${message}; did you mean ${near}?`
}

function* candidates(kind: string, { access, catalogue, names }: SqliteGuard): Generator<string> {
  for (const [key, table] of catalogue.tables) {
    if (kind === 'table') {
      // Without an access list only a policy knows which tables may be named.
      if (access?.mayRead(null, key)) yield table.name
    } else if (names.all.has(key) && (access?.mayRead(null, key) ?? true)) {
      yield* table.columns.filter((column) => !access?.isRestricted(null, key, column))
    }
  }
}

function wordRefusal(message: string): string {
  const column = /^access to (.+) is prohibited$/.exec(message)?.[1]
  if (column !== undefined) return `Access to ${column} is not allowed; leave it out`
  return 'The statement does something that this tool does not allow'
}
