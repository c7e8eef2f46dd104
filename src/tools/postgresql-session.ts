import { Buffer } from 'node:buffer'
import { ConfigurationError } from '../../harness/index.ts'
import type { SqlMode } from './sql-source.ts'

/** How every statement of a tool is surrounded. */
export interface SessionOptions {
  readonly mode: SqlMode
  readonly timeoutMs: number
  /** What an unqualified name is in. */
  readonly defaultSchema: string
  /** The role that statements run as; `null` for the one that has logged in. */
  readonly role: string | null
}

const MAX_NAME_BYTES = 63
// A host that stops in the middle of a transaction must not hold its locks for long.
const IDLE_GRACE_MS = 10_000

/** The statement with which a connection becomes as good as new. It takes no part in a transaction. */
export const RESET = 'DISCARD ALL'

/**
 * The statements that begin a transaction: its mode, its time, how names are found and how values are
 * written. Answers the number of the server's process in the last of them; a transaction in which a query
 * has run cannot be made writable any more.
 */
export function beginStatements(options: SessionOptions): string {
  const { mode, timeoutMs, defaultSchema, role } = options
  const settings = {
    statement_timeout: `${timeoutMs}`,
    idle_in_transaction_session_timeout: `${timeoutMs + IDLE_GRACE_MS}`,
    search_path: searchPath(defaultSchema),
    standard_conforming_strings: 'on',
    row_security: 'on',
    timezone: "'UTC'",
    datestyle: "'ISO, YMD'",
    intervalstyle: "'iso_8601'",
    bytea_output: "'hex'",
    extra_float_digits: '1',
  }
  return [
    `BEGIN ${mode === 'read' ? 'READ ONLY' : 'READ WRITE'}`,
    ...Object.entries(settings).map(([name, value]) => `SET LOCAL ${name} = ${value}`),
    ...(role === null ? [] : [`SET LOCAL ROLE ${quotedName(role)}`]),
    'SELECT pg_backend_pid() AS pid',
  ].join('; ')
}

/**
 * Where names are looked up. The catalogue comes first unless it is named, and where it is named first new
 * tables would go there; named last, a table of the session's own never hides one of the schema.
 */
export function searchPath(defaultSchema: string): string {
  return `${quotedName(defaultSchema)}, pg_temp`
}

/** @throws {ConfigurationError} When no PostgreSQL object can have the name. */
export function requireName(option: string, name: string): void {
  const isName =
    typeof name === 'string' &&
    name !== '' &&
    !name.includes('\0') &&
    Buffer.byteLength(name) <= MAX_NAME_BYTES
  if (!isName) throw new ConfigurationError(`sqlTool: ${option} must be the name of one`)
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
