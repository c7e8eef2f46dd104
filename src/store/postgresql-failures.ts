import { StoreError, type StoreFailure } from './store-error.ts'

/** By code, before the classes. */
const BY_CODE: ReadonlyMap<string, StoreFailure> = new Map([
  ['25006', 'read-only'], // read_only_sql_transaction: a standby
  ['40001', 'busy'], // serialization_failure
  ['40P01', 'busy'], // deadlock_detected
  ['42501', 'read-only'], // insufficient_privilege
  ['53100', 'full'], // disk_full
  ['55P03', 'busy'], // lock_not_available
  ['57014', 'busy'], // query_canceled, by its timeout
  ['58030', 'other'], // io_error
])

/** By class, the first two characters of the code. */
const BY_CLASS: ReadonlyMap<string, StoreFailure> = new Map([
  ['08', 'unreachable'],
  ['28', 'unreachable'], // who we are
  ['3D', 'unreachable'], // no such database
  ['3F', 'read-only'], // no schema that it may use
  ['53', 'busy'], // no memory, no connection
  ['57', 'unreachable'], // shut down, or not up yet
  ['XX', 'corrupt'],
])

/** Whether a failure is of one statement: its connection goes on. */
export function isOfStatement(error: unknown): boolean {
  const code = codeOf(error)
  return code !== null && !/^(?:08|57P)/.test(code) && code !== '25P03' && code !== '25P04'
}

/** What PostgreSQL or its driver reports, for an operator. */
export function toStoreError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause
  return new StoreError(reasonOf(cause), { cause })
}

function reasonOf(error: unknown): StoreFailure {
  const code = codeOf(error)
  if (code !== null) return BY_CODE.get(code) ?? BY_CLASS.get(code.slice(0, 2)) ?? 'other'
  const message = error instanceof Error ? error.message : ''
  // Words of pg 8: every connection of the pool is taken, or an answer does not come.
  return /^timeout exceeded|read timeout$/.test(message) ? 'busy' : 'unreachable'
}

/** The SQLSTATE, if it was the server that answered. A network error has a code as well, such as EPIPE. */
function codeOf(error: unknown): string | null {
  const { code, severity } = Object(error)
  return typeof code === 'string' && typeof severity === 'string' ? code : null
}
