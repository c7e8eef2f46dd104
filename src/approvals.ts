import {
  type ApprovalDecision,
  ApprovalError,
  type ApprovalFilter,
  type ApprovalRequest,
  type ApprovalState,
  type ApprovalWorkflow,
} from '../harness/index.ts'
import type { ClaimedUser } from './security/auth-user.ts'
import { vouchedUser } from './vouched-user.ts'

/** A decision made in code, by somebody the caller vouches for. */
export interface CodeDecision extends Pick<ApprovalDecision, 'approve' | 'reason'> {
  /** Who decides: must be one of the request's approvers. */
  readonly approver: ClaimedUser
}

/**
 * Approval requests, in code. Code is trusted: it sees every request. Deciding still takes an approver
 * who is listed, and the run goes on by itself once a decision is made.
 */
export class Approvals {
  readonly #workflow: () => Promise<ApprovalWorkflow>
  readonly #onDecided: (request: ApprovalRequest) => Promise<void>

  constructor(options: {
    readonly workflow: () => Promise<ApprovalWorkflow>
    readonly onDecided: (request: ApprovalRequest) => Promise<void>
  }) {
    this.#workflow = options.workflow
    this.#onDecided = options.onDecided
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
   * Decides a request. When it resolves, the decision is durable and the run is on its way; wait for it
   * with `app.runs.wait(runId)`.
   *
   * @throws {ApprovalError} Not found or not an approver, already decided, expired.
   */
  async resolve(id: string, decision: CodeDecision): Promise<ApprovalRequest> {
    const approver = vouchedUser(decision.approver)
    if (approver === null) throw new TypeError('A decision needs an approver')
    const workflow = await this.#workflow()
    try {
      const request = await workflow.resolve(id, { ...decision, approver })
      await this.#onDecided(request)
      return request
    } catch (error) {
      const isTooLate = error instanceof ApprovalError && error.code === 'ERR_APPROVAL_EXPIRED'
      const expired = isTooLate ? await workflow.get(id) : null
      if (expired !== null) await this.#onDecided(expired)
      throw error
    }
  }
}
