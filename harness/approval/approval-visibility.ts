import type { Requester } from '../requester.ts'
import type { ApprovalRequest, Approver } from './approval-request.ts'

/** What says who may decide a request. */
export type Decidable = Pick<
  ApprovalRequest,
  'requester' | 'approvers' | 'escalation' | 'allowSelf' | 'state' | 'expiresAt' | 'decision'
>

/**
 * Whether this user may decide this request now: a listed approver (those of the escalation once it has
 * escalated), of the requester's tenant, and not the requester unless the rule lets them. Says nothing
 * of the request's state.
 */
export function canDecide(request: Decidable, user: Requester | null): boolean {
  return isListedApprover(request, user) && (request.allowSelf || !isRequester(request, user))
}

/**
 * Whether this user may know of this request: the requester, those who are listed to decide it, and role
 * `admin` of the requester's tenant.
 */
export function canSee(request: Decidable, user: Requester | null): boolean {
  if (user === null) return false
  if (isRequester(request, user) || isListedApprover(request, user)) return true
  // An admin who is not listed is only let in by their tenant, so "no tenant" must not match a tenant.
  return user.roles.includes('admin') && user.tenantId === request.requester?.tenantId
}

/** Whether this user asked for what is to be decided. */
export function isRequester(
  { requester }: Pick<Decidable, 'requester'>,
  user: Requester | null,
): boolean {
  return (
    requester !== null &&
    user !== null &&
    requester.userId === user.userId &&
    requester.tenantId === user.tenantId
  )
}

/** Whether this user is listed and of the requester's tenant. */
export function isListedApprover(request: Decidable, user: Requester | null): boolean {
  return entitlements(request, user).length > 0
}

/**
 * The entries of the list of approvers that mean this user; none when they are of another tenant. What was
 * asked without a tenant, by nobody included, is for approvers without one: a tenant's people decide
 * what is their tenant's.
 */
export function entitlements(request: Decidable, user: Requester | null): readonly Approver[] {
  if (user === null || user.tenantId !== request.requester?.tenantId) return []
  return approversOf(request).filter((approver) => isApprover(approver, user))
}

/** Whether an entry of a list of approvers means this user. Says nothing of tenants. */
export function isApprover(
  approver: Approver,
  user: Pick<Requester, 'userId' | 'roles' | 'groups'>,
): boolean {
  if ('role' in approver) return user.roles.includes(approver.role)
  if ('group' in approver) return user.groups?.includes(approver.group) ?? false
  return approver.userId === user.userId
}

/** Everybody who may decide as the request stands: those it escalated to as well, once it has. */
export function approversOf(request: Decidable): readonly Approver[] {
  return hasEscalated(request)
    ? [...request.approvers, ...(request.escalation?.to ?? [])]
    : request.approvers
}

function hasEscalated({ state, escalation, decision, expiresAt }: Decidable): boolean {
  if (state === 'pending' || escalation === undefined) return false
  return state === 'escalated' || escalation.at <= (decision?.decidedAt ?? expiresAt)
}
