import type { JsonValue, ProgramLanguage } from '../harness/index.ts'
import type { AuthUser } from './security/auth-user.ts'

/** An intent on its way in, with the caller already authenticated. */
export interface IntentRequest {
  readonly user: AuthUser | null
  readonly intent: string
  readonly params?: JsonValue
  readonly data?: JsonValue
  /** A session of the caller's own, or `'new'` to begin one. */
  readonly sessionId?: string
  readonly signal?: AbortSignal
}

/** A program on its way in, with the caller already authenticated. */
export interface ExecuteRequest {
  readonly user: AuthUser | null
  readonly code: string
  readonly language?: ProgramLanguage
  readonly data?: JsonValue
  readonly signal?: AbortSignal
}
