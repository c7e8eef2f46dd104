import type { JsonValue, ProgramLanguage } from '../harness/index.ts'
import type { IdempotentRequest } from './request-key.ts'
import type { AuthUser, ClaimedUser } from './security/auth-user.ts'

/** An intent on its way in, with the caller already authenticated. */
export interface IntentRequest {
  readonly user: AuthUser | null
  readonly intent: string
  readonly params?: JsonValue
  readonly data?: JsonValue
  /** A session of the caller's own, or `'new'` to begin one. */
  readonly sessionId?: string
  readonly signal?: AbortSignal
  /** Lets the same request, sent again within 24 hours, find the run it has begun. */
  readonly idempotent?: IdempotentRequest
}

/** A program on its way in, with the caller already authenticated. */
export interface ExecuteRequest {
  readonly user: AuthUser | null
  readonly code: string
  readonly language?: ProgramLanguage
  readonly data?: JsonValue
  readonly signal?: AbortSignal
  /** Lets the same request, sent again within 24 hours, find the run it has begun. */
  readonly idempotent?: IdempotentRequest
}

/** Where a call in code goes, and for whom. */
export interface Addressed {
  /** The name of the endpoint. */
  readonly endpoint: string
  /** Who is asking, as far as the caller vouches for it; nobody when left out. */
  readonly user?: ClaimedUser | null
}

/** An intent sent in code. */
export interface IntentCall extends Omit<IntentRequest, 'user'>, Addressed {}

/** A program sent in code. */
export interface ProgramCall extends Omit<ExecuteRequest, 'user'>, Addressed {}
