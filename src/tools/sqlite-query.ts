import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { JsonValue } from '../../harness/index.ts'
import { RowCollector } from './row-collector.ts'
import {
  type SqlAnswer,
  type SqlMode,
  type SqlParameter,
  type SqlParameters,
  type SqlScalar,
  type SqlStatement,
  StatementError,
} from './sql-source.ts'
import { readSqliteNames } from './sqlite-tokens.ts'
import { requireKnownStatement, skipBlanks } from './statement-text.ts'

const SQLITE_RANGE = 25

/** What SQLite said when it ran a statement, as opposed to when it read it. */
export class SqliteRunError extends Error {
  override readonly name = 'SqliteRunError'
}

/**
 * Runs one statement. Rows are read one by one, and no further than wanted.
 *
 * @throws {StatementError} When it is not one statement that may run, or its values are too few.
 * @throws {SqliteRunError} With SQLite's error as its cause.
 */
export function runSqliteStatement(
  database: DatabaseSync,
  query: SqlStatement,
  mode: SqlMode,
): SqlAnswer {
  requireKnownStatement(query.text, 'sqlite', mode)
  const statement = database.prepare(query.text)
  // SQLite compiles the first statement and says nothing of what follows it.
  if (skipBlanks(query.text, statement.sourceSQL.length, 'sqlite') < query.text.length) {
    throw new StatementError('Only one SQL statement is allowed per call')
  }
  statement.setReadBigInts(true)
  const bound = boundValues(statement, query)
  try {
    const before = mode === 'read' ? null : changesOf(database)
    const { rows, truncated } = readRows(statement, bound, query)
    const after = mode === 'read' ? null : changesOf(database)
    // What changed last stays on record until something else changes: a definition changes no rows.
    const changes = after?.total === before?.total ? 0 : (after?.last ?? 0)
    return { rows, truncated, changes }
  } catch (cause) {
    if (cause instanceof StatementError) throw cause
    throw new SqliteRunError('SQLite failed', { cause })
  }
}

function changesOf(database: DatabaseSync): { readonly total: number; readonly last: number } {
  const row = database.prepare('SELECT total_changes() AS total, changes() AS last').get()
  return { total: Number(row?.['total']), last: Number(row?.['last']) }
}

/** What `run` and `iterate` take: values in order, or one object. */
type BoundValues = readonly SQLInputValue[] | readonly [Record<string, SQLInputValue>]

// A placeholder that nothing is bound to is NULL: a condition that is never true, and no error.
function boundValues(statement: StatementSync, { text, params }: SqlStatement): BoundValues {
  const placeholders = [...readSqliteNames(text).placeholders]
  const names = placeholders.filter((placeholder) => !placeholder.startsWith('?'))
  if (!isList(params)) {
    if (names.length === placeholders.length) return [namedValues(new Set(names), params)]
    throw new StatementError('The params are an object, so every placeholder needs a name')
  }
  if (names.length > 0) {
    throw new StatementError(`Write ? instead of ${names[0]}, or give params as an object`)
  }
  const values = params.map(toSqlite)
  if (acceptsValues(statement, [...values, null]) || !acceptsValues(statement, values)) {
    throw new StatementError(
      `The number of params, ${values.length}, is not the number of ? placeholders`,
    )
  }
  return values
}

function isList(params: SqlParameters): params is readonly SqlParameter[] {
  return Array.isArray(params)
}

function namedValues(
  names: ReadonlySet<string>,
  params: { readonly [name: string]: SqlScalar },
): Record<string, SQLInputValue> {
  const given = new Map(Object.entries(params))
  const values = [...names].map((name) => {
    const value = given.get(name) ?? given.get(name.slice(1))
    if (value === undefined && !given.has(name) && !given.has(name.slice(1))) {
      throw new StatementError(`There is no value for ${name} in params`)
    }
    return [name, toSqlite(value ?? null)] as const
  })
  const extra = [...given.keys()].find((key) => !names.has(key) && !hasBareName(names, key))
  if (extra !== undefined) {
    throw new StatementError('The params have a name that is no placeholder of the statement')
  }
  return Object.fromEntries(values)
}

function hasBareName(names: ReadonlySet<string>, key: string): boolean {
  return [...names].some((name) => name.slice(1) === key)
}

function acceptsValues(statement: StatementSync, values: readonly SQLInputValue[]): boolean {
  try {
    // Binds at once; nothing is executed before the first row is asked for.
    statement.iterate(...values)
    return true
  } catch (error) {
    if (Object(error).errcode === SQLITE_RANGE) return false
    throw error
  }
}

function readRows(
  statement: StatementSync,
  bound: BoundValues,
  bounds: SqlStatement,
): RowCollector {
  const collector = new RowCollector(bounds)
  if (statement.columns().length === 0) {
    statement.run(...(bound as SQLInputValue[]))
    return collector
  }
  for (const row of statement.iterate(...(bound as SQLInputValue[]))) {
    const json = Object.entries(row).map(([column, value]) => [column, toJson(value)] as const)
    if (!collector.add(Object.fromEntries(json))) break
  }
  return collector
}

// A number is bound as REAL, and 5.0 || '' is not '5'.
function toSqlite(value: SqlParameter): SQLInputValue {
  if (typeof value === 'object' && value !== null) {
    throw new StatementError('SQLite takes no lists: pass JSON text and use json_each(?)')
  }
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
