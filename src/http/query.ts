import type { ApprovalState } from '../../harness/index.ts'
import { RequestError } from '../errors.ts'
import { RUN_STATUSES, type RunStatus } from '../store/run-store.ts'
import { isTraceCursor, type TraceSearch } from '../store/trace-store.ts'

const APPROVAL_STATES: { readonly [state in ApprovalState]: true } = {
  pending: true,
  escalated: true,
  approved: true,
  rejected: true,
  expired: true,
  withdrawn: true,
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
 * Reads `?runId=&endpoint=&userId=&status=&verdict=&tool=&table=&from=&to=&cursor=&limit=`. Times are
 * milliseconds since 1970, or written as in `2026-03-01T00:00:00Z`.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID`, naming the parameter.
 */
export function readTraceQuery(query: URLSearchParams): TraceSearch {
  const search: { -readonly [name in keyof TraceSearch]: TraceSearch[name] } = readLimit(query)
  for (const name of ['runId', 'endpoint', 'userId', 'status', 'tool', 'table'] as const) {
    const value = readOne(query, name)
    if (value !== undefined) search[name] = value
  }
  for (const name of ['from', 'to'] as const) {
    const value = readTime(query, name)
    if (value !== undefined) search[name] = value
  }
  const verdict = readOne(query, 'verdict')
  if (verdict === 'allow' || verdict === 'deny') search.verdict = verdict
  else if (verdict !== undefined) {
    throw new RequestError('ERR_REQUEST_INVALID', 'Parameter "verdict" must be allow or deny')
  }
  const cursor = readOne(query, 'cursor')
  if (cursor === undefined) return search
  if (!isTraceCursor(cursor)) {
    throw new RequestError(
      'ERR_REQUEST_INVALID',
      'Parameter "cursor" must be the `next` of a page before',
    )
  }
  return { ...search, cursor }
}

/**
 * Reads `?status=&limit=`.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID`, naming the parameter.
 */
export function readRunQuery(query: URLSearchParams): {
  readonly status?: RunStatus
  readonly limit?: number
} {
  const status = readOne(query, 'status')
  if (status !== undefined && !isRunStatus(status)) {
    throw new RequestError(
      'ERR_REQUEST_INVALID',
      `Parameter "status" must be one of ${RUN_STATUSES.join(', ')}`,
    )
  }
  return { ...(status === undefined ? {} : { status }), ...readLimit(query) }
}

function isRunStatus(text: string): text is RunStatus {
  return (RUN_STATUSES as readonly string[]).includes(text)
}

function readTime(query: URLSearchParams, name: string): number | undefined {
  const text = readOne(query, name)
  if (text === undefined) return undefined
  const isDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(
    text,
  )
  const time = /^\d{1,15}$/.test(text) ? Number(text) : isDate ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new RequestError(
    'ERR_REQUEST_INVALID',
    `Parameter "${name}" must be a time such as 2026-03-01T00:00:00Z, or milliseconds since 1970`,
  )
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
