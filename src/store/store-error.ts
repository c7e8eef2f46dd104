import { AgenticError } from '../../harness/index.ts'

/**
 * What is wrong with the store, for an operator. `full`, `busy` and `crashed` may pass by themselves;
 * the others need somebody.
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
  busy: 'The store is locked by another process: try again',
  'read-only': 'The store cannot be written: check the permissions of its file and folder',
  corrupt: 'The store is not a sound database: restore a backup',
  unreachable: 'The store cannot be opened: check its location and the permissions of its folder',
  crashed: 'The store stopped: it is opened again with the next call',
  closed: 'The store has been closed',
  other: 'The store could not answer',
}

/**
 * Thrown when the store cannot read or write. Nothing that was acknowledged before is lost; what failed
 * was not written, or with `reason` `crashed` may have been.
 */
export class StoreError extends AgenticError {
  readonly reason: StoreFailure

  constructor(reason: StoreFailure, options?: ErrorOptions) {
    super('ERR_STORE_UNAVAILABLE', MESSAGES[reason], options)
    this.reason = reason
  }
}
