import { createHash } from 'node:crypto'
import { canonicalJson, type Entrance, type ErrorCode, type JsonValue } from '../harness/index.ts'
import { RequestError } from './errors.ts'
import type { AuthUser } from './security/auth-user.ts'
import type { RequestKey, RunRecord, RunStore } from './store/run-store.ts'

/** What a caller sends so that a request which is sent again does not run again. */
export interface IdempotentRequest {
  /** Drawn by the caller, once per request that is meant once. */
  readonly key: string
  /** Everything else that was sent: the same key with another body is a mistake. */
  readonly body: JsonValue
}

/** How long a key is remembered, in milliseconds: 24 hours. */
export const REQUEST_KEY_MS = 86_400_000

/**
 * What a run that began with a key is found by: the same key of another tenant, user, endpoint or way in is
 * another one.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` when nobody is asking: strangers would share their keys.
 */
export function requestKeyOf(
  { key, body }: IdempotentRequest,
  from: {
    readonly user: AuthUser | null
    readonly endpoint: string
    readonly entrance: Entrance
  },
): RequestKey {
  const { user, endpoint, entrance } = from
  if (user === null) {
    throw new RequestError('ERR_REQUEST_INVALID', 'An Idempotency-Key needs a caller who is known')
  }
  const { tenantId = null, userId } = user
  return {
    scope: digest([tenantId, userId, endpoint, entrance === 'execute', key]),
    digest: digest(body),
  }
}

/** Endings that say nothing was done and asking again can help: the key may be used once more. */
const TRY_AGAIN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_OVERLOADED',
  'ERR_RATE_LIMITED',
  'ERR_MODEL_UNAVAILABLE',
  'ERR_MODEL_TIMEOUT',
  'ERR_STORE_UNAVAILABLE',
  'ERR_AUDIT_UNAVAILABLE',
  'ERR_ISOLATION_UNAVAILABLE',
])

/**
 * The run that the same request has begun before; `null` when it is to run now.
 *
 * @param record - Of the run that the request would begin.
 * @param now - Milliseconds since 1970.
 * @throws {RequestError} The key was used for something else, or its run still goes on.
 */
export async function earlierRun(
  { request }: RunRecord,
  runs: RunStore,
  now: number,
): Promise<RunRecord | null> {
  if (request === undefined) return null
  const run = await runs.ofRequest(request.scope)
  if (run === null) return null
  if (run.createdAt + REQUEST_KEY_MS <= now) return forget(run, request, runs)
  if (run.request?.digest !== request.digest) {
    throw new RequestError(
      'ERR_IDEMPOTENCY_MISMATCH',
      'This Idempotency-Key was sent before with another body: draw a new key',
    )
  }
  if (run.status === 'queued' || run.status === 'running') throw inProgress()
  const { error, toolCalls } = (run.outcome ?? {}) as {
    readonly error?: { readonly code: ErrorCode }
    readonly toolCalls?: readonly unknown[]
  }
  const isUndone = error !== undefined && TRY_AGAIN.has(error.code) && toolCalls?.length === 0
  return isUndone ? forget(run, request, runs) : run
}

/** Why a run was not begun: another one of its kind was a moment faster. */
export function sameRequest({ rollback }: RunRecord): RequestError {
  if (rollback === undefined) return inProgress()
  return new RequestError('ERR_RUN_CONFLICT', 'This run is being undone already')
}

async function forget({ runId }: RunRecord, { scope }: RequestKey, runs: RunStore): Promise<null> {
  await runs.forgetRequest(scope, runId)
  return null
}

function inProgress(): RequestError {
  return new RequestError(
    'ERR_IDEMPOTENCY_IN_PROGRESS',
    'The first request with this Idempotency-Key still goes on: ask again in a second',
  )
}

function digest(value: JsonValue): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}
