// Runs in the store's worker thread and nowhere else: node:sqlite blocks whoever calls it, for as long as
// the disk takes to sync. The only file that imports it.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type {
  Answer,
  ExecuteRequest,
  WorkerFailure,
  WorkerOptions,
  WorkerReply,
  WorkerRequest,
} from './sqlite-messages.ts'
import type { Statement, StatementResult } from './statement.ts'

const BUSY_TIMEOUT_MS = 5_000

/** Most requests in one transaction: while the next ones run, their askers are at work on what follows. */
const MAX_GROUP = 128

const MAX_PREPARED = 256

if (parentPort === null) throw new TypeError('sqlite-worker.ts is the entry of a worker thread')
const port = parentPort
const { location, migrations }: WorkerOptions = workerData
const reply = (message: WorkerReply): void => port.postMessage(message)

interface Prepared {
  readonly statement: StatementSync
  /** Whether it gives rows back. */
  readonly hasRows: boolean
}

const prepared = new Map<string, Prepared>()
const queue: ExecuteRequest[] = []
let isScheduled = false
let isClosing = false

const database = open()
if (database !== null) {
  port.on('message', (request: WorkerRequest) => receive(database, request))
  reply({ kind: 'opened' })
}

function open(): DatabaseSync | null {
  let opened: DatabaseSync | null = null
  try {
    if (location !== ':memory:') createFile(location)
    opened = new DatabaseSync(location, { timeout: BUSY_TIMEOUT_MS })
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    const newer = migrate(opened)
    if (newer === null) {
      // A power cut may otherwise take the file's own name, or the switch to WAL, and all that follows.
      if (location !== ':memory:') syncFolder(location)
      return opened
    }
    reply({ kind: 'newer-schema', version: newer })
  } catch (error) {
    reply({ kind: 'failed-to-open', failure: describe(error) })
  }
  opened?.close()
  return null
}

/** SQLite would create it readable by everyone; its companion files take over the mode. */
function createFile(path: string): void {
  if (existsSync(path)) return
  // One level only: a recursive mkdir below /proc never returns (Node 26.10).
  if (!existsSync(dirname(path))) mkdirSync(dirname(path), { mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
}

function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Brings the schema up to date under the write lock. Answers the version found if that is newer than ours. */
function migrate(target: DatabaseSync): number | null {
  target.exec('BEGIN IMMEDIATE')
  try {
    target.exec('CREATE TABLE IF NOT EXISTS airlock_schema (version INTEGER PRIMARY KEY) STRICT')
    const row = target
      .prepare('SELECT coalesce(max(version), 0) AS version FROM airlock_schema')
      .get()
    const current = Number(row?.['version'])
    if (current > Math.max(0, ...migrations.map(({ version }) => version))) {
      target.exec('ROLLBACK')
      return current
    }
    for (const { version, statements } of migrations) {
      if (version <= current) continue
      for (const { sql, parameters } of statements) target.prepare(sql).run(...parameters)
      target.prepare('INSERT INTO airlock_schema (version) VALUES (?)').run(version)
    }
    target.exec('COMMIT')
    return null
  } catch (error) {
    if (target.isTransaction) target.exec('ROLLBACK')
    throw error
  }
}

function receive(target: DatabaseSync, request: WorkerRequest): void {
  if (request.kind === 'close') isClosing = true
  else queue.push(...request.requests)
  if (isScheduled) return
  isScheduled = true
  // After all messages that are there already: they share one transaction, and one sync of the disk.
  setImmediate(() => drain(target))
}

function drain(target: DatabaseSync): void {
  isScheduled = false
  while (queue.length > 0) {
    const group = queue.splice(0, MAX_GROUP)
    // Apart: reads must not wait for the write lock, nor fail because the disk is full.
    const writes = group.filter(({ isReadOnly }) => !isReadOnly)
    const reads = group.filter(({ isReadOnly }) => isReadOnly)
    if (writes.length > 0) answer(runGroup(target, 'BEGIN IMMEDIATE', writes))
    if (reads.length > 0) answer(runGroup(target, 'BEGIN', reads))
  }
  if (!isClosing) return
  target.close()
  port.close()
}

function answer(answers: readonly Answer[]): void {
  reply({ kind: 'answers', answers })
}

/** Runs requests in one transaction. What comes back is durable, or has not happened. */
function runGroup(
  target: DatabaseSync,
  begin: 'BEGIN' | 'BEGIN IMMEDIATE',
  group: readonly ExecuteRequest[],
): readonly Answer[] {
  try {
    target.exec(begin)
    const answers = group.map((request) => runRequest(target, request))
    target.exec('COMMIT')
    return answers
  } catch (error) {
    if (target.isTransaction) target.exec('ROLLBACK')
    const failure = describe(error)
    return group.map(({ id }) => ({ id, failure }))
  }
}

function runRequest(target: DatabaseSync, { id, statements }: ExecuteRequest): Answer {
  // A statement that fails alone has undone itself.
  const isOne = statements.length === 1
  try {
    if (!isOne) target.exec('SAVEPOINT request')
    const results = statements.map((statement) => runStatement(target, statement))
    if (!isOne) target.exec('RELEASE request')
    return { id, results }
  } catch (error) {
    // A full disk ends the whole transaction, neighbours included: they must not be told it went well.
    if (!target.isTransaction) throw error
    if (!isOne) target.exec('ROLLBACK TO request; RELEASE request')
    return { id, failure: describe(error) }
  }
}

function runStatement(target: DatabaseSync, { sql, parameters }: Statement): StatementResult {
  const { statement, hasRows } = prepare(target, sql)
  if (hasRows) return { rows: statement.all(...parameters), changes: 0 }
  return { rows: [], changes: Number(statement.run(...parameters).changes) }
}

function prepare(target: DatabaseSync, sql: string): Prepared {
  const known = prepared.get(sql)
  if (known !== undefined) return known
  if (prepared.size >= MAX_PREPARED) prepared.clear()
  const statement = target.prepare(sql)
  const fresh = { statement, hasRows: statement.columns().length > 0 }
  prepared.set(sql, fresh)
  return fresh
}

function describe(error: unknown): WorkerFailure {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof Error && 'errcode' in error && typeof error.errcode === 'number') {
    return { message, errcode: error.errcode }
  }
  return { message }
}
