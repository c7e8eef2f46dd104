import type { JsonValue } from '../json-value.ts'
import { approvalDigest } from './approval-digest.ts'
import type {
  ApprovalDecision,
  ApprovalEdit,
  ApprovalRequest,
  ApprovalState,
  ApprovalVote,
} from './approval-request.ts'
import { isCarried } from './quorum.ts'

/** The states in which a request can be decided. */
export const OPEN_STATES: readonly ApprovalState[] = ['pending', 'escalated']

/** Whether a request can still be decided, as far as its state says. */
export function isOpen({ state }: Pick<ApprovalRequest, 'state'>): boolean {
  return OPEN_STATES.includes(state)
}

/**
 * A request as it stands at a moment. What has become due is so from that moment, whether or not a sweep
 * has come by.
 */
export function asOf(request: ApprovalRequest, now: number): ApprovalRequest {
  if (!isOpen(request)) return request
  if (request.expiresAt <= now) return { ...request, state: 'expired' }
  const isDue = request.escalation !== undefined && request.escalation.at <= now
  return isDue ? { ...request, state: 'escalated' } : request
}

/** A request with one more version, in another state. */
export function inState(request: ApprovalRequest, state: ApprovalState): ApprovalRequest {
  return { ...request, state, version: request.version + 1 }
}

/** A request with further votes. One no rejects it; enough yeses approve it; else it stays open. */
export function withVotes(
  request: ApprovalRequest,
  added: readonly ApprovalVote[],
): ApprovalRequest {
  const votes = [...request.votes, ...added]
  const last = added.at(-1)
  const isRejected = added.some(({ approve }) => !approve)
  const isDecided = isRejected || isCarried(request, votes)
  const next = { ...request, votes, version: request.version + 1 }
  if (!isDecided || last === undefined) return next
  return { ...next, state: isRejected ? 'rejected' : 'approved', decision: decisionOf(last) }
}

/** A request about another argument: who changed it is on record, and the votes so far have lapsed. */
export function withEdit(request: ApprovalRequest, edit: ApprovalEdit): ApprovalRequest {
  const edits = [...request.edits, edit]
  return { ...about(request, edit.argument), edits, version: request.version + 1 }
}

/**
 * A request that is asked anew, with its time beginning again: what it was decided about, or by which
 * right, holds no more.
 */
export function askedAnew(
  request: ApprovalRequest,
  changed: { readonly argument: JsonValue; readonly edits: readonly ApprovalEdit[] },
  now: number,
): ApprovalRequest {
  const { decision: _, escalation, ...rest } = about(request, changed.argument)
  const passed = now - request.createdAt
  return {
    ...rest,
    edits: changed.edits,
    state: 'pending',
    createdAt: now,
    expiresAt: request.expiresAt + passed,
    ...(escalation === undefined
      ? {}
      : { escalation: { at: escalation.at + passed, to: escalation.to } }),
    version: request.version + 1,
  }
}

function about(request: ApprovalRequest, argument: JsonValue): ApprovalRequest {
  const { subject } = request
  if (subject.kind === 'program') throw new TypeError('A program has no argument to change')
  const next = { ...request, subject: { ...subject, argument }, revision: request.revision + 1 }
  return { ...next, digest: approvalDigest(next) }
}

function decisionOf(vote: ApprovalVote): ApprovalDecision {
  const { entitledBy: _, revision: __, ...decision } = vote
  return decision
}
