import { randomUUID } from 'node:crypto'
import type {
  ApprovalEventKind,
  ApprovalRequest,
  ApprovalState,
  Approver,
} from '../../harness/index.ts'

/**
 * What people are told of a request: enough to know that, and by when, they should look. Neither the
 * program nor an argument is in it, as nobody knows who reads along where it is sent.
 */
export interface ApprovalNotice {
  /** The same for each attempt to deliver it. */
  readonly id: string
  readonly type: `approval.${ApprovalEventKind}`
  /** When it happened, in milliseconds since 1970. */
  readonly at: number
  readonly approval: {
    readonly id: string
    /** Where to look, from the root of the app. Opening it decides nothing. */
    readonly path: string
    readonly runId: string
    readonly endpoint: string
    readonly rule: string
    readonly subject: 'program' | 'call'
    /** The tool, where it is about a call. */
    readonly tool?: string
    readonly state: ApprovalState
    readonly requesterId?: string
    readonly tenantId?: string
    readonly approvers: readonly Approver[]
    readonly votes: number
    readonly quorum: number | 'all'
    readonly expiresAt: number
  }
}

/** Words a notice about a request as a change left it. */
export function noticeOf(
  request: ApprovalRequest,
  event: ApprovalEventKind,
  at: number,
): ApprovalNotice {
  const { id, runId, endpoint, rule, subject, state, requester, escalation } = request
  const approvers =
    state === 'escalated' ? [...request.approvers, ...(escalation?.to ?? [])] : request.approvers
  return {
    id: `evt_${randomUUID()}`,
    type: `approval.${event}`,
    at,
    approval: {
      id,
      path: `/approvals/${encodeURIComponent(id)}`,
      runId,
      endpoint,
      rule,
      subject: subject.kind,
      ...(subject.kind === 'call' ? { tool: subject.tool } : {}),
      state,
      ...(requester === null ? {} : { requesterId: requester.userId }),
      ...(requester?.tenantId === undefined ? {} : { tenantId: requester.tenantId }),
      approvers,
      votes: request.votes.filter(({ revision }) => revision === request.revision).length,
      quorum: request.quorum,
      expiresAt: request.expiresAt,
    },
  }
}
