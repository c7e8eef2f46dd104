import { constants, DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { runSqliteQuery, type SqliteQuery } from './sqlite-query.ts'

// Runs in a process of its own, because nothing but SIGKILL stops SQLite inside one step of a
// statement: `Worker.terminate()` waits for it, and a recursive query never comes back.

/** What the child is started with, as JSON in its only argument. */
export interface SqliteChildOptions {
  readonly file: string
  readonly readOnly: boolean
}

/** What the child answers to one query. */
export type SqliteChildAnswer =
  | { readonly ok: true; readonly rows: ReturnType<typeof runSqliteQuery> }
  | { readonly ok: false; readonly message: string }

const READ_ACTIONS: ReadonlySet<number> = new Set([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
])

// What nobody may do: reach other files, change the connection, or hold a transaction open.
const DENIED_ACTIONS: ReadonlySet<number> = new Set([
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
  constants.SQLITE_PRAGMA,
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
  constants.SQLITE_CREATE_VTABLE,
  constants.SQLITE_DROP_VTABLE,
])

function isAllowed(readOnly: boolean, action: number, name: string | null): boolean {
  // Full-text search asks for this one itself.
  if (action === constants.SQLITE_PRAGMA && name === 'data_version') return true
  return readOnly ? READ_ACTIONS.has(action) : !DENIED_ACTIONS.has(action)
}

function openDatabase({ file, readOnly }: SqliteChildOptions): DatabaseSync {
  const database = new DatabaseSync(file, {
    readOnly,
    timeout: 2_000,
    // One value of a gigabyte is a single function call away otherwise.
    limits: { length: 16_777_216, sqlLength: 1_000_000 },
  })
  if (readOnly) database.exec('PRAGMA query_only = 1')
  database.setAuthorizer((action, name) =>
    isAllowed(readOnly, action, name) ? constants.SQLITE_OK : constants.SQLITE_DENY,
  )
  return database
}

function answerQuery(database: DatabaseSync, query: SqliteQuery): SqliteChildAnswer {
  try {
    return { ok: true, rows: runSqliteQuery(database, query) }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : 'The statement failed' }
  }
}

// A host that is killed takes its deadlines with it, and a statement without end holds this thread:
// so another one looks whether the parent is still there.
const WATCHDOG = `
  const { workerData: parent } = require('node:worker_threads')
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  }, 1000)
`

const database = openDatabase(JSON.parse(process.argv[2] ?? '{}'))
process.on('message', (query: SqliteQuery) => process.send?.(answerQuery(database, query)))
process.on('disconnect', () => process.exit())
new Worker(WATCHDOG, { eval: true, workerData: process.ppid }).unref()
