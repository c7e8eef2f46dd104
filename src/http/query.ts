import type { ApprovalState, TraceFilter } from '../../harness/index.ts'
import { RequestError } from '../errors.ts'

const APPROVAL_STATES: { readonly [state in ApprovalState]: true } = {
  pending: true,
  escalated: true,
  approved: true,
  rejected: true,
  expired: true,
}
const MAX_LIMIT = 1_000
const MAX_VALUE_LENGTH = 256

/**
 * Reads `?state=&limit=`. Other parameters are not looked at: one of them may be a caller's key.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID`, naming the parameter.
 */
export function readApprovalQuery(query: URLSearchParams): {
  readonly state?: ApprovalState
  readonly limit?: number
} {
  const state = readOne(query, 'state')
  if (state !== undefined && !isApprovalState(state)) {
    const states = Object.keys(APPROVAL_STATES).join(', ')
    throw new RequestError('ERR_REQUEST_INVALID', `Parameter "state" must be one of ${states}`)
  }
  return { ...(state === undefined ? {} : { state }), ...readLimit(query) }
}

/**
 * Reads `?runId=&endpoint=&userId=&status=&limit=`.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID`, naming the parameter.
 */
export function readTraceQuery(query: URLSearchParams): TraceFilter {
  const filter: { -readonly [name in keyof TraceFilter]: TraceFilter[name] } = readLimit(query)
  for (const name of ['runId', 'endpoint', 'userId', 'status'] as const) {
    const value = readOne(query, name)
    if (value !== undefined) filter[name] = value
  }
  return filter
}

function isApprovalState(text: string): text is ApprovalState {
  return Object.hasOwn(APPROVAL_STATES, text)
}

function readOne(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  const [value] = values
  if (values.length > 1 || (value !== undefined && value.length > MAX_VALUE_LENGTH)) {
    throw new RequestError(
      'ERR_REQUEST_INVALID',
      `Parameter "${name}" must appear once and have at most ${MAX_VALUE_LENGTH} characters`,
    )
  }
  return value
}

function readLimit(query: URLSearchParams): { limit?: number } {
  const text = readOne(query, 'limit')
  if (text === undefined) return {}
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > MAX_LIMIT) {
    throw new RequestError(
      'ERR_REQUEST_INVALID',
      `Parameter "limit" must be a whole number from 1 to ${MAX_LIMIT}`,
    )
  }
  return { limit }
}
