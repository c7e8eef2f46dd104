import type { Requester } from '../requester.ts'
import type { ApprovalDecision, ApprovalRequest, ApprovalState } from './approval-request.ts'

/** Where approval requests survive. Every change of state is one conditional write with one winner. */
export interface ApprovalStore {
  /** Resolves when the request is durable. */
  insert(request: ApprovalRequest): Promise<void>
  get(id: string): Promise<ApprovalRequest | null>
  /** Newest first. */
  list(filter: ApprovalFilter): Promise<readonly ApprovalRequest[]>
  /**
   * Sets `state` (and decision) only while the stored state is one of `from`; says whether this call
   * was the one that did.
   */
  transition(
    id: string,
    from: readonly ApprovalState[],
    to: ApprovalState,
    decision?: ApprovalDecision,
  ): Promise<boolean>
  /** Requests still open whose `expiresAt`, or whose escalation time, is not after `now`. */
  due(now: number): Promise<readonly ApprovalRequest[]>
}

/** What to list. */
export interface ApprovalFilter {
  readonly states?: readonly ApprovalState[]
  readonly runId?: string
  /**
   * Only what this user may know of. A store, which has no clock, also gives what will be theirs to
   * decide once it has escalated; the workflow leaves that out while it has not.
   */
  readonly visibleTo?: Requester
  /** The id of a request: only older ones, for the next page. */
  readonly before?: string
  /** Default 100, at most 1 000. */
  readonly limit?: number
}
