import type {
  ApprovalMandate,
  ApprovalRequest,
  ApprovalState,
  DelegationInput,
  GrantInput,
  JsonValue,
  ProgramLanguage,
} from '../../harness/index.ts'
import type { ApprovalNotice } from '../notifiers/approval-notice.ts'
import type { IdempotentRequest } from '../request-key.ts'
import type { OutcomeResolution } from '../resolve-outcome.ts'
import type { RollbackPlan } from '../rollback/rollback-plan.ts'
import type { RunOutcome } from '../run-outcome.ts'
import type { AuthUser } from '../security/auth-user.ts'
import type { Authenticator } from '../security/authenticator.ts'
import type { RunStatus } from '../store/run-store.ts'
import type { TracePage, TraceSearch } from '../store/trace-store.ts'
import type { ApprovalStreams } from './approval-stream.ts'
import type { DecisionBody } from './intent-body.ts'

/** Which authentication guards a route. `null` only for what was declared `public` without any. */
export interface RouteGuard {
  readonly authenticator: Authenticator | null
  /** Missing credentials may pass as nobody; bad credentials are refused all the same. */
  readonly isPublic: boolean
}

/** What somebody says of a call whose outcome nobody knows. */
export type SaidOutcome = Omit<OutcomeResolution, 'operator'>

/**
 * What the HTTP routes need of an app. Every method authorizes the caller itself: routes only read
 * bytes, find out who is calling and write the answer down.
 */
export interface AppPort {
  readonly title: string
  /** Largest request body in bytes. */
  readonly maxBodyBytes: number
  /** Longest intent in characters. */
  readonly maxIntentLength: number
  /** `null` when there is no such endpoint. */
  guardOf(endpoint: string): RouteGuard | null
  /** For everything that is not an endpoint: approvals, runs, audit, capabilities. */
  readonly appGuard: RouteGuard

  runIntent(request: {
    readonly endpoint: string
    readonly user: AuthUser | null
    readonly intent: string
    readonly params: JsonValue
    readonly sessionId?: string
    readonly signal?: AbortSignal
    readonly idempotent?: IdempotentRequest
  }): Promise<RunOutcome>
  execute(request: {
    readonly endpoint: string
    readonly user: AuthUser | null
    readonly code: string
    readonly language: ProgramLanguage
    readonly data: JsonValue
    readonly signal?: AbortSignal
    readonly idempotent?: IdempotentRequest
  }): Promise<RunOutcome>
  /** @throws {RequestError} `ERR_RUN_NOT_FOUND`, also for someone else's run. */
  getRun(user: AuthUser | null, runId: string): Promise<RunOutcome>
  /** Runs that the caller may see, newest first. */
  listRuns(
    user: AuthUser | null,
    filter: { readonly status?: RunStatus; readonly limit?: number },
  ): Promise<readonly RunOutcome[]>
  /** @throws {RequestError} Not found, not waiting for this, or an answer that does not fit. */
  resolveRun(user: AuthUser | null, runId: string, said: SaidOutcome): Promise<RunOutcome>
  planRollback(user: AuthUser | null, runId: string): Promise<RollbackPlan>
  /** @throws {RequestError} Not found, or being undone already. */
  rollbackRun(user: AuthUser | null, runId: string, partial: boolean): Promise<RunOutcome>
  capabilities(user: AuthUser | null): Promise<JsonValue>
  listApprovals(
    user: AuthUser | null,
    filter: { readonly state?: ApprovalState; readonly limit?: number },
  ): Promise<readonly ApprovalRequest[]>
  /** @throws {ApprovalError} `ERR_APPROVAL_NOT_FOUND`, also for someone else's. */
  getApproval(user: AuthUser | null, id: string): Promise<ApprovalRequest>
  /** @throws {ApprovalError} Not found, already decided, expired, or not an approver. */
  resolveApproval(
    user: AuthUser | null,
    id: string,
    decision: DecisionBody,
  ): Promise<ApprovalRequest>
  /** The streams of the app, which it ends when it closes. */
  readonly streams: ApprovalStreams
  /**
   * Tells of what happens to requests that the caller may see.
   *
   * @param tell - Takes a notice, or `null` when there will be none any more.
   * @param lastEventId - What was told last: what happened after it is told first.
   * @returns What ends it.
   */
  followApprovals(
    user: AuthUser | null,
    tell: (notice: ApprovalNotice | null) => void,
    lastEventId: string | null,
  ): Promise<() => void>
  /** Those the caller gave or may use; of the whole tenant for role `admin`. Newest first. */
  listMandates(
    user: AuthUser | null,
    kind: ApprovalMandate['kind'],
  ): Promise<readonly ApprovalMandate[]>
  /** @throws {AgenticError} Not an approver of the request, or nothing that can be granted for. */
  grant(user: AuthUser | null, approvalId: string, input: GrantInput): Promise<ApprovalMandate>
  delegate(user: AuthUser | null, input: DelegationInput): Promise<ApprovalMandate>
  /** @throws {ApprovalError} `ERR_APPROVAL_NOT_FOUND`, also for somebody else's. */
  revokeMandate(user: AuthUser | null, id: string): Promise<void>
  listTraces(user: AuthUser | null, search: TraceSearch): Promise<TracePage>
}
