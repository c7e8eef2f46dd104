import { createRequire } from 'node:module'
import type { PoolConfig } from 'pg'
import { ConfigurationError } from '../../harness/index.ts'
import type { PostgresqlConnection } from './postgresql-place.ts'
import type { SqlMode } from './sql-source.ts'

const OPTIONS: ReadonlySet<string> = new Set([
  'host',
  'port',
  'database',
  'user',
  'password',
  'ssl',
  'maxConnections',
] satisfies (keyof PostgresqlConnection)[])

const DEFAULT_CONNECTIONS = 4
const MAX_CONNECTIONS = 100
const CONNECT_TIMEOUT_MS = 10_000
const IDLE_TIMEOUT_MS = 30_000

/**
 * Makes the settings of the driver.
 *
 * @throws {ConfigurationError} When the database is given in another way, or the driver is missing.
 */
export function toPoolConfig(
  database: string | URL | PostgresqlConnection,
  mode: SqlMode,
): PoolConfig {
  requireDriver()
  // For whatever would run outside the tool's transactions.
  const options = `-c default_transaction_read_only=${mode === 'read' ? 'on' : 'off'}`
  const common = {
    fallback_application_name: 'airlock',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    // Connections that nobody uses keep nobody alive.
    allowExitOnIdle: true,
    keepAlive: true,
  }
  if (typeof database === 'string' || database instanceof URL) {
    const connectionString = withOptions(database, options)
    return { ...common, max: DEFAULT_CONNECTIONS, connectionString }
  }
  const { maxConnections = DEFAULT_CONNECTIONS, ...where } = checkConnection(database)
  return { ...common, ...where, max: maxConnections, options }
}

function requireDriver(): void {
  try {
    createRequire(import.meta.url).resolve('pg')
  } catch (cause) {
    throw new ConfigurationError(
      "sqlTool: the dialect 'postgresql' needs the package pg beside this one: npm install pg",
      { cause },
    )
  }
}

function withOptions(database: string | URL, options: string): string {
  const url = URL.parse(String(database))
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol)) {
    throw new ConfigurationError(
      'sqlTool: database must be a postgresql:// URL or an object with host, database and user',
    )
  }
  const own = url.searchParams.get('options')
  url.searchParams.set('options', own === null ? options : `${own} ${options}`)
  return url.href
}

function checkConnection(connection: PostgresqlConnection): PostgresqlConnection {
  if (typeof connection !== 'object' || connection === null) {
    throw new ConfigurationError('sqlTool: database must be a postgresql:// URL or an object')
  }
  const unknown = Object.keys(connection).find((key) => !OPTIONS.has(key))
  if (unknown !== undefined) {
    throw new ConfigurationError(`sqlTool: there is no option named database.${unknown}`)
  }
  const { maxConnections = DEFAULT_CONNECTIONS } = connection
  if (
    !Number.isSafeInteger(maxConnections) ||
    maxConnections < 1 ||
    maxConnections > MAX_CONNECTIONS
  ) {
    throw new ConfigurationError(
      `sqlTool: database.maxConnections must be a whole number, 1 to ${MAX_CONNECTIONS}`,
    )
  }
  return connection
}
