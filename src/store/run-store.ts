import type {
  Action,
  Entrance,
  JsonValue,
  ProgramLanguage,
  Requester,
} from '../../harness/index.ts'
import type { FailedAttempt } from '../failed-attempt.ts'
import type { AuthUser } from '../security/auth-user.ts'

/** Where a run stands. */
export type RunStatus =
  | 'queued'
  | 'running'
  | 'pending_approval'
  | 'completed'
  | 'denied'
  | 'rejected'
  | 'expired'
  | 'failed'
  | 'timed_out'
  | 'cancelled'
  | 'outcome_unknown'

/** Everything about a run that must survive the process. */
export interface RunRecord {
  readonly runId: string
  readonly endpoint: string
  readonly entrance: Entrance
  readonly requester: Requester | null
  /** The requester as they were authenticated: what an authorization policy is asked about on resume. */
  readonly user: AuthUser | null
  readonly status: RunStatus
  readonly action: Action
  readonly intent?: { readonly raw: string; readonly params: JsonValue; readonly domain?: string }
  readonly sessionId?: string
  /** What was checked and will run; `hash` is compared again before every resume. */
  readonly program?: {
    readonly source: string
    readonly language: ProgramLanguage
    readonly hash: string
    /** The place of its first tool call in the run's journal. Default 0. */
    readonly firstSeq?: number
  }
  /** Programs that failed and were sent back to the model, oldest first; absent when there was none. */
  readonly attempts?: readonly FailedAttempt[]
  readonly data: JsonValue
  readonly determinism: { readonly startTimeMs: number; readonly seed: string }
  /** What the caller was or will be told; absent while the run goes on. */
  readonly outcome?: JsonValue
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** What to list. Newest first. */
export interface RunFilter {
  readonly statuses?: readonly RunStatus[]
  readonly userId?: string
  /** The id of a run: only older ones, for the next page. */
  readonly before?: string
  /** Default 100, at most 1 000. */
  readonly limit?: number
}

/** Which process works on a run, and until when that is sure, in milliseconds since 1970. */
export interface RunLease {
  readonly owner: string
  readonly until: number
}

/** A run that a process works on, or worked on when it died. */
export interface LeasedRun {
  readonly run: RunRecord
  readonly lease: RunLease
}

/** Where runs survive. */
export interface RunStore {
  /** @param lease - Who works on it. */
  insert(run: RunRecord, lease?: RunLease): Promise<void>
  get(runId: string): Promise<RunRecord | null>
  list(filter: RunFilter): Promise<readonly RunRecord[]>
  /** Applies `patch` only while the stored status is one of `from`; says whether it did. */
  update(
    runId: string,
    from: readonly RunStatus[],
    patch: Partial<RunRecord>,
    lease?: RunLease,
  ): Promise<boolean>
  /** Runs that are queued or running, oldest first, with whoever works on them. */
  listLeased(limit: number): Promise<readonly LeasedRun[]>
  /** Takes a run over, if it still is with the one it was seen with; says whether it did. */
  takeOver(seen: LeasedRun, lease: RunLease): Promise<boolean>
  /** Prolongs the lease of every run that its owner works on. */
  renewLeases(lease: RunLease): Promise<void>
}
