import type { JsonObject } from '../../harness/index.ts'

/** A single value that a program may bind to a placeholder. */
export type SqlScalar = string | number | boolean | null

/** What a program may bind to a placeholder. PostgreSQL alone takes lists, for `= ANY($1)`. */
export type SqlParameter = SqlScalar | readonly SqlScalar[]

/** Values in the order of their placeholders, or by name; SQLite alone has placeholders with names. */
export type SqlParameters = readonly SqlParameter[] | { readonly [name: string]: SqlScalar }

/** Whether a database may be changed through a tool. */
export type SqlMode = 'read' | 'read-write'

/** One statement as it is to be run. */
export interface SqlStatement {
  readonly text: string
  readonly params: SqlParameters
  /** Rows after this many are not read. */
  readonly maxRows: number
  /** Rows are read until their JSON text would have more bytes than this. */
  readonly maxBytes: number
}

/** What a program gets for one statement. */
export interface SqlAnswer {
  /** Each an object by column name; of columns with equal names the last one counts. */
  readonly rows: readonly JsonObject[]
  /** Whether there were more rows than were read: what is counted or added up here is not all. */
  readonly truncated: boolean
  /**
   * How many rows the statement itself inserted, updated or deleted; `null` when reading stopped before
   * the database had said it.
   */
  readonly changes: number | null
}

/** What stands between a statement and the data, each in the database and not in the policy. */
export type DatabaseWallName =
  | 'read-only'
  | 'statement-timeout'
  | 'session'
  | 'least-privilege'
  | 'tables-and-columns'

/** One wall, as it was found on a connection of the tool. */
export interface DatabaseWall {
  /**
   * - `read-only`: the engine refuses every write; only of tools with mode `read`
   * - `statement-timeout`: a statement that takes too long is ended in the database
   * - `session`: settings, other files and transactions are out of reach
   * - `least-privilege`: the role has no rights beyond tables; only of PostgreSQL
   * - `tables-and-columns`: what `access` leaves out cannot be read or written
   */
  readonly name: DatabaseWallName
  readonly isUp: boolean
  /** What was tried and what came of it. Holds no values from tables. */
  readonly found: string
  /** What would put it up; `null` when it is up. */
  readonly remedy: string | null
}

/** Where statements run. */
export interface SqlSource {
  /** @throws {ToolError} When the statement fails or takes too long. */
  query(statement: SqlStatement, signal: AbortSignal): Promise<SqlAnswer>
  /** Tries the walls on a real connection. */
  walls(): Promise<readonly DatabaseWall[]>
  /** Ends whatever runs. Later queries are refused. */
  close(): Promise<void>
}

/** A failure worded for the author of the statement: it says nothing that they may not know. */
export class StatementError extends Error {
  override readonly name = 'StatementError'
}
