import { AgenticError, ConfigurationError } from '../../harness/index.ts'

/**
 * What is wrong with the store, for an operator. `busy`, `crashed` and `unreachable` may pass by
 * themselves, and `full` when something is deleted; the others need somebody.
 */
export type StoreFailure =
  | 'full'
  | 'busy'
  | 'read-only'
  | 'corrupt'
  | 'unreachable'
  | 'crashed'
  | 'closed'
  | 'other'

const MESSAGES: Readonly<Record<StoreFailure, string>> = {
  full: 'The store has no room left: free disk space',
  busy: 'The store is locked or overloaded: try again',
  'read-only':
    'The store cannot be written: check the rights to its file and folder, or of its role',
  corrupt: 'The store is not a sound database: restore a backup',
  unreachable: 'The store cannot be reached: check its location, its server and its permissions',
  crashed: 'The store stopped while it answered: it is opened again with the next call',
  closed: 'The store has been closed',
  other: 'The store could not answer',
}

/** After how many seconds asking again can succeed; absent where somebody has to do something first. */
const RETRY_AFTER: Readonly<Partial<Record<StoreFailure, number>>> = {
  busy: 1,
  crashed: 1,
  unreachable: 5,
  full: 30,
}

/**
 * Thrown when the store cannot read or write. Nothing that was acknowledged before is lost; what failed
 * was not written, or with `reason` `crashed` may have been.
 */
export class StoreError extends AgenticError {
  /** What is wrong. */
  readonly reason: StoreFailure
  /** After how many seconds asking again can succeed; absent where somebody has to do something first. */
  readonly retryAfterSeconds: number | undefined

  constructor(reason: StoreFailure, options?: ErrorOptions) {
    super('ERR_STORE_UNAVAILABLE', MESSAGES[reason], options)
    this.reason = reason
    this.retryAfterSeconds = RETRY_AFTER[reason]
  }
}

/** What a store says to a version of this package that is older than its tables. */
export function newerSchema(found: number, known: number): ConfigurationError {
  return new ConfigurationError(
    `The store was written by a newer version of this package (schema ${found}, this version knows ${known}): install that version or choose another store`,
  )
}
