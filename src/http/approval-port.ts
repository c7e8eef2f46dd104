import {
  ApprovalError,
  type ApprovalMandate,
  type ApprovalMandates,
  type ApprovalRequest,
  type ApprovalWorkflow,
  approversOf,
  canSee,
} from '../../harness/index.ts'
import type { ApprovalEvents } from '../approval-events.ts'
import type { Approvals } from '../approvals.ts'
import type { AuthorizationPolicy } from '../authorization/authorization-policy.ts'
import { Operation } from '../authorization/operation.ts'
import { AuthorizationError } from '../errors.ts'
import type { ApprovalNotice } from '../notifiers/approval-notice.ts'
import type { AuthUser } from '../security/auth-user.ts'
import type { Store } from '../store/open-store.ts'
import type { AppPort } from './app-port.ts'

/** What the part about approvals is made from. */
export interface ApprovalPortOptions {
  readonly authorization: AuthorizationPolicy
  readonly started: () => Promise<{
    readonly store: Store
    readonly opened: { readonly workflow: ApprovalWorkflow; readonly mandates: ApprovalMandates }
  }>
  readonly approvals: Approvals
  readonly events: ApprovalEvents
}

type ApprovalPort = Pick<
  AppPort,
  | 'listApprovals'
  | 'getApproval'
  | 'resolveApproval'
  | 'followApprovals'
  | 'listMandates'
  | 'grant'
  | 'delegate'
  | 'revokeMandate'
>

/** The part of the port that is about approvals. A request that a caller may not see does not exist for them. */
export function createApprovalPort(options: ApprovalPortOptions): ApprovalPort {
  const { authorization, started, approvals, events } = options

  const delegators = async (user: AuthUser) => {
    const { mandates } = (await started()).opened
    return (await mandates.delegationsTo(user)).map(({ granter }) => granter)
  }

  const mayRead = async (user: AuthUser, request: ApprovalRequest) => {
    const { mandates } = (await started()).opened
    const standsIn = !canSee(request, user) && (await mandates.standingIn(user, request)) !== null
    if (!standsIn && !canSee(request, user)) return false
    const resource = resourceOf(request, standsIn ? user : null)
    const operation = Operation.READ_APPROVAL
    // Compared with true, as `authorize` does: something truthy from a subclass is not a yes.
    return (await authorization.checkPermission({ user, operation, resource })) === true
  }

  const approvalOf = async (user: AuthUser | null, id: string) => {
    const request = await (await started()).opened.workflow.get(id)
    if (user !== null && request !== null && (await mayRead(user, request))) return request
    throw new ApprovalError('ERR_APPROVAL_NOT_FOUND', 'There is no such approval request for you')
  }

  /** The request as the caller may decide it, when the policy lets them. */
  const authorized = async (user: AuthUser | null, id: string): Promise<AuthUser> => {
    const request = await approvalOf(user, id)
    if (user === null) throw new AuthorizationError()
    const standsIn = !canSee(request, user)
    await authorization.authorize({
      user,
      operation: Operation.RESOLVE_APPROVAL,
      resource: resourceOf(request, standsIn ? user : null),
    })
    return user
  }

  return {
    async listApprovals(user, { state, limit }) {
      await authorization.authorize({ user, operation: Operation.LIST_APPROVALS })
      if (user === null) return []
      const filter = {
        ...(state === undefined ? {} : { states: [state] }),
        ...(limit === undefined ? {} : { limit }),
        visibleTo: user,
        actingFor: await delegators(user),
      }
      return (await started()).opened.workflow.list(filter, (request) => mayRead(user, request))
    },

    getApproval: approvalOf,

    async resolveApproval(user, id, decision) {
      const approver = await authorized(user, id)
      return approvals.resolve(id, { ...decision, approver })
    },

    async followApprovals(user, tell, lastEventId) {
      await authorization.authorize({ user, operation: Operation.LIST_APPROVALS })
      if (user === null) throw new AuthorizationError()
      const { store, opened } = await started()
      const told = new Set<string>()
      let queue: Promise<void> = Promise.resolve()
      const offer = (notice: ApprovalNotice) => {
        queue = queue.then(async () => {
          if (told.has(notice.id)) return
          told.add(notice.id)
          const request = await opened.workflow.get(notice.approval.id)
          if (request !== null && (await mayRead(user, request))) tell(notice)
        })
        // A store that is away for a moment ends the stream; whoever listens comes back.
        queue.catch(() => tell(null))
      }
      const stop = events.on(offer)
      if (lastEventId === null) return stop
      told.add(lastEventId)
      const since = await store.approvalEvents.timeOf(lastEventId)
      if (since !== null) await store.approvalEvents.eachSince(since, offer)
      return stop
    },

    async listMandates(user, kind) {
      await authorization.authorize({ user, operation: Operation.LIST_APPROVALS })
      if (user === null) return []
      const { mandates } = (await started()).opened
      const tenantId = user.tenantId ?? null
      if (user.roles.includes('admin')) return mandates.list({ kind, tenantId, limit: 1_000 })
      const given = await mandates.list({ kind, tenantId, granterId: user.userId, limit: 1_000 })
      if (kind === 'grant') return given
      const taken = await mandates.list({ kind, tenantId, substituteId: user.userId, limit: 1_000 })
      return [...given, ...taken].sort((a, b) => b.createdAt - a.createdAt)
    },

    async grant(user, id, input) {
      return approvals.grant(id, { ...input, granter: await authorized(user, id) })
    },

    async delegate(user, input) {
      await authorization.authorize({ user, operation: Operation.RESOLVE_APPROVAL })
      if (user === null) throw new AuthorizationError()
      return approvals.delegate({ ...input, granter: user })
    },

    async revokeMandate(user, id) {
      await authorization.authorize({ user, operation: Operation.RESOLVE_APPROVAL })
      if (user === null) throw new AuthorizationError()
      await approvals.revoke(id, user)
    },
  }
}

/** What a policy is told of a request: a substitute is one of its approvers. */
function resourceOf(request: ApprovalRequest, substitute: AuthUser | null) {
  const { requester } = request
  return {
    ...(requester === null ? {} : { ownerId: requester.userId }),
    ...(requester?.tenantId === undefined ? {} : { tenantId: requester.tenantId }),
    approvers: [
      ...approversOf(request),
      ...(substitute === null ? [] : [{ userId: substitute.userId }]),
    ],
  }
}

/** Which of the two a caller asks about. */
export type MandateKind = ApprovalMandate['kind']
