import type { ConnectionOptions } from 'node:tls'

// Apart from what uses the driver: whoever has not installed it must still be able to compile.

/** Where a PostgreSQL database is. What is left out is what the server's own tools would take. */
export interface PostgresqlConnection {
  readonly host?: string
  /** Default 5432. */
  readonly port?: number
  readonly database?: string
  /** Best a role that may do no more than the tool is for. */
  readonly user?: string
  /** The password, or a function that gets it for every new connection. */
  readonly password?: string | (() => string | Promise<string>)
  readonly ssl?: boolean | ConnectionOptions
  /** Most connections at a time; further statements wait. Default 4. */
  readonly maxConnections?: number
}
