import type { DatabaseSync } from 'node:sqlite'
import { ToolError } from '../../harness/index.ts'
import type { DatabaseWall, SqlAnswer, SqlMode, SqlSource, SqlStatement } from './sql-source.ts'
import { wordSqliteError } from './sqlite-errors.ts'
import { runSqliteStatement } from './sqlite-query.ts'
import { NO_ACCESS_LIST } from './sqlite-walls.ts'

/**
 * A database that the host has opened itself, used on the host's own thread. It keeps its own authorizer,
 * and with mode `read` it writes nothing while a statement runs.
 */
export class SqliteHost implements SqlSource {
  readonly #database: DatabaseSync
  readonly #mode: SqlMode

  constructor(database: DatabaseSync, mode: SqlMode) {
    this.#database = database
    this.#mode = mode
  }

  async query(statement: SqlStatement, signal: AbortSignal): Promise<SqlAnswer> {
    signal.throwIfAborted()
    try {
      return this.#whileReadOnly(() => runSqliteStatement(this.#database, statement, this.#mode))
    } catch (cause) {
      const message = wordSqliteError(cause, statement.text, null)
      throw new ToolError('ERR_TOOL_FAILED', message, { cause })
    }
  }

  async walls(): Promise<readonly DatabaseWall[]> {
    const remedy = 'Give the path of the database instead of the opened object'
    return [
      ...(this.#mode === 'read' ? [this.#readOnlyWall()] : []),
      {
        name: 'statement-timeout',
        isUp: false,
        found: 'Statements run on the thread of the host, and nothing can end one',
        remedy,
      },
      { name: 'session', isUp: false, found: 'The tool has set no authorizer', remedy },
      { name: 'tables-and-columns', ...NO_ACCESS_LIST, remedy: `${remedy}, and its access` },
    ]
  }

  async close(): Promise<void> {
    // The database is the host's.
  }

  #readOnlyWall(): DatabaseWall {
    const isUp = this.#whileReadOnly(() => this.#queryOnly() === 1)
    return {
      name: 'read-only',
      isUp,
      found: isUp ? 'query_only was on' : 'query_only was off',
      remedy: isUp ? null : 'Give the path of the database instead of the opened object',
    }
  }

  #whileReadOnly<T>(work: () => T): T {
    const before = this.#queryOnly()
    if (this.#mode === 'read') this.#database.exec('PRAGMA query_only = 1')
    try {
      return work()
    } finally {
      if (this.#mode === 'read' && before === 0) this.#database.exec('PRAGMA query_only = 0')
    }
  }

  #queryOnly(): unknown {
    return Object.values(this.#database.prepare('PRAGMA query_only').get() ?? {})[0]
  }
}
