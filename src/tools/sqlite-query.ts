import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { JsonObject, JsonValue } from '../../harness/index.ts'

/** A value a program may bind to a placeholder. */
export type SqlParameter = string | number | boolean | null

/** One statement as it is to be run. */
export interface SqliteQuery {
  readonly text: string
  readonly params: readonly SqlParameter[]
  /** Rows after this many are not read. */
  readonly maxRows: number
  readonly readOnly: boolean
}

// As much as one message to a program may hold by default; more would be read for nothing.
const MAX_ANSWER_LENGTH = 16_777_216
const SQLITE_RANGE = 25

const READ_WORDS = ['SELECT', 'WITH', 'VALUES']
const WRITE_WORDS = ['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'CREATE', 'DROP', 'ALTER']

/**
 * Runs one statement and answers its rows as plain JSON, or `[{ changes, lastInsertRowid }]` for a
 * statement without rows. Errors are worded for the author of the statement.
 */
export function runSqliteQuery(database: DatabaseSync, query: SqliteQuery): JsonObject[] {
  requireKnownStatement(query)
  const statement = database.prepare(query.text)
  // SQLite compiles the first statement and says nothing of what follows it.
  if (skipBlanks(query.text, statement.sourceSQL.length) < query.text.length) {
    throw new Error('Only one SQL statement is allowed per call')
  }
  statement.setReadBigInts(true)
  const params = query.params.map(toSqlite)
  requireParameterCount(statement, params)
  if (statement.columns().length === 0) {
    const { changes, lastInsertRowid } = statement.run(...params)
    return [{ changes: toJson(changes), lastInsertRowid: toJson(lastInsertRowid) }]
  }
  return readRows(statement.iterate(...params), query.maxRows)
}

function requireKnownStatement({ text, readOnly }: SqliteQuery): void {
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new Error('The SQL statement holds characters that no text can hold')
  }
  const word = /^[a-z]+/i.exec(text.slice(skipBlanks(text, 0)).slice(0, 20))?.[0].toUpperCase()
  const words = readOnly ? READ_WORDS : [...READ_WORDS, ...WRITE_WORDS]
  if (word === undefined || !words.includes(word)) {
    throw new Error(`An SQL statement must start with one of ${words.join(', ')} here`)
  }
}

const BLANK = /[ \t\n\f\r;]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y

/** The index of the first character from `start` that is no blank, comment or semicolon. */
function skipBlanks(text: string, start: number): number {
  let index = start
  while (index < text.length) {
    BLANK.lastIndex = index
    const match = BLANK.exec(text)
    if (match === null) break
    index = BLANK.lastIndex
  }
  return index
}

// A placeholder that nothing is bound to is NULL: a condition that is never true, and no error.
function requireParameterCount(statement: StatementSync, params: readonly SQLInputValue[]): void {
  if (acceptsParameters(statement, [...params, null]) || !acceptsParameters(statement, params)) {
    throw new Error(`The number of params, ${params.length}, is not the number of ? placeholders`)
  }
}

function acceptsParameters(statement: StatementSync, params: readonly SQLInputValue[]): boolean {
  try {
    // Binds at once; nothing is executed before the first row is asked for.
    statement.iterate(...params)
    return true
  } catch (error) {
    if (Object(error).errcode === SQLITE_RANGE) return false
    throw error
  }
}

function readRows(rows: Iterable<Record<string, SQLOutputValue>>, maxRows: number): JsonObject[] {
  const answer: JsonObject[] = []
  let length = 0
  if (maxRows === 0) return answer
  for (const row of rows) {
    const json = Object.fromEntries(
      Object.entries(row).map(([column, value]) => [column, toJson(value)]),
    )
    length += JSON.stringify(json).length
    if (length > MAX_ANSWER_LENGTH) {
      throw new Error('The rows are too large; select fewer columns or fewer rows')
    }
    answer.push(json)
    if (answer.length >= maxRows) break
  }
  return answer
}

// A number is bound as REAL, and 5.0 || '' is not '5'.
function toSqlite(value: SqlParameter): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1n : 0n
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
}

function toJson(value: SQLOutputValue): JsonValue {
  switch (typeof value) {
    case 'bigint': {
      const number = Number(value)
      return Number.isSafeInteger(number) ? number : String(value)
    }
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'object':
      return value === null ? null : Buffer.from(value).toString('base64')
    default:
      return value
  }
}
