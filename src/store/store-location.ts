import type { ConnectionOptions } from 'node:tls'
import { ConfigurationError } from '../../harness/index.ts'

// Apart from what uses the driver: whoever has not installed it must still be able to compile.

/** A PostgreSQL database to keep the store in. What is left out is what the server's own tools take. */
export interface PostgresqlStore {
  readonly host?: string
  /** Default 5432. */
  readonly port?: number
  readonly database?: string
  /** A role that owns the schema, or may create it. */
  readonly user?: string
  /** The password, or a function that gets it for every new connection. */
  readonly password?: string | (() => string | Promise<string>)
  readonly ssl?: boolean | ConnectionOptions
  /** What the tables are in; created when missing. Small letters, digits and `_`. Default `airlock`. */
  readonly schema?: string
  /** Most connections of this process. Default 8. */
  readonly maxConnections?: number
}

/**
 * Where a store is: the path of a SQLite file, `':memory:'`, a `postgresql://` URL (its `schema` parameter
 * names the schema), or the parts of one.
 */
export type StoreLocation = string | PostgresqlStore

/** A {@link StoreLocation}, understood. */
export type StorePlace =
  | { readonly engine: 'sqlite'; readonly path: string }
  | {
      readonly engine: 'postgresql'
      readonly connection:
        | { readonly url: URL }
        | Omit<PostgresqlStore, 'schema' | 'maxConnections'>
      readonly schema: string
      readonly maxConnections: number
    }

const KEYS: ReadonlySet<string> = new Set([
  'host',
  'port',
  'database',
  'user',
  'password',
  'ssl',
  'schema',
  'maxConnections',
] satisfies (keyof PostgresqlStore)[])

const DEFAULT_SCHEMA = 'airlock'
const DEFAULT_CONNECTIONS = 8
const MAX_CONNECTIONS = 100

/**
 * Tells the engines apart. Opens nothing.
 *
 * @throws {ConfigurationError} When it is no location. The message never shows it: it may hold a password.
 */
export function parseStoreLocation(location: StoreLocation): StorePlace {
  if (typeof location === 'object' && location !== null) return fromParts(location)
  if (typeof location !== 'string' || location === '') throw notALocation()
  if (!/^[a-z][a-z0-9+.-]+:/i.test(location)) return { engine: 'sqlite', path: location }
  const url = URL.parse(location)
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol)) throw notALocation()
  const schema = requireSchema(url.searchParams.get('schema') ?? DEFAULT_SCHEMA)
  url.searchParams.delete('schema')
  const maxConnections = DEFAULT_CONNECTIONS
  return { engine: 'postgresql', connection: { url }, schema, maxConnections }
}

function fromParts(location: PostgresqlStore): StorePlace {
  const unknown = Object.keys(location).find((key) => !KEYS.has(key))
  if (unknown !== undefined) {
    throw new ConfigurationError(`There is no option named store.${unknown}`)
  }
  const { schema = DEFAULT_SCHEMA, maxConnections = DEFAULT_CONNECTIONS, ...connection } = location
  const isBound = Number.isSafeInteger(maxConnections) && maxConnections >= 2
  if (!isBound || maxConnections > MAX_CONNECTIONS) {
    // One writes, and reading must not wait for it.
    throw new ConfigurationError(
      `store.maxConnections must be a whole number, 2 to ${MAX_CONNECTIONS}`,
    )
  }
  return { engine: 'postgresql', connection, schema: requireSchema(schema), maxConnections }
}

function requireSchema(schema: string): string {
  if (typeof schema === 'string' && /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema)) return schema
  throw new ConfigurationError(
    "The store's schema must be small letters, digits and _, at most 63, and not begin with pg_",
  )
}

function notALocation(): ConfigurationError {
  return new ConfigurationError(
    "A store's location is the path of a SQLite file, ':memory:', a postgresql:// URL or its parts",
  )
}
