import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import type { DatabaseWall, SqlAnswer, SqlStatement } from './sql-source.ts'
import { wordSqliteError } from './sqlite-errors.ts'
import { SqliteGuard, type SqliteGuardOptions } from './sqlite-guard.ts'
import { runSqliteStatement } from './sqlite-query.ts'
import { trySqliteWalls } from './sqlite-walls.ts'

// Runs in a process of its own, because nothing but SIGKILL stops SQLite inside one step of a
// statement: `Worker.terminate()` waits for it, and a recursive query never comes back.

/** What the child is started with, as JSON in its only argument. */
export interface SqliteChildOptions extends SqliteGuardOptions {
  readonly file: string
  /** How long to wait for another writer, in milliseconds. */
  readonly busyTimeoutMs: number
}

/** What the child is asked. */
export type SqliteChildQuestion =
  | { readonly kind: 'run'; readonly statement: SqlStatement }
  | { readonly kind: 'walls' }

/** What the child says: once that it is ready, then one answer to each question. */
export type SqliteChildMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly answer: SqlAnswer }
  | { readonly kind: 'walls'; readonly walls: readonly DatabaseWall[] }
  | { readonly kind: 'failure'; readonly message: string }

function openDatabase({ file, mode, busyTimeoutMs }: SqliteChildOptions): DatabaseSync {
  const database = new DatabaseSync(file, {
    readOnly: mode === 'read',
    timeout: busyTimeoutMs,
    // One value of a gigabyte is a single function call away otherwise.
    limits: { length: 16_777_216, sqlLength: 1_000_000 },
  })
  // Older Nodes know no limits: then this one alone bounds what a statement may hold in memory.
  database.exec('PRAGMA hard_heap_limit = 268435456')
  database.enableDefensive(true)
  if (mode === 'read') database.exec('PRAGMA query_only = 1')
  return database
}

function answerTo(question: SqliteChildQuestion): SqliteChildMessage {
  if (question.kind === 'walls') {
    return { kind: 'walls', walls: trySqliteWalls(database, guard, options) }
  }
  const { statement } = question
  try {
    guard.prepare(statement.text)
    return { kind: 'answer', answer: runSqliteStatement(database, statement, options.mode) }
  } catch (error) {
    return { kind: 'failure', message: wordSqliteError(error, statement.text, guard) }
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

function send(message: SqliteChildMessage): void {
  process.send?.(message)
}

const options: SqliteChildOptions = JSON.parse(process.argv[2] ?? '{}')
const database = openDatabase(options)
const guard = new SqliteGuard(database, options)
process.on('message', (question: SqliteChildQuestion) => send(answerTo(question)))
process.on('disconnect', () => process.exit())
new Worker(WATCHDOG, { eval: true, workerData: process.ppid }).unref()
send({ kind: 'ready' })
