import {
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type DataTypeNode,
  type Dialect,
  type DialectAdapter,
  type Driver,
  HandleEmptyInListsPlugin,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryCompiler,
  type QueryResult,
  replaceWithNoncontingentExpression,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Engine, SqlValue, Statement, StatementResult } from './statement.ts'

/** Which SQL is written. */
export type EngineName = 'sqlite' | 'postgresql'

/** Builds queries in the SQL of an engine, and runs them there; with `null`, they can only be compiled. */
export function kyselyOver<T>(name: EngineName, engine: Engine | null): Kysely<T> {
  return new Kysely<T>({
    dialect: dialectOf(name, new EngineDriver(engine)),
    // SQLite takes `in ()`, PostgreSQL does not.
    plugins: [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })],
  })
}

/** @throws {TypeError} When a parameter is something that not every engine takes. */
export function toStatement({ sql, parameters }: CompiledQuery): Statement {
  return { sql, parameters: parameters.map(toSqlValue) }
}

/** SQLite's own adapter lets one query through at a time, and nothing would ever share a commit. */
class ThreadAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

/** SQLite numbers the rows of a table by itself where its key is an `integer`. */
class NumberingSqliteCompiler extends SqliteQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    this.append(node.dataType === 'bigserial' ? 'integer' : String(node.dataType))
  }
}

function dialectOf(name: EngineName, driver: Driver): Dialect {
  const isSqlite = name === 'sqlite'
  return {
    createAdapter: (): DialectAdapter => (isSqlite ? new ThreadAdapter() : new PostgresAdapter()),
    createDriver: () => driver,
    createIntrospector: (db): DatabaseIntrospector =>
      isSqlite ? new SqliteIntrospector(db) : new PostgresIntrospector(db),
    createQueryCompiler: (): QueryCompiler =>
      isSqlite ? new NumberingSqliteCompiler() : new PostgresQueryCompiler(),
  }
}

class EngineDriver implements Driver {
  readonly #connection: DatabaseConnection

  constructor(engine: Engine | null) {
    this.#connection = {
      async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
        if (engine === null) throw new TypeError('This connection compiles queries and runs none')
        const isReadOnly = query.query.kind === 'SelectQueryNode'
        const [result] = await engine.execute([toStatement(query)], { isReadOnly })
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
