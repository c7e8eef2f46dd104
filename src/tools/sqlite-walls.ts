import type { DatabaseSync } from 'node:sqlite'
import type { DatabaseWall } from './sql-source.ts'
import type { SqliteGuard, SqliteGuardOptions } from './sqlite-guard.ts'

/** Tries each wall of an open database from the inside, and leaves nothing behind. */
export function trySqliteWalls(
  database: DatabaseSync,
  guard: SqliteGuard,
  { mode }: SqliteGuardOptions,
): readonly DatabaseWall[] {
  return [
    ...(mode === 'read' ? [tryToWrite(database, guard)] : []),
    {
      name: 'statement-timeout',
      isUp: true,
      found: 'Statements run in a process of their own, which is killed',
      remedy: null,
    },
    tryToSteer(database),
    tryToReach(database, guard),
  ]
}

// Primary result codes of SQLite: what counts is why something did not happen.
const ERROR = 1
const READONLY = 8
const AUTH = 23

/** Without the authorizer, so that what refuses is the file that is open for reading. */
function tryToWrite(database: DatabaseSync, guard: SqliteGuard): DatabaseWall {
  const isUp = guard.lift(() => {
    const isRefused = failsWith([READONLY], () => database.exec('BEGIN IMMEDIATE'))
    if (database.isTransaction) database.exec('ROLLBACK')
    return isRefused
  })
  return {
    name: 'read-only',
    isUp,
    found: isUp ? 'The engine refused to begin a write' : 'The engine did not refuse to write',
    remedy: isUp ? null : 'Open the database with mode read',
  }
}

function tryToSteer(database: DatabaseSync): DatabaseWall {
  const attempts = ["ATTACH ':memory:' AS other", 'PRAGMA query_only = 0', 'BEGIN']
  const passed = attempts.filter((sql) => !failsWith([AUTH], () => database.prepare(sql)))
  const isUp = passed.length === 0
  return {
    name: 'session',
    isUp,
    found: isUp
      ? 'ATTACH, PRAGMA and BEGIN were refused'
      : `Not refused: ${passed.map((sql) => sql.split(' ')[0]).join(', ')}`,
    remedy: isUp ? null : 'Use a Node whose SQLite has an authorizer',
  }
}

function tryToReach(database: DatabaseSync, guard: SqliteGuard): DatabaseWall {
  const { access, catalogue } = guard
  const name = 'tables-and-columns'
  if (access === null) return { name, ...NO_ACCESS_LIST }
  const tables = [...catalogue.tables.values()]
  const hidden = tables.flatMap((table) =>
    table.columns
      .filter(
        (column) =>
          !access.mayRead(null, table.name) || access.isRestricted(null, table.name, column),
      )
      .map((column) => `SELECT ${quoted(column)} FROM ${quoted(table.name)}`),
  )
  // A view whose tables are gone is an error, and shows nothing.
  const reached = hidden.filter((sql) => !failsWith([AUTH, ERROR], () => database.prepare(sql)))
  const unknown = access.unknownEntries(tables.map((table) => ({ schema: null, ...table })))
  const isUp = reached.length === 0 && unknown.length === 0
  return {
    name,
    isUp,
    found: `Refused ${hidden.length - reached.length} of ${hidden.length} columns out of reach`,
    remedy: isUp
      ? null
      : `Correct access${unknown.map((entry) => `; there is no ${entry}`).join('')}`,
  }
}

/** What is said of a database where every table can be read. */
export const NO_ACCESS_LIST = {
  isUp: false,
  found: 'Every table and column can be read',
  remedy: 'Give the tool the lists of its DataPolicy as access',
} as const

function failsWith(codes: readonly number[], attempt: () => unknown): boolean {
  try {
    attempt()
    return false
  } catch (error) {
    return codes.includes(Number(Object(error).errcode) & 0xff)
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
