import { createRequire } from 'node:module'
import type { Pool, PoolClient, PoolConfig, QueryResult } from 'pg'
import { ConfigurationError } from '../../harness/index.ts'
import { isOfStatement, toStoreError } from './postgresql-failures.ts'
import { storeTypes, toParameter } from './postgresql-values.ts'
import type { Statement, StatementResult } from './statement.ts'
import { StoreError } from './store-error.ts'
import type { StorePlace } from './store-location.ts'

type PostgresqlPlace = Extract<StorePlace, { engine: 'postgresql' }>

/** How long after a failed connection the next is tried; calls in between fail at once. */
const RECONNECT_AFTER_MS = 1_000
const CONNECT_TIMEOUT_MS = 5_000
const IDLE_TIMEOUT_MS = 30_000

/** Longest that one statement takes, and that it waits for somebody's lock. */
const STATEMENT_TIMEOUT_MS = 10_000
const LOCK_TIMEOUT_MS = 5_000
/** A process that is cut off in the middle of a transaction must not hold everybody up for long. */
const IDLE_IN_TRANSACTION_MS = 10_000
/** For a server that no longer ends statements itself. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 2_000

/** The connections of this process to the store's server. Nothing connects before the first call. */
export class PostgresqlPool {
  readonly #config: PoolConfig
  #pool: Promise<Pool> | null = null
  /** Why the last connection failed, and until when that is answered without another attempt. */
  #failed: { readonly error: unknown; readonly until: number } | null = null

  /** @throws {ConfigurationError} When the driver is not installed. */
  constructor(place: PostgresqlPlace) {
    requireDriver()
    this.#config = toPoolConfig(place)
  }

  /**
   * Lends a connection for work that has happened only when it resolves. What finds its connection lost is
   * done once more on another.
   *
   * @throws {StoreError} When there is none to have, or `work` fails.
   */
  async lend<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    try {
      return await this.#lendOnce(work)
    } catch (error) {
      const isLost = error instanceof StoreError && error.reason === 'unreachable'
      if (!isLost || this.#failed !== null) throw error
      return this.#lendOnce(work)
    }
  }

  /** What is lost, or left within a transaction, is not lent again. */
  async #lendOnce<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#connect()
    let failure: unknown = null
    // A connection that is lost tells its queries so; without a listener it would also end the host.
    const onError = (error: unknown) => {
      failure = error
    }
    client.on('error', onError)
    try {
      return await work(client)
    } catch (error) {
      if (!isOfStatement(error)) failure = error
      throw toStoreError(error)
    } finally {
      client.off('error', onError)
      client.release(failure !== null || client.getTransactionStatus() !== 'I')
    }
  }

  async end(): Promise<void> {
    const pool = await this.#pool?.catch(() => null)
    await pool?.end()
  }

  async #connect(): Promise<PoolClient> {
    const failed = this.#failed
    if (failed !== null && Date.now() < failed.until) throw toStoreError(failed.error)
    this.#pool ??= openPool(this.#config)
    const pool = await this.#pool
    try {
      const client = await pool.connect()
      this.#failed = null
      return client
    } catch (error) {
      const storeError = toStoreError(error)
      // Where all connections are at work, one comes free at any time.
      if (storeError.reason === 'unreachable') {
        this.#failed = { error, until: Date.now() + RECONNECT_AFTER_MS }
      }
      throw storeError
    }
  }
}

/** Runs one statement on a connection. */
export async function runStatement(
  client: PoolClient,
  { sql, parameters }: Statement,
): Promise<StatementResult> {
  const result: QueryResult = await client.query(sql, parameters.map(toParameter))
  const hasRows = result.fields.length > 0
  return { rows: result.rows, changes: hasRows ? 0 : (result.rowCount ?? 0) }
}

async function openPool(config: PoolConfig): Promise<Pool> {
  const { Pool, types } = await import('pg')
  const pool = new Pool({ ...config, types: storeTypes(types) })
  // A connection that breaks while nobody uses it is replaced by the next one.
  pool.on('error', () => {})
  return pool
}

function toPoolConfig({ connection, schema, maxConnections }: PostgresqlPlace): PoolConfig {
  const options = [
    `search_path=${schema}`,
    `statement_timeout=${STATEMENT_TIMEOUT_MS}`,
    `lock_timeout=${LOCK_TIMEOUT_MS}`,
    `idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_MS}`,
    'default_transaction_isolation=read\\ committed',
    'standard_conforming_strings=on',
    'client_min_messages=warning',
  ]
    .map((setting) => `-c ${setting}`)
    .join(' ')
  const common: PoolConfig = {
    max: maxConnections,
    fallback_application_name: 'airlock-store',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    // Connections that nobody uses keep nobody alive.
    allowExitOnIdle: true,
    keepAlive: true,
    // The statements of a transaction travel together.
    pipeline: true,
  }
  if (!('url' in connection)) return { ...common, ...connection, options }
  const url = new URL(connection.url)
  const own = url.searchParams.get('options')
  // Of two settings of one name the later counts.
  url.searchParams.set('options', own === null ? options : `${own} ${options}`)
  return { ...common, connectionString: url.href }
}

function requireDriver(): void {
  try {
    createRequire(import.meta.url).resolve('pg')
  } catch (cause) {
    throw new ConfigurationError(
      'A store on PostgreSQL needs the package pg beside this one: npm install pg',
      { cause },
    )
  }
}
