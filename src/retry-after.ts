import { AuditError } from '../harness/index.ts'
import { RateLimitError } from './errors.ts'
import { StoreError } from './store/store-error.ts'

/** After how many whole seconds asking again can succeed; `undefined` where nobody knows, or it cannot. */
export function retryAfterSecondsOf(error: unknown): number | undefined {
  if (error instanceof RateLimitError || error instanceof StoreError) return error.retryAfterSeconds
  // What could not be put on record can be once its store can be written again.
  return error instanceof AuditError && error.cause instanceof StoreError
    ? error.cause.retryAfterSeconds
    : undefined
}
