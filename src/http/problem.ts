// A table, and the only place where a status code stands next to an error.
import { AgenticError, type ErrorCode, type Finding } from '../../harness/index.ts'
import { AuthenticationError, RequestError } from '../errors.ts'
import { retryAfterSecondsOf } from '../retry-after.ts'

/** Codes that can be answered; `ERR_CONFIGURATION` is thrown while starting and never is. */
export type AnsweredCode = Exclude<ErrorCode, 'ERR_CONFIGURATION'>

/**
 * Status and title of every code. 422 for a program that failed is deliberate: the request was well
 * formed, and no proxy repeats a run that may have had effects.
 */
export const PROBLEMS: {
  readonly [code in AnsweredCode]: { readonly status: number; readonly title: string }
} = Object.freeze({
  ERR_REQUEST_INVALID: { status: 400, title: 'Invalid request' },
  ERR_REQUEST_TOO_LARGE: { status: 413, title: 'Request too large' },
  ERR_REQUEST_MEDIA_TYPE: { status: 415, title: 'Unsupported media type' },
  ERR_REQUEST_METHOD: { status: 405, title: 'Method not allowed' },
  ERR_ENDPOINT_NOT_FOUND: { status: 404, title: 'Not found' },
  ERR_AUTHENTICATION_REQUIRED: { status: 401, title: 'Authentication required' },
  ERR_AUTHENTICATION_FAILED: { status: 401, title: 'Authentication failed' },
  ERR_AUTHENTICATION_UNAVAILABLE: { status: 503, title: 'Authentication unavailable' },
  ERR_AUTHORIZATION_DENIED: { status: 403, title: 'Not permitted' },
  ERR_RATE_LIMITED: { status: 429, title: 'Too many requests' },
  ERR_RUN_NOT_FOUND: { status: 404, title: 'Run not found' },
  ERR_RUN_CANCELLED: { status: 409, title: 'Run cancelled' },
  ERR_OVERLOADED: { status: 503, title: 'Overloaded' },
  ERR_STORE_UNAVAILABLE: { status: 503, title: 'Store unavailable' },
  ERR_SESSION_NOT_FOUND: { status: 404, title: 'Session not found' },
  ERR_INTENT_OUT_OF_SCOPE: { status: 403, title: 'Intent out of scope' },
  ERR_MODEL_RESPONSE: { status: 502, title: 'Unusable model answer' },
  ERR_MODEL_UNAVAILABLE: { status: 503, title: 'Model unavailable' },
  ERR_MODEL_TIMEOUT: { status: 504, title: 'Model timeout' },
  ERR_PROGRAM_SYNTAX: { status: 422, title: 'Program cannot be read' },
  ERR_PROGRAM_TYPE: { status: 422, title: 'Program has type errors' },
  ERR_PROGRAM_FAILED: { status: 422, title: 'Program failed' },
  ERR_RUN_DIVERGED: { status: 409, title: 'Run diverged from its journal' },
  ERR_RUN_TAKEN_OVER: { status: 409, title: 'Run taken over' },
  ERR_RUN_CONFLICT: { status: 409, title: 'Run is elsewhere by now' },
  ERR_RUN_OUTCOME_UNKNOWN: { status: 409, title: 'Outcome of a call unknown' },
  ERR_ROLLBACK_INCOMPLETE: { status: 409, title: 'Not everything can be undone' },
  ERR_IDEMPOTENCY_MISMATCH: { status: 422, title: 'Idempotency key used for another request' },
  ERR_IDEMPOTENCY_IN_PROGRESS: { status: 409, title: 'Request still in progress' },
  ERR_POLICY_VIOLATION: { status: 403, title: 'Program denied by policy' },
  ERR_APPROVAL_REJECTED: { status: 403, title: 'Approval rejected' },
  ERR_APPROVAL_NOT_FOUND: { status: 404, title: 'Approval not found' },
  ERR_APPROVAL_CONFLICT: { status: 409, title: 'Approval already decided' },
  ERR_APPROVAL_EXPIRED: { status: 410, title: 'Approval expired' },
  ERR_ISOLATION_UNAVAILABLE: { status: 503, title: 'Isolation unavailable' },
  ERR_SANDBOX_VIOLATION: { status: 403, title: 'Sandbox violation' },
  ERR_SANDBOX_LIMIT: { status: 422, title: 'Resource limit reached' },
  ERR_SANDBOX_TIMEOUT: { status: 504, title: 'Program timeout' },
  ERR_SANDBOX_FAILED: { status: 500, title: 'Sandbox failed' },
  ERR_TOOL_DENIED: { status: 422, title: 'Tool call denied' },
  ERR_TOOL_FAILED: { status: 422, title: 'Tool call failed' },
  ERR_OUTPUT_INVALID: { status: 422, title: 'Invalid output' },
  ERR_AUDIT_UNAVAILABLE: { status: 503, title: 'Audit unavailable' },
  ERR_INTERNAL: { status: 500, title: 'Internal error' },
})

/** A failure in the words of RFC 9457. */
export interface Problem {
  readonly code: AnsweredCode
  /** For a person. Text of ours only. */
  readonly detail: string
  readonly runId?: string
  readonly findings?: readonly Finding[]
  /** Where the program threw, in its author's text. */
  readonly line?: number
  readonly column?: number
  /** Response headers that belong to the failure. */
  readonly headers?: { readonly [name: string]: string }
}

const INTERNAL: Problem = {
  code: 'ERR_INTERNAL',
  detail: 'Something went wrong that is not the fault of the request',
}

/** Whether a code is in the table; a subclass of a user's may carry any text. */
export function isAnsweredCode(code: string): code is AnsweredCode {
  return Object.hasOwn(PROBLEMS, code)
}

/** What to tell a caller about something thrown. Of errors that are not ours, nothing. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof AgenticError) || !isAnsweredCode(error.code)) return INTERNAL
  if (error.code === 'ERR_INTERNAL') return INTERNAL
  return { code: error.code, detail: error.message, headers: headersOf(error) }
}

function headersOf(error: AgenticError): { readonly [name: string]: string } {
  if (error instanceof AuthenticationError && error.challenge !== undefined) {
    return { 'WWW-Authenticate': error.challenge }
  }
  if (error instanceof RequestError && error.allow.length > 0) {
    return { Allow: error.allow.join(', ') }
  }
  return retryAfter(retryAfterSecondsOf(error))
}

/** The header that says when asking again can succeed; none when that is not known. */
export function retryAfter(seconds: number | undefined): { readonly [name: string]: string } {
  return seconds === undefined ? {} : { 'Retry-After': String(seconds) }
}

/** Writes a problem down as `application/problem+json`. */
export function problemResponse(problem: Problem): Response {
  const { code, detail, runId, findings, line, column, headers } = problem
  const { status, title } = PROBLEMS[code]
  const body = {
    type: `urn:airlock:problem:${code.slice('ERR_'.length).toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail,
    ...(runId === undefined ? {} : { instance: `/runs/${encodeURIComponent(runId)}` }),
    code,
    ...(runId === undefined ? {} : { runId }),
    ...(findings === undefined || findings.length === 0 ? {} : { findings }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  }
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      // Nobody knows when there is room again; a second keeps clients from asking at once.
      ...(code === 'ERR_OVERLOADED' || code === 'ERR_IDEMPOTENCY_IN_PROGRESS'
        ? { 'Retry-After': '1' }
        : {}),
      ...headers,
    },
  })
}
