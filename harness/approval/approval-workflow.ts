import { randomBytes } from 'node:crypto'
import { AgenticError, ApprovalError } from '../errors.ts'
import { type Logger, silentLogger } from '../logger.ts'
import type { Requester } from '../requester.ts'
import { answerTo, type EditJudge, type Standing } from './approval-answer.ts'
import { approvalDigest } from './approval-digest.ts'
import type { ApprovalGrant, ApprovalMandates } from './approval-mandates.ts'
import { askedAnew, asOf, inState, isOpen, OPEN_STATES, withVotes } from './approval-progress.ts'
import type { ApprovalRequest, ApprovalState, ApprovalVote } from './approval-request.ts'
import { type ApprovalResolution, readResolution } from './approval-resolution.ts'
import type { ApprovalRule } from './approval-rule.ts'
import type { ApprovalChange, ApprovalFilter, ApprovalStore } from './approval-store.ts'
import { canSee, entitlements, isListedApprover, isRequester } from './approval-visibility.ts'
import { currentVotes, peopleOf } from './quorum.ts'

/** What an {@link ApprovalWorkflow} works with. */
export interface ApprovalWorkflowOptions {
  readonly store: ApprovalStore
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Grants and substitutes. Without it there are none. */
  readonly mandates?: ApprovalMandates
  /** Judges changed arguments. Without it nobody can change one. */
  readonly judgeEdit?: EditJudge
  /** Told after each change is durable. */
  readonly onChange?: (request: ApprovalRequest) => void
  readonly logger?: Logger
}

/** What somebody is asked to decide. */
export interface ApprovalInput
  extends Pick<
    ApprovalRequest,
    | 'runId'
    | 'sessionId'
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

const MAX_PAGE = 1_000
/** Each failed attempt means that somebody else's change was written meanwhile. */
const MAX_ATTEMPTS = 1_000

/**
 * Takes approval requests from `pending` to `approved`, `rejected`, `expired` or `withdrawn`, by way of
 * `escalated` where the rule says so. Keeps nothing in memory: every change is one conditional write of
 * the store, so of several decisions at once exactly one wins, in however many processes.
 *
 * @example
 * ```ts
 * const workflow = new ApprovalWorkflow({ store, clock: Date.now })
 * const { id } = await workflow.request({ ...input, rule })
 * await workflow.resolve(id, { approve: true, approver: { userId: 'ada', roles: ['admin'] } })
 * ```
 */
export class ApprovalWorkflow {
  readonly #options: ApprovalWorkflowOptions
  readonly #store: ApprovalStore
  readonly #clock: () => number
  readonly #logger: Logger

  constructor(options: ApprovalWorkflowOptions) {
    this.#options = options
    this.#store = options.store
    this.#clock = options.clock
    this.#logger = options.logger ?? silentLogger
  }

  /**
   * Asks. Resolves when the request is durable. Where approvers have granted calls like it before, enough
   * of them for the rule, it is approved by their grants at once and nobody is asked.
   */
  async request(input: ApprovalInput): Promise<ApprovalRequest> {
    const { rule, ...rest } = input
    const now = this.#clock()
    const { escalation } = rule
    const asked = {
      ...rest,
      id: `apr_${randomBytes(16).toString('base64url')}`,
      rule: rule.name,
      approvers: rule.approvers,
      quorum: rule.quorum,
      allowSelf: rule.allowSelf,
      state: 'pending',
      createdAt: now,
      expiresAt: now + (escalation ? escalation.afterMs + escalation.timeoutMs : rule.timeoutMs),
      ...(escalation === null
        ? {}
        : { escalation: { at: now + escalation.afterMs, to: escalation.to } }),
      ...{ votes: [], edits: [], revision: 0, version: 0 },
    } satisfies Omit<ApprovalRequest, 'digest'>
    const fresh: ApprovalRequest = { ...asked, digest: approvalDigest(asked) }
    const granted = withVotes(fresh, await this.#grantedVotes(fresh, rule))
    const request = granted.state === 'approved' ? { ...granted, version: 0 } : fresh
    await this.#store.insert(request)
    this.#logger.info({ approvalId: request.id, runId: request.runId }, 'Approval requested')
    this.#options.onChange?.(request)
    return request
  }

  /**
   * Decides one request, or gives one of the answers that it takes. Of several decisions at once one wins;
   * the others are a conflict.
   *
   * @returns The request after it: still open when more people must say yes, or its argument was changed.
   * @throws {ApprovalError} `ERR_APPROVAL_NOT_FOUND` when there is no such request or the approver is
   * not listed for it, in another tenant included; `ERR_APPROVAL_EXPIRED` when it is too late;
   * `ERR_APPROVAL_CONFLICT` when it has been decided, they have voted, or it is not what they were shown.
   * @throws {AgenticError} `ERR_AUTHORIZATION_DENIED` when the approver is the requester, or changed the
   * argument, and the rule does not say `allowSelf`. They know the request, so nothing is hidden by calling it
   * not found; and it is no conflict, as trying again would not help. With edited arguments also what a
   * gate would say of them.
   * @throws {TypeError} When a field is not of its type: the text `'false'` is not a yes.
   */
  async resolve(id: string, rawResolution: ApprovalResolution): Promise<ApprovalRequest> {
    const resolution = readResolution(rawResolution)
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const stored = await this.#store.get(id)
      if (stored === null) throw notFound()
      const request = asOf(stored, this.#clock())
      const standing = await this.#standingOf(request, resolution.approver)
      if (request.state !== stored.state) {
        // What has become due is written, and told to whom it concerns, before anybody decides it.
        await this.#replace(stored, inState(stored, request.state), { event: request.state })
        if (isOpen(request)) continue
      }
      if (!isOpen(request)) throw refusal(request.state)
      const { expectedDigest } = resolution
      if (expectedDigest !== undefined && expectedDigest !== request.digest) throw changed()
      const answer = await answerTo(request, resolution, {
        standing,
        now: this.#clock(),
        judgeEdit: this.#options.judgeEdit,
      })
      if (await this.#replace(request, answer.next, answer.change)) return answer.next
    }
    throw new ApprovalError('ERR_APPROVAL_CONFLICT', 'Too many decide at once: look again')
  }

  /**
   * One request as it stands now, or `null`. The caller is the host: nobody's right to see it is checked
   * here, see {@link canSee}.
   */
  async get(id: string): Promise<ApprovalRequest | null> {
    const request = await this.#store.get(id)
    return request === null ? null : asOf(request, this.#clock())
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
      for (const request of stored.map((request) => asOf(request, this.#clock()))) {
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
      const { state } = asOf(stored, this.#clock())
      if (state === stored.state) continue
      const next = inState(stored, state)
      if (await this.#replace(stored, next, { event: state })) changed.push(next)
    }
    return changed
  }

  /** Closes what a run that has ended leaves open: nothing would come of a decision. */
  async withdraw(runId: string): Promise<void> {
    for (const stored of await this.#store.list({ runId, states: OPEN_STATES, limit: MAX_PAGE })) {
      await this.#replace(stored, inState(stored, 'withdrawn'), { event: 'withdrawn' })
    }
  }

  /**
   * Asks again about a call whose argument is another one now, or whose grant holds no more: whatever was
   * decided has lapsed.
   *
   * @returns The request as it is then, whoever changed it.
   */
  async askAnew(
    request: ApprovalRequest,
    changed: Parameters<typeof askedAnew>[1],
  ): Promise<ApprovalRequest> {
    const next = askedAnew(request, changed, this.#clock())
    if (await this.#replace(request, next, { event: 'pending' })) return next
    return (await this.get(request.id)) ?? request
  }

  /** Approves a request that waits, where grants given since cover it. */
  async applyGrants(request: ApprovalRequest, rule: ApprovalRule): Promise<ApprovalRequest> {
    const votes = await this.#grantedVotes(request, rule)
    const next = withVotes(request, votes)
    if (votes.length === 0 || next.state !== 'approved') return request
    if (await this.#replace(request, next, { event: 'approved', votes })) return next
    return (await this.get(request.id)) ?? request
  }

  /** Whether the grants that approved a request would do so now. True of one that people decided. */
  async isStillGranted(request: ApprovalRequest, rule: ApprovalRule): Promise<boolean> {
    const given = currentVotes(request, request.votes)
    if (given.every(({ grantId }) => grantId === undefined)) return true
    const grants = await this.#coveringGrants(request, rule)
    const valid = new Set(grants.map(({ id }) => id))
    return given.every(({ grantId }) => grantId === undefined || valid.has(grantId))
  }

  async #standingOf(request: ApprovalRequest, approver: Requester): Promise<Standing> {
    if (isRequester(request, approver) && !request.allowSelf) {
      throw new AgenticError(
        'ERR_AUTHORIZATION_DENIED',
        'Whoever asked for an approval may not decide it: ask another approver',
      )
    }
    const entitledBy = entitlements(request, approver)
    if (entitledBy.length > 0) return { entitledBy }
    const delegation = await this.#options.mandates?.standingIn(approver, request)
    if (delegation === undefined || delegation === null) throw notFound()
    const { granter, id } = delegation
    return {
      entitledBy: entitlements(request, granter),
      onBehalfOf: granter.userId,
      delegationId: id,
    }
  }

  async #grantedVotes(
    request: ApprovalRequest,
    rule: ApprovalRule,
  ): Promise<readonly ApprovalVote[]> {
    const grants = await this.#coveringGrants(request, rule)
    const voted = new Set(currentVotes(request, request.votes).flatMap(peopleOf))
    return grants.flatMap((grant): readonly ApprovalVote[] => {
      const entitledBy = entitlements(request, grant.granter)
      if (entitledBy.length === 0 || voted.has(grant.granter.userId)) return []
      const { granter, id, reason } = grant
      return [
        {
          approve: true,
          approverId: granter.userId,
          grantId: id,
          ...(reason === undefined ? {} : { reason }),
          decidedAt: this.#clock(),
          digest: request.digest,
          revision: request.revision,
          entitledBy,
        },
      ]
    })
  }

  async #coveringGrants(
    request: ApprovalRequest,
    rule: ApprovalRule,
  ): Promise<readonly ApprovalGrant[]> {
    const { mandates } = this.#options
    const { subject } = request
    // An argument that somebody changed was in nobody's mind who said yes ahead.
    if (mandates === undefined || subject.kind !== 'call' || request.edits.length > 0) return []
    const { tool, argument } = subject
    return mandates.covering({ ...request, rule, tool, argument })
  }

  async #replace(
    before: ApprovalRequest,
    next: ApprovalRequest,
    change: Omit<ApprovalChange, 'at'>,
  ): Promise<boolean> {
    if (!(await this.#store.replace(next, { ...change, at: this.#clock() }))) return false
    const { id, runId, state } = next
    if (state !== before.state) {
      this.#logger.info({ approvalId: id, runId, state }, 'Approval went on')
    }
    this.#options.onChange?.(next)
    return true
  }
}

/** The states and the escalation of a request as it stands now, which a store cannot look at. */
function matches(
  request: ApprovalRequest,
  { states, visibleTo, actingFor = [] }: ApprovalFilter,
): boolean {
  if (states !== undefined && !states.includes(request.state)) return false
  if (visibleTo === undefined || canSee(request, visibleTo)) return true
  return actingFor.some((person) => isListedApprover(request, person))
}

/** What is due counts as due before anything has been written: it is stored under its earlier state. */
function storedStates({ states }: ApprovalFilter): Pick<ApprovalFilter, 'states'> {
  if (states === undefined) return {}
  const earlier = states.includes('expired')
    ? OPEN_STATES
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

function changed(): ApprovalError {
  return new ApprovalError(
    'ERR_APPROVAL_CONFLICT',
    'What is to be decided is not what you were shown: look again',
  )
}

function refusal(state: ApprovalState): ApprovalError {
  if (state === 'expired') {
    return new ApprovalError(
      'ERR_APPROVAL_EXPIRED',
      'The approval request has expired: start a new run',
    )
  }
  const message =
    state === 'withdrawn'
      ? 'The run has ended, so there is nothing left to decide'
      : 'The approval request has already been decided'
  return new ApprovalError('ERR_APPROVAL_CONFLICT', message)
}
