import type {
  ApprovalRequest,
  ApprovalState,
  ExecutionTrace,
  JsonValue,
  ProgramLanguage,
  TraceFilter,
} from '../../harness/index.ts'
import type { RunOutcome } from '../run-outcome.ts'
import type { AuthUser } from '../security/auth-user.ts'
import type { Authenticator } from '../security/authenticator.ts'

/** Which authentication guards a route. `null` only for what was declared `public` without any. */
export interface RouteGuard {
  readonly authenticator: Authenticator | null
  /** Missing credentials may pass as nobody; bad credentials are refused all the same. */
  readonly isPublic: boolean
}

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
    readonly signal: AbortSignal
  }): Promise<RunOutcome>
  execute(request: {
    readonly endpoint: string
    readonly user: AuthUser | null
    readonly code: string
    readonly language: ProgramLanguage
    readonly data: JsonValue
    readonly signal: AbortSignal
  }): Promise<RunOutcome>
  /** @throws {RequestError} `ERR_RUN_NOT_FOUND`, also for someone else's run. */
  getRun(user: AuthUser | null, runId: string): Promise<RunOutcome>
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
    decision: { readonly approve: boolean; readonly reason?: string },
  ): Promise<ApprovalRequest>
  listTraces(user: AuthUser | null, filter: TraceFilter): Promise<readonly ExecutionTrace[]>
}
