import type {
  Action,
  Entrance,
  JsonValue,
  ProgramLanguage,
  Requester,
  TurnRecord,
} from '../../harness/index.ts'
import type { FailedAttempt } from '../failed-attempt.ts'
import type { AuthUser } from '../security/auth-user.ts'

/** Every {@link RunStatus}. */
export const RUN_STATUSES = [
  'queued',
  'running',
  'pending_approval',
  'completed',
  'denied',
  'rejected',
  'expired',
  'failed',
  'timed_out',
  'cancelled',
  'outcome_unknown',
] as const

/**
 * Where a run stands. `pending_approval` and `outcome_unknown` wait for a person; a handler's run with an
 * unknown outcome has nothing left to go on with, and stays so.
 */
export type RunStatus = (typeof RUN_STATUSES)[number]

/** A run that goes on or waits: everything else is an ending. */
export const OPEN_STATUSES: readonly RunStatus[] = [
  'queued',
  'running',
  'pending_approval',
  'outcome_unknown',
]

/** The holding in which a run was read. */
export function epochOf({ epoch = 1 }: Pick<RunRecord, 'epoch'>): number {
  return epoch
}

/** What makes two requests the same: who sent them where under which key, and what they hold. */
export interface RequestKey {
  /** SHA-256 of tenant, user, endpoint and key, hex. */
  readonly scope: string
  /** SHA-256 of the body, hex. */
  readonly digest: string
}

/** What a run undoes. */
export interface RollbackOf {
  /** The run whose calls are undone. */
  readonly runId: string
  /** Whether it was agreed that some of them stay. */
  readonly isPartial: boolean
  /** The places of the calls in that run's journal, in the order in which they are undone. */
  readonly calls: readonly number[]
}

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
  /** What its program had seen when it ended or came to wait, as far as the journal does not hold it. */
  readonly lastTurns?: TurnRecord
  /** The request that began it, when it came with an `Idempotency-Key`. */
  readonly request?: RequestKey
  /** For a run that undoes another one. */
  readonly rollback?: RollbackOf
  /** Counts who held the run, from 1: only the latest holder may write to it. The store counts. */
  readonly epoch?: number
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

/** One holding of a run: whoever takes it up later holds it in a later epoch. */
export interface RunHold {
  readonly runId: string
  readonly epoch: number
}

/** A run that a process works on, or worked on when it died. */
export interface LeasedRun {
  readonly run: RunRecord
  readonly lease: RunLease
  /** How often its holder has died so far. */
  readonly interruptions: number
}

/** Which runs nobody holds any more. */
export interface AbandonedFilter {
  /** Milliseconds since 1970: leases up to it are over. */
  readonly now: number
  /** Owners whose leases do not count: they are known to be dead. */
  readonly deadOwners: readonly string[]
  /** The id of a run: only later ones, for the next page. */
  readonly after?: string
  /** Default 100, at most 1 000. */
  readonly limit?: number
}

/** Where runs survive. */
export interface RunStore {
  /**
   * Begins a run. With a {@link RunRecord.request} or {@link RunRecord.rollback} it says whether the run
   * was begun: it is not when there is a run of the same request already, or one that undoes the same run.
   *
   * @param lease - Who works on it.
   */
  insert(run: RunRecord, lease?: RunLease): Promise<boolean>
  get(runId: string): Promise<RunRecord | null>
  list(filter: RunFilter): Promise<readonly RunRecord[]>
  /** The run that a request began, forgotten ones left out. */
  ofRequest(scope: string): Promise<RunRecord | null>
  /** Forgets which request began a run: the next one of its kind begins another. */
  forgetRequest(scope: string, runId: string): Promise<void>
  /** The runs that undo a run, oldest first. */
  rollbacksOf(runId: string): Promise<readonly RunRecord[]>
  /**
   * Applies `patch` only while the stored status is one of `from`; says whether it did.
   *
   * @param epoch - And only in this holding.
   */
  update(
    runId: string,
    from: readonly RunStatus[],
    patch: Partial<RunRecord>,
    epoch?: number,
  ): Promise<boolean>
  /**
   * Takes up a run that waits, if its status is one of `from` and nobody has taken it since it was read.
   *
   * @returns The run in its new holding; `null` when somebody else was faster.
   */
  takeUp(run: RunRecord, from: readonly RunStatus[], lease: RunLease): Promise<RunRecord | null>
  /** Whoever holds runs under way by a lease that is not over. */
  holders(now: number): Promise<readonly string[]>
  /** Runs under way that nobody holds, oldest first. */
  listAbandoned(filter: AbandonedFilter): Promise<readonly LeasedRun[]>
  /**
   * Takes a run over, if it still is as it was seen.
   *
   * @returns The run in its new holding; `null` when somebody else was faster.
   */
  takeOver(seen: LeasedRun, lease: RunLease): Promise<RunRecord | null>
  /**
   * Prolongs the leases of these runs.
   *
   * @returns Those that somebody else holds by now.
   */
  renewLeases(lease: RunLease, holds: readonly RunHold[]): Promise<readonly RunHold[]>
}
