import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { ConfigurationError, type JsonObject, type Tool } from '../../harness/index.ts'
import { defineTool, jsonSchema } from '../../runtime/index.ts'
import { checkAccess } from './check-access.ts'
import { toPoolConfig } from './postgresql-connection.ts'
import type { PostgresqlConnection } from './postgresql-place.ts'
import { requireName } from './postgresql-session.ts'
import { PostgresqlSource } from './postgresql-source.ts'
import type { SqlAccess } from './sql-access.ts'
import { answerSchema, argumentSchema } from './sql-schemas.ts'
import type { DatabaseWall, SqlAnswer, SqlMode, SqlParameters, SqlSource } from './sql-source.ts'
import { SqliteHost } from './sqlite-host.ts'
import { SqliteProcess } from './sqlite-process.ts'

/** What every SQL tool has. */
interface CommonOptions {
  /** How programs call it, for example `sql`. */
  readonly name: string
  /** For the model. Name the tables and columns: it learns of them from nowhere else. */
  readonly description?: string
  /** Default `read`: the engine itself refuses every write. */
  readonly mode?: SqlMode
  /**
   * What the database may be reached for whatever a policy says. SQLite enforces it on every statement.
   * In PostgreSQL rights do, those of the role, and {@link SqlTool.walls} holds them against it.
   */
  readonly access?: SqlAccess
  /** Longest time for one statement, in milliseconds. Default 5 000. */
  readonly statementTimeoutMs?: number
  /** Most rows of one answer, default 10 000. A policy may allow fewer. */
  readonly maxResultRows?: number
  /** Most bytes of the rows of one answer as JSON, default 16 000 000. */
  readonly maxResultBytes?: number
}

/** What an SQL tool on a SQLite database is made of. */
export interface SqliteToolOptions extends CommonOptions {
  readonly dialect: 'sqlite'
  /**
   * The path or `file:` URL of an existing database, which a child process opens; or a database the
   * host has opened itself.
   *
   * With a path a statement that takes too long is killed and never holds up the host. A database
   * object is used on the host's own thread: a slow statement stops the whole host until it ends, nothing
   * can cut it short, and `access` is not possible. Prefer a path.
   */
  readonly database: string | URL | DatabaseSync
}

/** What an SQL tool on a PostgreSQL database is made of. Needs the package `pg`. */
export interface PostgresqlToolOptions extends CommonOptions {
  readonly dialect: 'postgresql'
  /** A `postgresql://` URL, or its parts. Best the login of a role that has no other rights. */
  readonly database: string | URL | PostgresqlConnection
  /**
   * A role that statements run as, by `SET LOCAL ROLE`. A statement that calls `set_config` can leave it
   * again, so a login of its own is the better wall.
   */
  readonly role?: string
  /** What an unqualified name is in, as `DataPolicy` has it. Default `public`. */
  readonly defaultSchema?: string
}

/** What an SQL tool is made of. */
export type SqlToolOptions = SqliteToolOptions | PostgresqlToolOptions

/** A tool that runs SQL statements. */
export interface SqlTool extends Tool {
  /**
   * Tries on a real connection what would hold a statement that a policy has misjudged.
   *
   * @throws {ToolError} When the database cannot be reached.
   */
  walls(): Promise<readonly DatabaseWall[]>
  /** Ends the child process or the connections. A database object stays open: it is the host's. */
  close(): Promise<void>
}

const COMMON_OPTIONS = [
  'name',
  'dialect',
  'database',
  'description',
  'mode',
  'access',
  'statementTimeoutMs',
  'maxResultRows',
  'maxResultBytes',
] satisfies (keyof SqliteToolOptions)[]

const KNOWN_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  sqlite: COMMON_OPTIONS,
  postgresql: [
    ...COMMON_OPTIONS,
    'role',
    'defaultSchema',
  ] satisfies (keyof PostgresqlToolOptions)[],
}

// With what surrounds the rows, as much as one message to a program may hold by default.
const DEFAULT_RESULT_BYTES = 16_000_000

/**
 * Makes a database a tool. A call takes `{ query, params? }`: one statement, with a value for each
 * placeholder, `?` in SQLite and `$1` in PostgreSQL. It answers `{ rows, truncated, changes }`: the text
 * goes to the database as it is, rows are read one by one, and reading stops at `maxResultRows` or
 * `maxResultBytes`; `truncated` says that there were more.
 *
 * Give the endpoint a `DataPolicy` too: it says no before the database is asked, and why.
 *
 * @throws {ConfigurationError} For another dialect, a file that does not exist, a driver that is not
 * installed, an option that is unknown or out of range.
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
  const { name, dialect, mode = 'read', maxResultRows: maxRows = 10_000 } = options
  const { maxResultBytes: maxBytes = DEFAULT_RESULT_BYTES } = options
  checkOptions(options)
  requireCount('maxResultRows', maxRows, 1_000_000)
  requireCount('maxResultBytes', maxBytes, 1_073_741_824)
  const source = openSource(options)
  const readOnly = mode === 'read'

  const tool = defineTool({
    name,
    description: options.description ?? defaultDescription(readOnly),
    input: jsonSchema<SqlArgument>(argumentSchema(dialect)),
    output: jsonSchema<JsonObject>(answerSchema),
    readOnly,
    sql: { dialect, argument: 'query', parameters: 'params' },
    async run({ query, params = [] }, { signal, maxResultRows = maxRows }) {
      const bounds = { maxRows: Math.min(maxRows, maxResultRows), maxBytes }
      const answer: SqlAnswer = await source.query({ text: query, params, ...bounds }, signal)
      return { ...answer }
    },
  })
  return Object.freeze({ ...tool, walls: () => source.walls(), close: () => source.close() })
}

interface SqlArgument {
  readonly query: string
  readonly params?: SqlParameters
}

function checkOptions({ dialect, mode = 'read', ...options }: SqlToolOptions): void {
  const known = Object.hasOwn(KNOWN_OPTIONS, dialect) ? KNOWN_OPTIONS[dialect] : undefined
  if (known === undefined) {
    throw new ConfigurationError("sqlTool: dialect must be 'sqlite' or 'postgresql'")
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown !== undefined) {
    throw new ConfigurationError(`sqlTool: dialect '${dialect}' has no option named ${unknown}`)
  }
  if (mode !== 'read' && mode !== 'read-write') {
    throw new ConfigurationError("sqlTool: mode must be 'read' or 'read-write'")
  }
}

function requireCount(name: string, value: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < 1 || value > max) {
    throw new ConfigurationError(`sqlTool: ${name} must be a whole number, 1 to ${max}`)
  }
}

function defaultDescription(readOnly: boolean): string {
  const does = readOnly ? 'Runs one query' : 'Runs one SQL statement'
  return `${does} on the database. Values belong in params, never in the text of the query.`
}

function openSource(options: SqlToolOptions): SqlSource {
  const { mode = 'read', statementTimeoutMs: timeoutMs = 5_000 } = options
  requireCount('statementTimeoutMs', timeoutMs, 3_600_000)
  const access = options.access === undefined ? null : checkAccess(options.access)
  if (options.dialect === 'sqlite') {
    return openSqlite(options.database, { mode, access, timeoutMs })
  }
  const { role = null, defaultSchema = 'public' } = options
  if (role !== null) requireName('role', role)
  requireName('defaultSchema', defaultSchema)
  const connection = toPoolConfig(options.database, mode)
  return new PostgresqlSource({ connection, mode, access, timeoutMs, role, defaultSchema })
}

function openSqlite(
  database: SqliteToolOptions['database'],
  options: {
    readonly mode: SqlMode
    readonly access: SqlAccess | null
    readonly timeoutMs: number
  },
): SqlSource {
  if (database instanceof DatabaseSync) {
    if (options.access === null) return new SqliteHost(database, options.mode)
    throw new ConfigurationError(
      'sqlTool: access needs the path of the database, where the tool can set an authorizer',
    )
  }
  const file = resolve(database instanceof URL ? fileURLToPath(database) : database)
  if (!existsSync(file)) {
    throw new ConfigurationError(
      'sqlTool: database must be the path of an existing file or an opened DatabaseSync; a database in memory must be passed as the object',
    )
  }
  if (typeof DatabaseSync.prototype.setAuthorizer !== 'function') {
    throw new ConfigurationError('sqlTool: a database given by path needs Node 24.10 or newer')
  }
  return new SqliteProcess({ file, ...options })
}
