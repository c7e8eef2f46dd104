import { randomBytes } from 'node:crypto'
import { AgenticError, ApprovalError } from '../errors.ts'
import { type Logger, silentLogger } from '../logger.ts'
import type { Requester } from '../requester.ts'
import type { ApprovalDecision, ApprovalRequest, ApprovalState } from './approval-request.ts'
import type { ApprovalRule } from './approval-rule.ts'
import type { ApprovalFilter, ApprovalStore } from './approval-store.ts'
import { canSee, isListedApprover, isRequester } from './approval-visibility.ts'

/** What an {@link ApprovalWorkflow} works with. */
export interface ApprovalWorkflowOptions {
  readonly store: ApprovalStore
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly logger?: Logger
}

/** What somebody is asked to decide. */
export interface ApprovalInput
  extends Pick<
    ApprovalRequest,
    | 'runId'
    | 'endpoint'
    | 'subject'
    | 'action'
    | 'intent'
    | 'program'
    | 'plan'
    | 'capabilities'
    | 'requester'
  > {
  /** The rule that asks; its approvers and times are copied into the request. */
  readonly rule: ApprovalRule
}

/** A person's answer, with the person as authenticated by their own credential. */
export interface ApprovalResolution {
  readonly approve: boolean
  /** Shown to the requester. Cut at 2 000 characters. */
  readonly reason?: string
  readonly approver: Requester
}

const OPEN: readonly ApprovalState[] = ['pending', 'escalated']

const MAX_REASON_LENGTH = 2_000

const MAX_PAGE = 1_000

/**
 * Takes approval requests from `pending` to `approved`, `rejected` or `expired`, by way of `escalated`
 * where the rule says so. Keeps nothing in memory: every change is one conditional write of the store,
 * so of several decisions at once exactly one wins, in however many processes.
 *
 * @example
 * ```ts
 * const workflow = new ApprovalWorkflow({ store, clock: Date.now })
 * const { id } = await workflow.request({ ...input, rule })
 * await workflow.resolve(id, { approve: true, approver: { userId: 'ada', roles: ['admin'] } })
 * ```
 */
export class ApprovalWorkflow {
  readonly #store: ApprovalStore
  readonly #clock: () => number
  readonly #logger: Logger

  constructor(options: ApprovalWorkflowOptions) {
    this.#store = options.store
    this.#clock = options.clock
    this.#logger = options.logger ?? silentLogger
  }

  /** Asks. Resolves when the request is durable. */
  async request(input: ApprovalInput): Promise<ApprovalRequest> {
    const { rule, ...rest } = input
    const now = this.#clock()
    const request: ApprovalRequest = {
      ...rest,
      id: `apr_${randomBytes(16).toString('base64url')}`,
      rule: rule.name,
      approvers: rule.approvers,
      allowSelf: rule.allowSelf,
      state: 'pending',
      createdAt: now,
      expiresAt: now + rule.timeoutMs,
      ...(rule.escalation === null
        ? {}
        : { escalation: { at: now + rule.escalation.afterMs, to: rule.escalation.to } }),
    }
    await this.#store.insert(request)
    this.#logger.info({ approvalId: request.id, runId: request.runId }, 'Approval requested')
    return request
  }

  /**
   * Decides one request. Of several decisions at once one wins; the others are a conflict.
   *
   * @throws {ApprovalError} `ERR_APPROVAL_NOT_FOUND` when there is no such request or the approver is
   * not listed for it, in another tenant included; `ERR_APPROVAL_EXPIRED` when it is too late;
   * `ERR_APPROVAL_CONFLICT` when it has been decided.
   * @throws {AgenticError} `ERR_AUTHORIZATION_DENIED` when the approver is the requester and the rule
   * does not say `allowSelf`. They know the request, so nothing is hidden by calling it not found; and
   * it is no conflict, as trying again would not help.
   * @throws {TypeError} When `approve` is not a boolean, or `reason` is there and not a string: the text
   * `'false'` is not a yes.
   */
  async resolve(id: string, resolution: ApprovalResolution): Promise<ApprovalRequest> {
    const { approver, approve, reason } = readResolution(resolution)
    const stored = await this.#store.get(id)
    if (stored === null) throw notFound()
    const request = this.#asOfNow(stored)
    if (isRequester(request, approver) && !request.allowSelf) {
      throw new AgenticError(
        'ERR_AUTHORIZATION_DENIED',
        'Whoever asked for an approval may not decide it: ask another approver',
      )
    }
    if (!isListedApprover(request, approver)) throw notFound()
    if (request.state === 'expired') {
      await this.#store.transition(id, OPEN, 'expired')
      throw refusal(request.state)
    }
    const decision: ApprovalDecision = {
      approve,
      approverId: approver.userId,
      ...(reason === undefined ? {} : { reason: reason.slice(0, MAX_REASON_LENGTH) }),
      decidedAt: this.#clock(),
    }
    const state = approve ? 'approved' : 'rejected'
    if (!(await this.#store.transition(id, OPEN, state, decision))) {
      throw refusal((await this.#store.get(id))?.state)
    }
    this.#logger.info({ approvalId: id, runId: request.runId, state }, 'Approval decided')
    return { ...request, state, decision }
  }

  /**
   * One request as it stands now, or `null`. The caller is the host: nobody's right to see it is checked
   * here, see {@link canSee}.
   */
  async get(id: string): Promise<ApprovalRequest | null> {
    const request = await this.#store.get(id)
    return request === null ? null : this.#asOfNow(request)
  }

  /**
   * Requests as they stand now, newest first. The caller is the host, as for {@link get}.
   *
   * @param accept - Asked about each request that the filter leaves. What it refuses does not count
   * towards the limit.
   */
  async list(
    filter: ApprovalFilter = {},
    accept: (request: ApprovalRequest) => boolean | Promise<boolean> = () => true,
  ): Promise<readonly ApprovalRequest[]> {
    const limit = Math.min(filter.limit ?? 100, MAX_PAGE)
    const accepted: ApprovalRequest[] = []
    let page: ApprovalFilter = { ...filter, ...storedStates(filter), limit }
    for (;;) {
      const stored = await this.#store.list(page)
      for (const request of stored.map((request) => this.#asOfNow(request))) {
        if (matches(request, filter) && (await accept(request))) accepted.push(request)
        if (accepted.length === limit) return accepted
      }
      const oldest = stored.at(-1)
      if (oldest === undefined || stored.length < limit) return accepted
      page = { ...page, before: oldest.id }
    }
  }

  /**
   * Expires and escalates what is due. Call it every few seconds; several processes may.
   *
   * @returns The requests that this call changed.
   */
  async sweep(): Promise<readonly ApprovalRequest[]> {
    const changed: ApprovalRequest[] = []
    for (const stored of await this.#store.due(this.#clock())) {
      const request = this.#asOfNow(stored)
      const { id, state, runId } = request
      if (state === stored.state) continue
      const from = state === 'expired' ? OPEN : (['pending'] as const)
      if (!(await this.#store.transition(id, from, state))) continue
      this.#logger.info({ approvalId: id, runId, state }, 'Approval due')
      changed.push(request)
    }
    return changed
  }

  /**
   * What has become due is so from that moment, whether or not a sweep has come by. A decision has no
   * shorter way around this: `resolve` looks at the request through here too.
   */
  #asOfNow(request: ApprovalRequest): ApprovalRequest {
    const now = this.#clock()
    if (!OPEN.includes(request.state)) return request
    if (request.expiresAt <= now) return { ...request, state: 'expired' }
    const isDue = request.escalation !== undefined && request.escalation.at <= now
    return isDue ? { ...request, state: 'escalated' } : request
  }
}

/** The states and the escalation of a request as it stands now, which a store cannot look at. */
function matches(request: ApprovalRequest, { states, visibleTo }: ApprovalFilter): boolean {
  if (states !== undefined && !states.includes(request.state)) return false
  return visibleTo === undefined || canSee(request, visibleTo)
}

/** Decisions come from code and from parsed bodies, neither of which a type can hold to its word. */
function readResolution(resolution: ApprovalResolution): ApprovalResolution {
  const { approve, reason }: { approve: unknown; reason?: unknown } = resolution
  if (typeof approve !== 'boolean') throw new TypeError('`approve` must be true or false')
  if (reason !== undefined && typeof reason !== 'string') {
    throw new TypeError('`reason` must be a string')
  }
  return resolution
}

/** What is due counts as due before anything has been written: it is stored under its earlier state. */
function storedStates({ states }: ApprovalFilter): Pick<ApprovalFilter, 'states'> {
  if (states === undefined) return {}
  const earlier = states.includes('expired')
    ? OPEN
    : states.includes('escalated')
      ? (['pending'] as const)
      : []
  return { states: [...new Set([...states, ...earlier])] }
}

function notFound(): ApprovalError {
  return new ApprovalError(
    'ERR_APPROVAL_NOT_FOUND',
    'There is no such approval request that you may decide',
  )
}

function refusal(state: ApprovalState | undefined): ApprovalError {
  return state === 'expired'
    ? new ApprovalError('ERR_APPROVAL_EXPIRED', 'The approval request has expired: start a new run')
    : new ApprovalError('ERR_APPROVAL_CONFLICT', 'The approval request has already been decided')
}
