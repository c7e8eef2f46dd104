import type { Requester } from '../requester.ts'
import type { ApprovalRequest, Approver } from './approval-request.ts'

/**
 * Whether this user may decide this request now: a listed approver (those of the escalation once it has
 * escalated), of the requester's tenant, and not the requester unless the rule lets them. Says nothing
 * of the request's state.
 */
export function canDecide(request: ApprovalRequest, user: Requester | null): boolean {
  return isListedApprover(request, user) && (request.allowSelf || !isRequester(request, user))
}

/**
 * Whether this user may know of this request: the requester, those who are listed to decide it, and role
 * `admin` of the requester's tenant.
 */
export function canSee(request: ApprovalRequest, user: Requester | null): boolean {
  if (user === null) return false
  if (isRequester(request, user) || isListedApprover(request, user)) return true
  // An admin who is not listed is only let in by their tenant, so "no tenant" must not match a tenant.
  return user.roles.includes('admin') && user.tenantId === request.requester?.tenantId
}

/** Whether this user asked for what is to be decided. */
export function isRequester(request: ApprovalRequest, user: Requester | null): boolean {
  const { requester } = request
  return (
    requester !== null &&
    user !== null &&
    requester.userId === user.userId &&
    requester.tenantId === user.tenantId
  )
}

/**
 * Whether this user is listed and of the requester's tenant. What was asked without a tenant, by nobody
 * included, is for approvers without one: a tenant's people decide what is their tenant's.
 */
export function isListedApprover(request: ApprovalRequest, user: Requester | null): boolean {
  if (user === null || user.tenantId !== request.requester?.tenantId) return false
  return approversOf(request).some((approver) =>
    'role' in approver ? user.roles.includes(approver.role) : approver.userId === user.userId,
  )
}

function approversOf(request: ApprovalRequest): readonly Approver[] {
  return hasEscalated(request)
    ? [...request.approvers, ...(request.escalation?.to ?? [])]
    : request.approvers
}

function hasEscalated({ state, escalation, decision, expiresAt }: ApprovalRequest): boolean {
  if (state === 'pending' || escalation === undefined) return false
  return state === 'escalated' || escalation.at <= (decision?.decidedAt ?? expiresAt)
}
