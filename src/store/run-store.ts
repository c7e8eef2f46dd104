import type {
  Action,
  Entrance,
  JsonValue,
  ProgramLanguage,
  Requester,
} from '../../harness/index.ts'
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
  }
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

/** Where runs survive. */
export interface RunStore {
  insert(run: RunRecord): Promise<void>
  get(runId: string): Promise<RunRecord | null>
  list(filter: RunFilter): Promise<readonly RunRecord[]>
  /** Applies `patch` only while the stored status is one of `from`; says whether it did. */
  update(runId: string, from: readonly RunStatus[], patch: Partial<RunRecord>): Promise<boolean>
}
