import {
  type ApprovalDecision,
  type ApprovalDelegation,
  ApprovalError,
  type ApprovalEventKind,
  type ApprovalFilter,
  type ApprovalGrant,
  type ApprovalMandate,
  type ApprovalMandates,
  type ApprovalRequest,
  type ApprovalResolution,
  type ApprovalState,
  type ApprovalWorkflow,
  type DelegationInput,
  type GrantInput,
  type Logger,
  type MandateFilter,
} from '../harness/index.ts'
import type { ApprovalEvents } from './approval-events.ts'
import type { AuthUser, ClaimedUser } from './security/auth-user.ts'
import { vouchedUser } from './vouched-user.ts'

/** A decision made in code, by somebody the caller vouches for. */
export interface CodeDecision
  extends Pick<ApprovalDecision, 'approve' | 'reason'>,
    Pick<ApprovalResolution, 'editedArguments' | 'expectedDigest'> {
  /** Who decides: must be one of the request's approvers. */
  readonly approver: ClaimedUser
}

/** What {@link Approvals} works with. */
export interface ApprovalsOptions {
  readonly opened: () => Promise<{
    readonly workflow: ApprovalWorkflow
    readonly mandates: ApprovalMandates
  }>
  readonly events: ApprovalEvents
  readonly onDecided: (request: ApprovalRequest) => Promise<void>
  readonly logger: Logger
}

/**
 * Approval requests, in code. Code is trusted: it sees every request. Deciding still takes an approver
 * who is listed, and the run goes on by itself once a decision is made.
 */
export class Approvals {
  readonly #options: ApprovalsOptions

  constructor(options: ApprovalsOptions) {
    this.#options = options
  }

  /** Requests, newest first. */
  async list(
    filter: { readonly state?: ApprovalState } & Omit<ApprovalFilter, 'states'> = {},
  ): Promise<readonly ApprovalRequest[]> {
    const { state, ...rest } = filter
    return (await this.#workflow()).list({
      ...rest,
      ...(state === undefined ? {} : { states: [state] }),
    })
  }

  /** One request; `null` when there is none with this id. */
  async get(id: string): Promise<ApprovalRequest | null> {
    return (await this.#workflow()).get(id)
  }

  /**
   * Decides a request, or gives one of the answers that it takes. When it resolves, the answer is durable
   * and a run that can go on by it is on its way; wait for it with `app.runs.wait(runId)`.
   *
   * @returns The request after it: still open when more people must say yes, or its argument was changed.
   * @throws {ApprovalError} Not found or not an approver, already decided, expired.
   * @throws {AgenticError} `ERR_AUTHORIZATION_DENIED` for the requester and for whoever changed the argument;
   * `ERR_REQUEST_INVALID` or `ERR_POLICY_VIOLATION` for an argument that a gate refuses.
   *
   * @example
   * ```ts
   * await app.approvals.resolve(id, { approve: true, editedArguments: { cents: 500 }, approver: ada })
   * await app.approvals.resolve(id, { approve: true, approver: bob })
   * ```
   */
  async resolve(id: string, decision: CodeDecision): Promise<ApprovalRequest> {
    const approver = required(decision.approver, 'A decision needs an approver')
    const workflow = await this.#workflow()
    try {
      const request = await workflow.resolve(id, { ...decision, approver })
      await this.#options.onDecided(request)
      return request
    } catch (error) {
      const isTooLate = error instanceof ApprovalError && error.code === 'ERR_APPROVAL_EXPIRED'
      const expired = isTooLate ? await workflow.get(id) : null
      if (expired !== null) await this.#options.onDecided(expired)
      throw error
    }
  }

  /**
   * Tells of what happens to requests from now on, each thing once in this process. List what is open after
   * that: what was there before is not told.
   *
   * @param kind - `'pending'` when somebody is asked, `'voted'`, `'edited'`, or the state it came to.
   * @returns What ends it.
   *
   * @example
   * ```ts
   * const stop = app.approvals.on('pending', ({ id, rule }) => console.log(`${rule} asks: ${id}`))
   * ```
   */
  on(kind: ApprovalEventKind, listener: (request: ApprovalRequest) => unknown): () => void {
    return this.#options.events.on(({ type, approval }) => {
      if (type !== `approval.${kind}`) return
      this.#told(approval.id, listener).catch((error: unknown) => {
        this.#options.logger.error({ err: error }, 'A listener of approvals failed')
      })
    })
  }

  /**
   * Says yes ahead to further calls like the one a request is about: of its tool, held by its rule, in its
   * run or session, for at most a day. The request itself is not decided by it.
   *
   * @throws {AgenticError} When they may not decide the request themselves, or it cannot be granted for.
   */
  async grant(
    approvalId: string,
    input: GrantInput & { readonly granter: ClaimedUser },
  ): Promise<ApprovalGrant> {
    const granter = required(input.granter, 'A grant needs an approver')
    const { workflow, mandates } = await this.#options.opened()
    const request = await workflow.get(approvalId)
    if (request === null) {
      throw new ApprovalError('ERR_APPROVAL_NOT_FOUND', 'There is no such approval request')
    }
    return mandates.grant(request, granter, input)
  }

  /**
   * Names a substitute, who may decide in the approver's place until a time, at most thirty days ahead.
   *
   * @throws {AgenticError} `ERR_REQUEST_INVALID`.
   */
  async delegate(
    input: DelegationInput & { readonly granter: ClaimedUser },
  ): Promise<ApprovalDelegation> {
    const granter = required(input.granter, 'A delegation needs an approver')
    return (await this.#options.opened()).mandates.delegate(granter, input)
  }

  /** Grants and delegations, newest first, those that are over or were taken back included. */
  async mandates(filter: MandateFilter = {}): Promise<readonly ApprovalMandate[]> {
    return (await this.#options.opened()).mandates.list(filter)
  }

  /**
   * Takes a grant or a delegation back, from now on.
   *
   * @param user - Who does: who gave it, or role `admin` of their tenant.
   * @throws {AgenticError} `ERR_APPROVAL_NOT_FOUND`, `ERR_APPROVAL_CONFLICT`.
   */
  async revoke(mandateId: string, user: ClaimedUser): Promise<void> {
    const revoker = required(user, 'Somebody has to take it back')
    await (await this.#options.opened()).mandates.revoke(mandateId, revoker)
  }

  async #told(id: string, listener: (request: ApprovalRequest) => unknown): Promise<void> {
    const request = await this.get(id)
    if (request !== null) await listener(request)
  }

  async #workflow(): Promise<ApprovalWorkflow> {
    return (await this.#options.opened()).workflow
  }
}

function required(user: ClaimedUser, complaint: string): AuthUser {
  const vouched = vouchedUser(user)
  if (vouched === null) throw new TypeError(complaint)
  return vouched
}
