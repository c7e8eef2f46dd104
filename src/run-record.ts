import { randomBytes, randomUUID } from 'node:crypto'
import type { Entrance, JsonValue, Requester } from '../harness/index.ts'
import type { Intent } from '../runtime/index.ts'
import { RequestError } from './errors.ts'
import { type IdempotentRequest, requestKeyOf } from './request-key.ts'
import type { AuthUser } from './security/auth-user.ts'
import type { RollbackOf, RunRecord } from './store/run-store.ts'
import { vouchedUser } from './vouched-user.ts'

/** What came in at one of the entrances, with the caller authenticated. */
export interface AdmittedRequest {
  readonly entrance: Entrance
  readonly user: AuthUser | null
  readonly intent?: { readonly raw: string; readonly params: JsonValue }
  readonly data: JsonValue
  readonly sessionId?: string
  readonly signal?: AbortSignal
  readonly idempotent?: IdempotentRequest
  readonly rollback?: RollbackOf
}

/** Begins the record of a run. The seed of its clock and randomness is drawn here and stays secret. */
export function beginRecord(endpoint: string, admitted: AdmittedRequest, now: number): RunRecord {
  const { entrance, user, intent, sessionId, data, idempotent, rollback } = admitted
  const from = { user, endpoint, entrance }
  return {
    runId: `run_${randomUUID()}`,
    endpoint,
    entrance,
    requester: user === null ? null : requesterOf(user),
    user,
    status: 'running',
    action: entrance === 'execute' ? 'execute' : 'read',
    ...(intent === undefined ? {} : { intent }),
    ...(sessionId === undefined ? {} : { sessionId }),
    data,
    ...(idempotent === undefined ? {} : { request: requestKeyOf(idempotent, from) }),
    ...(rollback === undefined ? {} : { rollback }),
    determinism: { startTimeMs: now, seed: randomBytes(32).toString('hex') },
    epoch: 1,
    createdAt: now,
    updatedAt: now,
  }
}

/** The intent of a run as far as its record knows it. */
export function intentOf({ intent, action }: RunRecord): Intent {
  return { raw: intent?.raw ?? '', params: intent?.params ?? null, action }
}

/** The record of a run once its intent has been parsed. */
export function withIntent(record: RunRecord, intent: Intent): RunRecord {
  const { raw, params, action, domain } = intent
  return { ...record, action, intent: { raw, params, ...(domain === undefined ? {} : { domain }) } }
}

/**
 * The user on whose behalf a stored run goes on, with everything a verifier once said about them.
 *
 * @throws {TypeError} If what is stored is not a user: nothing goes on for somebody unknown.
 */
export function userOf({ user }: RunRecord): AuthUser | null {
  return vouchedUser(user)
}

function requesterOf({ userId, roles, groups, tenantId }: AuthUser): Requester {
  return {
    userId,
    roles,
    ...(groups === undefined ? {} : { groups }),
    ...(tenantId === undefined ? {} : { tenantId }),
  }
}

/** Takes data of code through JSON once: no prototypes, getters or functions are left in it. */
export function dataOf(value: JsonValue): JsonValue {
  const text = JSON.stringify(value)
  if (text === undefined) throw new RequestError('ERR_REQUEST_INVALID', 'The data must be JSON')
  return JSON.parse(text)
}
