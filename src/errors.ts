import { AgenticError } from '../harness/index.ts'

/** A request that cannot be carried out as it was sent or not now, or that names what is not there. */
export class RequestError extends AgenticError {
  /** The methods that the resource has; only with `ERR_REQUEST_METHOD`. */
  readonly allow: readonly string[]

  constructor(
    code:
      | 'ERR_REQUEST_INVALID'
      | 'ERR_REQUEST_TOO_LARGE'
      | 'ERR_REQUEST_MEDIA_TYPE'
      | 'ERR_REQUEST_METHOD'
      | 'ERR_ENDPOINT_NOT_FOUND'
      | 'ERR_RUN_NOT_FOUND'
      | 'ERR_RUN_CONFLICT'
      | 'ERR_ROLLBACK_INCOMPLETE'
      | 'ERR_IDEMPOTENCY_MISMATCH'
      | 'ERR_IDEMPOTENCY_IN_PROGRESS'
      | 'ERR_OVERLOADED',
    message: string,
    options: ErrorOptions & { readonly allow?: readonly string[] } = {},
  ) {
    super(code, message, options)
    this.allow = options.allow ?? []
  }
}

/**
 * The caller is not known: nothing was presented, what was presented is not valid, or nobody could
 * be asked. Says which of the three, never why a credential is not valid.
 */
export class AuthenticationError extends AgenticError {
  /** Value for `WWW-Authenticate`; absent when a better credential would not help. */
  readonly challenge?: string

  constructor(
    code:
      | 'ERR_AUTHENTICATION_REQUIRED'
      | 'ERR_AUTHENTICATION_FAILED'
      | 'ERR_AUTHENTICATION_UNAVAILABLE',
    message: string,
    options: ErrorOptions & { readonly challenge?: string } = {},
  ) {
    super(code, message, options)
    if (options.challenge !== undefined) this.challenge = options.challenge
  }
}

/**
 * The caller is known and may not do this. Handlers may throw it too.
 *
 * @example
 * ```ts
 * if (!context.user?.roles.includes('admin')) throw new AuthorizationError('Admin role required')
 * ```
 */
export class AuthorizationError extends AgenticError {
  constructor(message = 'This caller may not perform this operation', options: ErrorOptions = {}) {
    super('ERR_AUTHORIZATION_DENIED', message, options)
  }
}

/** The caller asked too often. */
export class RateLimitError extends AgenticError {
  /** Whole seconds after which asking again can succeed; absent when that is not known. */
  readonly retryAfterSeconds?: number

  constructor(
    message: string,
    options: ErrorOptions & { readonly retryAfterSeconds?: number } = {},
  ) {
    super('ERR_RATE_LIMITED', message, options)
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** A run that ended without a result because somebody ended it. */
export class RunError extends AgenticError {
  constructor(message: string, options: ErrorOptions = {}) {
    super('ERR_RUN_CANCELLED', message, options)
  }
}
