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
  /** Default 100, at most 1 000. */
  readonly limit?: number
}
