import type { PoolClient } from 'pg'
import { isOfStatement } from './postgresql-failures.ts'
import { lockKeys, migrate } from './postgresql-migrate.ts'
import { PostgresqlPool, runStatement } from './postgresql-pool.ts'
import type { CompiledMigration, Engine, Statement, StatementResult } from './statement.ts'
import { StoreError } from './store-error.ts'
import type { StorePlace } from './store-location.ts'

/** Most requests in one transaction: beyond, the first would wait too long for its answer. */
const MAX_GROUP = 256

interface Request {
  readonly statements: readonly Statement[]
  resolve(results: readonly StatementResult[]): void
  reject(error: unknown): void
}

/**
 * The store's tables in a schema of a PostgreSQL server. As in SQLite one transaction writes at a time, in
 * all processes together: what several statements say of each other holds without anybody having to think
 * of isolation levels, and a log that is chained needs one writer anyway. Requests that arrive together
 * share a transaction. Readers wait for nobody.
 */
export class PostgresqlEngine implements Engine {
  readonly #pool: PostgresqlPool
  readonly #place: Extract<StorePlace, { engine: 'postgresql' }>
  readonly #begin: string
  readonly #queue: Request[] = []
  readonly #reading = new Set<Promise<unknown>>()
  #writing: Promise<void> | null = null
  #isClosed = false

  /** @throws {ConfigurationError} When the driver is not installed. */
  constructor(place: Extract<StorePlace, { engine: 'postgresql' }>) {
    this.#place = place
    this.#pool = new PostgresqlPool(place)
    this.#begin = [
      'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE',
      // What is acknowledged is on the server's disk, whatever its configuration says.
      "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')",
      `SELECT pg_advisory_xact_lock(${lockKeys(place.schema)})`,
    ].join('; ')
  }

  /**
   * Connects, and brings the schema up to date.
   *
   * @throws {StoreError} When that is not possible.
   * @throws {ConfigurationError} When a newer version of this package has written it.
   */
  async open(migrations: readonly CompiledMigration[]): Promise<void> {
    const problem = await this.#pool.lend((client) =>
      migrate(client, this.#place.schema, migrations),
    )
    if (problem !== null) throw problem
  }

  async execute(
    statements: readonly Statement[],
    options: { readonly isReadOnly: boolean },
  ): Promise<readonly StatementResult[]> {
    if (this.#isClosed) throw new StoreError('closed')
    if (options.isReadOnly) return this.#read(statements)
    const { promise, resolve, reject } = Promise.withResolvers<readonly StatementResult[]>()
    this.#queue.push({ statements, resolve, reject })
    this.#writing ??= this.#drain()
    return promise
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#writing
    await Promise.allSettled(this.#reading)
    await this.#pool.end()
  }

  #read(statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    const reading = this.#pool.lend((client) =>
      Promise.all(statements.map((statement) => runStatement(client, statement))),
    )
    this.#reading.add(reading)
    const forget = () => this.#reading.delete(reading)
    reading.then(forget, forget)
    return reading
  }

  async #drain(): Promise<void> {
    // After everything that is there already: it shares one transaction, and one sync of the disk.
    await new Promise(setImmediate)
    while (this.#queue.length > 0) await this.#answer(this.#queue.splice(0, MAX_GROUP))
    this.#writing = null
  }

  async #answer(group: readonly Request[]): Promise<void> {
    try {
      const results = await this.#pool.lend((client) => this.#transact(client, group))
      for (const [index, { resolve }] of group.entries()) resolve(results[index] ?? [])
    } catch (error) {
      // It may have been one of them alone. Nothing has happened yet, so each is tried by itself.
      if (group.length > 1 && isMistake(error)) for (const one of group) await this.#answer([one])
      else for (const { reject } of group) reject(error)
    }
  }

  /** Runs requests in one transaction. What comes back is durable, or has not happened. */
  async #transact(
    client: PoolClient,
    group: readonly Request[],
  ): Promise<readonly (readonly StatementResult[])[]> {
    // Alone: behind a BEGIN that fails, every statement would take effect by itself.
    await client.query(this.#begin)
    const running = group.map(({ statements }) =>
      Promise.all(statements.map((statement) => runStatement(client, statement))),
    )
    try {
      const results = await Promise.all(running)
      await commit(client)
      return results
    } catch (error) {
      // All of them: the connection may be lent again once none is on its way.
      await Promise.allSettled(running)
      if (isOfStatement(error)) await client.query('ROLLBACK')
      throw error
    }
  }
}

/** Whether a statement was refused for what it is, not for the state that the server is in. */
function isMistake(error: unknown): boolean {
  return error instanceof StoreError && error.reason === 'other' && isOfStatement(error.cause)
}

async function commit(client: PoolClient): Promise<void> {
  try {
    const { command } = await client.query('COMMIT')
    // What PostgreSQL answers when the transaction had failed.
    if (command !== 'COMMIT') throw new StoreError('other')
  } catch (cause) {
    if (isOfStatement(cause)) throw cause
    // The answer is lost, and with it whether it happened.
    throw new StoreError('crashed', { cause })
  }
}
