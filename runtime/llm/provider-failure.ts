import { ModelError } from '../errors.ts'
import { type FailedAttempt, readRetryAfter } from './retry.ts'

interface ApiFailure {
  readonly name: string
  readonly statusCode?: number
  readonly responseHeaders?: Readonly<Record<string, string | undefined>>
  readonly isRetryable?: boolean
}

// By name, as the class belongs to a package that may be installed twice or not at all.
function asApiFailure(error: unknown): (Error & ApiFailure) | null {
  return error instanceof Error && error.name === 'AI_APICallError' ? error : null
}

/**
 * Says whether a failed call may be tried again: after a 429, a 5xx or a broken connection.
 *
 * @param expiresAt - When the caller gives up, milliseconds since 1970.
 */
export function judgeFailure(error: unknown, expiresAt: number): FailedAttempt {
  const failure = asApiFailure(error)
  if (failure === null) return { isRetryable: false }
  const { statusCode, responseHeaders = {}, isRetryable = false } = failure
  const mayRetry = statusCode === undefined ? isRetryable : statusCode === 429 || statusCode >= 500
  const now = Date.now()
  const retryAfterMs = readRetryAfter(responseHeaders, now)
  if (retryAfterMs === undefined) return { isRetryable: mayRetry }
  // Waiting past the deadline would turn a plain "try later" into a timeout.
  return { isRetryable: mayRetry && now + retryAfterMs < expiresAt, retryAfterMs }
}

/** What a failed call means to the caller. The message holds nothing of what the provider sent. */
export function toModelError(error: unknown): ModelError {
  if (error instanceof ModelError) return error
  const status = asApiFailure(error)?.statusCode
  if (asApiFailure(error) !== null && (status === undefined || status >= 400)) {
    const message =
      status === undefined
        ? 'The model provider cannot be reached'
        : `The model provider answered with status ${status}`
    // What is wrong with one request (too long, malformed) is an answer; the rest is no service.
    const code =
      status !== undefined && [400, 413, 422].includes(status)
        ? 'ERR_MODEL_RESPONSE'
        : 'ERR_MODEL_UNAVAILABLE'
    return new ModelError(code, message, { cause: error })
  }
  if (
    error instanceof Error &&
    ['AI_LoadAPIKeyError', 'AI_NoSuchModelError'].includes(error.name)
  ) {
    return new ModelError(
      'ERR_MODEL_UNAVAILABLE',
      'The model provider is not configured: check its key and the name of the model',
      { cause: error },
    )
  }
  return new ModelError('ERR_MODEL_RESPONSE', 'The model provider gave an answer nobody can read', {
    cause: error,
  })
}
