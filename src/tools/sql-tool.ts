import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import {
  ConfigurationError,
  type JsonObject,
  type SqlDialect,
  type Tool,
  ToolError,
} from '../../harness/index.ts'
import { defineTool, jsonSchema } from '../../runtime/index.ts'
import { SqliteProcess } from './sqlite-process.ts'
import { runSqliteQuery, type SqliteQuery, type SqlParameter } from './sqlite-query.ts'

/** What an SQL tool is made of. */
export interface SqlToolOptions {
  /** How programs call it, for example `sql`. */
  readonly name: string
  /** Only `sqlite` can be opened now. */
  readonly dialect: SqlDialect
  /**
   * The path or `file:` URL of an existing database, which a child process opens; or a database the
   * host has opened itself.
   *
   * With a path a statement that takes too long is killed and never holds up the host. A database
   * object is used on the host's own thread: a slow statement stops the whole host until it ends, and
   * nothing can cut it short. Prefer a path.
   */
  readonly database: string | URL | DatabaseSync
  /** For the model. Name the tables and columns: it learns of them from nowhere else. */
  readonly description?: string
  /** Default true: the engine itself refuses every write. */
  readonly readOnly?: boolean
  /** Most rows of one answer, default 10 000. A policy may allow fewer. Further rows are left out. */
  readonly maxRows?: number
  /** Longest time for one statement of a database given by path, in milliseconds. Default 5 000. */
  readonly timeoutMs?: number
}

/** A tool that runs SQL statements. */
export interface SqlTool extends Tool {
  /** Ends the child process. A database object stays open: it is the host's. */
  close(): Promise<void>
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set([
  'name',
  'dialect',
  'database',
  'description',
  'readOnly',
  'maxRows',
  'timeoutMs',
] satisfies (keyof SqlToolOptions)[])

interface SqlArgument {
  readonly query: string
  readonly params?: readonly SqlParameter[]
}

const INPUT = {
  type: 'object',
  properties: {
    query: {
      type: 'string',
      minLength: 1,
      maxLength: 100_000,
      description: 'One SQL statement, with ? for every value',
    },
    params: {
      type: 'array',
      items: { type: ['string', 'number', 'boolean', 'null'] },
      maxItems: 1_000,
      description: 'One value for each ?, in order',
    },
  },
  required: ['query'],
  additionalProperties: false,
} as const

const OUTPUT = { type: 'array', items: { type: 'object' } } as const

/**
 * Makes a database a tool. A call takes `{ query, params? }`: one statement, with a value for each
 * `?`. It answers an array of rows, each a plain object by column name: integers beyond 2^53 and
 * infinities are strings, blobs are base64, of columns with equal names the last one counts. An
 * answer is cut off after the last row allowed and says nothing of it, so a program that needs all
 * rows should count or page. A statement without rows answers `[{ changes, lastInsertRowid }]`.
 *
 * Give the endpoint a `DataPolicy` too: this tool keeps a statement from writing, from other files
 * and from taking too long, but it lets it read every table and, when writable, change the schema.
 *
 * @throws {ConfigurationError} For another dialect, a file that does not exist, an option that is
 * unknown or out of range.
 *
 * @example
 * ```ts
 * const sql = sqlTool({
 *   name: 'sql',
 *   dialect: 'sqlite',
 *   database: './data/shop.db',
 *   description: 'Reads the shop database: orders(id, customer_id, total_cents, ordered_at)',
 * })
 * ```
 */
export function sqlTool(options: SqlToolOptions): SqlTool {
  const { name, dialect, database, readOnly = true, maxRows = 10_000, timeoutMs = 5_000 } = options
  const unknown = Object.keys(options).find((key) => !KNOWN_OPTIONS.has(key))
  if (unknown !== undefined) {
    throw new ConfigurationError(`sqlTool: there is no option named ${unknown}`)
  }
  if (dialect !== 'sqlite') {
    throw new ConfigurationError("sqlTool: dialect must be 'sqlite', the only one supported now")
  }
  requireCount('maxRows', maxRows, 1_000_000)
  requireCount('timeoutMs', timeoutMs, 3_600_000)
  const source = openSource(database, { readOnly, timeoutMs })

  const tool = defineTool({
    name,
    description: options.description ?? defaultDescription(readOnly),
    input: jsonSchema<SqlArgument>(INPUT),
    output: jsonSchema<readonly JsonObject[]>(OUTPUT),
    readOnly,
    sql: { dialect, argument: 'query' },
    run({ query, params = [] }, { signal, maxResultRows = maxRows }) {
      const rows = Math.min(maxRows, maxResultRows)
      return source.query({ text: query, params, maxRows: rows, readOnly }, signal)
    },
  })
  return Object.freeze({ ...tool, close: () => source.close() })
}

function requireCount(name: string, value: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < 1 || value > max) {
    throw new ConfigurationError(`sqlTool: ${name} must be a whole number, 1 to ${max}`)
  }
}

function defaultDescription(readOnly: boolean): string {
  const does = readOnly ? 'Runs one SELECT' : 'Runs one SQL statement'
  return `${does} on the database and answers an array of rows, each an object by column name.`
}

/** Where statements run. */
interface QuerySource {
  query(query: SqliteQuery, signal: AbortSignal): Promise<readonly JsonObject[]>
  close(): Promise<void>
}

function openSource(
  database: SqlToolOptions['database'],
  options: { readonly readOnly: boolean; readonly timeoutMs: number },
): QuerySource {
  if (database instanceof DatabaseSync) return { query: runHere(database), close: async () => {} }
  const file = resolve(database instanceof URL ? fileURLToPath(database) : database)
  if (!existsSync(file)) {
    throw new ConfigurationError(
      'sqlTool: database must be the path of an existing file or an opened DatabaseSync; a database in memory must be passed as the object',
    )
  }
  return new SqliteProcess({ file, ...options })
}

function runHere(database: DatabaseSync): QuerySource['query'] {
  return async (query, signal) => {
    signal.throwIfAborted()
    const before = Object.values(database.prepare('PRAGMA query_only').get() ?? {})[0]
    if (query.readOnly) database.exec('PRAGMA query_only = 1')
    try {
      return runSqliteQuery(database, query)
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : 'The statement failed'
      throw new ToolError('ERR_TOOL_FAILED', message, { cause })
    } finally {
      if (query.readOnly && before === 0) database.exec('PRAGMA query_only = 0')
    }
  }
}
