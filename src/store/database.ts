import {
  type Compilable,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { MIGRATIONS } from './migrations/migrations.ts'
import type { SqlValue, Statement, StatementResult } from './sqlite-messages.ts'
import { SqliteThread } from './sqlite-thread.ts'
import type { Tables } from './tables.ts'

/**
 * The store's one database: typed queries on this side, the engine in a thread of its own. Interactive
 * transactions do not exist, as the thread commits many callers' work at once: what belongs together goes
 * into one {@link Database.together}.
 */
export interface Database {
  /** Builds queries and runs single ones. */
  readonly queries: Kysely<Tables>
  /**
   * Runs queries that take effect together or not at all. Resolves when they are durable.
   *
   * @returns For each query how many rows it changed.
   * @throws {StoreError} When they did not take effect.
   */
  together(queries: readonly Compilable[]): Promise<readonly number[]>
  close(): Promise<void>
}

/**
 * Opens a database and brings its schema up to date.
 *
 * @param location - A path, or `':memory:'`. The file and its last folder are created, for their owner alone.
 * @throws {StoreError} When it cannot be opened.
 * @throws {ConfigurationError} When a newer version of this package has written it.
 */
export async function openDatabase(location: string): Promise<Database> {
  const thread = new SqliteThread(
    location,
    MIGRATIONS.map((migration, index) => ({
      version: index + 1,
      statements: migration(COMPILE_ONLY).map((query) => toStatement(query.compile())),
    })),
  )
  await thread.open()
  return {
    queries: kyselyOver(new ThreadDriver(thread)),
    async together(queries) {
      const statements = queries.map((query) => toStatement(query.compile()))
      const results = await thread.execute(statements, { isReadOnly: false })
      return results.map(({ changes }) => changes)
    },
    close: () => thread.close(),
  }
}

/** SQLite's own adapter lets one query through at a time, and nothing would ever share a commit. */
class ThreadAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

class ThreadDriver implements Driver {
  readonly #connection: DatabaseConnection

  constructor(thread: SqliteThread | null) {
    this.#connection = {
      async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
        if (thread === null) throw new TypeError('This connection compiles queries and runs none')
        const isReadOnly = query.query.kind === 'SelectQueryNode'
        const [result] = await thread.execute([toStatement(query)], { isReadOnly })
        return toQueryResult<R>(result)
      },
      // biome-ignore lint/correctness/useYield: the interface wants a generator
      async *streamQuery() {
        throw new TypeError('The store does not stream')
      },
    }
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }

  async beginTransaction(): Promise<void> {
    throw new TypeError('Use Database.together: the store has no interactive transactions')
  }

  async commitTransaction(): Promise<void> {}

  async rollbackTransaction(): Promise<void> {}

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

function kyselyOver<T>(driver: Driver): Kysely<T> {
  return new Kysely<T>({
    dialect: {
      createAdapter: () => new ThreadAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}

const COMPILE_ONLY: Kysely<unknown> = kyselyOver(new ThreadDriver(null))

function toStatement({ sql, parameters }: CompiledQuery): Statement {
  return { sql, parameters: parameters.map(toSqlValue) }
}

function toSqlValue(value: unknown): SqlValue {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new TypeError('A query parameter must be null, a finite number or a string')
}

function toQueryResult<R>(result: StatementResult | undefined): QueryResult<R> {
  if (result === undefined) throw new TypeError('The store answered without a result')
  return {
    // Kysely derives R from the query; rows carry what the schema of `tables.ts` says.
    rows: result.rows as unknown as R[],
    numAffectedRows: BigInt(result.changes),
  }
}
