import type { Requester } from '../requester.ts'
import type { ApprovalRequest, ApprovalState, ApprovalVote } from './approval-request.ts'

/** What happened to a request. */
export type ApprovalEventKind = ApprovalState | 'voted' | 'edited'

/** What a change of a request writes beside it. */
export interface ApprovalChange {
  readonly event: ApprovalEventKind
  /** Milliseconds since 1970. */
  readonly at: number
  /** The votes that are new in it, the last of its `votes`. */
  readonly votes?: readonly ApprovalVote[]
}

/** Where approval requests survive. Every change is one conditional write with one winner. */
export interface ApprovalStore {
  /** Resolves when the request is durable. */
  insert(request: ApprovalRequest): Promise<void>
  get(id: string): Promise<ApprovalRequest | null>
  /** Newest first. */
  list(filter: ApprovalFilter): Promise<readonly ApprovalRequest[]>
  /**
   * Writes a request, with its new votes and what tells of them, while the stored one is the version right
   * before it; all of it or nothing.
   *
   * @returns Whether this call was the one that did.
   */
  replace(next: ApprovalRequest, change: ApprovalChange): Promise<boolean>
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
  /** With `visibleTo`: also what these are listed to decide, in whose place the user may. */
  readonly actingFor?: readonly Requester[]
  /** The id of a request: only older ones, for the next page. */
  readonly before?: string
  /** Default 100, at most 1 000. */
  readonly limit?: number
}
