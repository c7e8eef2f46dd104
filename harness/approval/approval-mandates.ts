import { randomBytes } from 'node:crypto'
import { AgenticError } from '../errors.ts'
import { canonicalJson } from '../journal/canonical-json.ts'
import type { JsonObject, JsonValue } from '../json-value.ts'
import { type Logger, silentLogger } from '../logger.ts'
import type { Requester } from '../requester.ts'
import type { ApprovalRequest } from './approval-request.ts'
import type { ApprovalRule } from './approval-rule.ts'
import { approversOf, canDecide, isApprover, isRequester } from './approval-visibility.ts'

/** An approver's yes, given ahead, to calls of one tool that one rule holds, in one run or session. */
export interface ApprovalGrant {
  readonly id: string
  readonly kind: 'grant'
  readonly granter: Requester
  readonly endpoint: string
  readonly rule: string
  readonly tool: string
  /** One of the two. */
  readonly runId?: string
  readonly sessionId?: string
  /** Properties that the argument must have, exactly so; without it any argument is covered. */
  readonly argument?: JsonObject
  /** The request it was given with. */
  readonly approvalId: string
  readonly reason?: string
  readonly createdAt: number
  /** Milliseconds since 1970. */
  readonly until: number
  readonly revoked?: Revocation
}

/** A substitute: somebody who may decide in an approver's place. */
export interface ApprovalDelegation {
  readonly id: string
  readonly kind: 'delegation'
  readonly granter: Requester
  readonly substituteId: string
  readonly reason?: string
  readonly createdAt: number
  /** Milliseconds since 1970. */
  readonly until: number
  readonly revoked?: Revocation
}

/** Both are an approver's word for later: narrow, listed, revocable, and kept when they are over. */
export type ApprovalMandate = ApprovalGrant | ApprovalDelegation

/** Who took a mandate back, and when. */
export interface Revocation {
  readonly at: number
  readonly by: string
}

/** What mandates to find; what is left out does not matter. */
export interface MandateFilter {
  readonly kind?: ApprovalMandate['kind']
  /** `null` for those of no tenant. */
  readonly tenantId?: string | null
  readonly granterId?: string
  readonly substituteId?: string
  readonly runId?: string
  readonly sessionId?: string
  /** Only those neither revoked nor over at this moment. */
  readonly activeAt?: number
  /** Default 100, at most 1 000. */
  readonly limit?: number
}

/** Where mandates survive. */
export interface MandateStore {
  insert(mandate: ApprovalMandate): Promise<void>
  get(id: string): Promise<ApprovalMandate | null>
  /** Newest first. */
  list(filter: MandateFilter): Promise<readonly ApprovalMandate[]>
  /** Says whether this call was the one that revoked it. */
  revoke(id: string, revocation: Revocation): Promise<boolean>
}

/** What {@link ApprovalMandates} works with. */
export interface ApprovalMandatesOptions {
  readonly store: MandateStore
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /**
   * Whether an approver still has the right to decide, as of now: asked whenever a mandate of theirs would
   * count. What throws is a no.
   */
  readonly mayStillDecide: (approver: Requester, about: MandateUse) => Promise<boolean>
  readonly logger?: Logger
}

/** What a mandate would be used for. */
export interface MandateUse {
  readonly endpoint: string
  readonly requester: Requester | null
  readonly approvers: ApprovalRequest['approvers']
}

/** How an approver grants. */
export interface GrantInput {
  readonly scope: 'run' | 'session'
  /** Milliseconds since 1970, at most a day ahead. */
  readonly until: number
  readonly argument?: JsonObject
  readonly reason?: string
}

/** How an approver names a substitute. */
export interface DelegationInput {
  readonly substituteId: string
  /** Milliseconds since 1970, at most thirty days ahead. */
  readonly until: number
  readonly reason?: string
}

/** A call that a grant might cover. */
export interface GrantableCall extends Pick<ApprovalRequest, 'runId' | 'sessionId' | 'endpoint'> {
  readonly requester: Requester | null
  readonly rule: ApprovalRule
  readonly tool: string
  readonly argument: JsonValue
}

const DAY_MS = 86_400_000
const MAX_GRANT_MS = DAY_MS
const MAX_DELEGATION_MS = 30 * DAY_MS
const MAX_REASON_LENGTH = 2_000
/** Most active mandates of one person of one kind: what is looked through at a call stays small. */
const MAX_ACTIVE = 100

/**
 * Grants and delegations: what approvers have said for later. Each use asks again whether the approver
 * still has the right, and nothing is covered past its time.
 */
export class ApprovalMandates {
  readonly #options: ApprovalMandatesOptions
  readonly #logger: Logger

  constructor(options: ApprovalMandatesOptions) {
    this.#options = options
    this.#logger = options.logger ?? silentLogger
  }

  /**
   * Says yes ahead to further calls like the one a request is about: of its tool, held by its rule, in its
   * run or session. The request itself is not decided by it.
   *
   * @throws {AgenticError} `ERR_AUTHORIZATION_DENIED` when they may not decide the request themselves;
   * `ERR_REQUEST_INVALID` when it is about a program, has no session, or the time is not within a day.
   */
  async grant(
    request: ApprovalRequest,
    granter: Requester,
    input: GrantInput,
  ): Promise<ApprovalGrant> {
    const { subject, runId, sessionId, endpoint, rule } = request
    if (!canDecide(request, granter) || !(await this.#mayStill(granter, useOf(request)))) {
      throw new AgenticError(
        'ERR_AUTHORIZATION_DENIED',
        'Only an approver of the request may grant',
      )
    }
    if (subject.kind !== 'call') throw invalid('A grant is for tool calls, never for a program')
    if (input.scope !== 'run' && input.scope !== 'session') {
      throw invalid('The scope of a grant is "run" or "session"')
    }
    if (input.scope === 'session' && sessionId === undefined) {
      throw invalid('The run is in no session: grant for the run')
    }
    const grant: ApprovalGrant = {
      ...this.#begin('grant', granter, input, MAX_GRANT_MS),
      kind: 'grant',
      endpoint,
      rule,
      tool: subject.tool,
      ...(input.scope === 'run' || sessionId === undefined ? { runId } : { sessionId }),
      ...(input.argument === undefined ? {} : { argument: input.argument }),
      approvalId: request.id,
    }
    await this.#insert(grant)
    return grant
  }

  /**
   * Names a substitute, who may decide what the approver may, until a time. A substitute's own substitute
   * may not.
   *
   * @throws {AgenticError} `ERR_REQUEST_INVALID` for oneself, or a time that is not within thirty days.
   */
  async delegate(granter: Requester, input: DelegationInput): Promise<ApprovalDelegation> {
    const { substituteId } = input
    if (typeof substituteId !== 'string' || substituteId === '' || substituteId.length > 256) {
      throw invalid('A substitute is the id of a user')
    }
    if (substituteId === granter.userId) throw invalid('Nobody is their own substitute')
    const delegation: ApprovalDelegation = {
      ...this.#begin('delegation', granter, input, MAX_DELEGATION_MS),
      kind: 'delegation',
      substituteId,
    }
    await this.#insert(delegation)
    return delegation
  }

  /** The grants that cover a call as of now, at most one of each approver. */
  async covering(call: GrantableCall): Promise<readonly ApprovalGrant[]> {
    const { runId, sessionId, rule, requester } = call
    const now = this.#options.clock()
    const of = { kind: 'grant', tenantId: requester?.tenantId ?? null, activeAt: now } as const
    const found = [
      ...(await this.#options.store.list({ ...of, runId, limit: 1_000 })),
      ...(sessionId === undefined
        ? []
        : await this.#options.store.list({ ...of, sessionId, limit: 1_000 })),
    ]
    const covering = new Map<string, ApprovalGrant>()
    for (const grant of found) {
      if (grant.kind !== 'grant' || !isAbout(grant, call) || covering.has(grant.granter.userId)) {
        continue
      }
      const isSelf = isRequester({ requester }, grant.granter)
      if (isSelf && !rule.allowSelf) continue
      if (!rule.approvers.some((approver) => isApprover(approver, grant.granter))) continue
      const use = { endpoint: call.endpoint, requester, approvers: rule.approvers }
      if (await this.#mayStill(grant.granter, use)) covering.set(grant.granter.userId, grant)
    }
    return [...covering.values()]
  }

  /** The approvers in whose place this user may decide as of now, as far as mandates say. */
  async delegationsTo(user: Requester): Promise<readonly ApprovalDelegation[]> {
    const found = await this.#options.store.list({
      kind: 'delegation',
      tenantId: user.tenantId ?? null,
      substituteId: user.userId,
      activeAt: this.#options.clock(),
      limit: 1_000,
    })
    return found.filter((mandate) => mandate.kind === 'delegation')
  }

  /** The delegation by which this user may decide this request; `null` when there is none. */
  async standingIn(user: Requester, request: ApprovalRequest): Promise<ApprovalDelegation | null> {
    for (const delegation of await this.delegationsTo(user)) {
      const { granter } = delegation
      if (!canDecide(request, granter)) continue
      if (await this.#mayStill(granter, useOf(request))) return delegation
    }
    return null
  }

  /** Mandates, newest first. The caller is the host: nobody's right to see them is checked here. */
  list(filter: MandateFilter = {}): Promise<readonly ApprovalMandate[]> {
    return this.#options.store.list(filter)
  }

  /**
   * Takes a mandate back, from now on. Whoever gave it may, and role `admin` of its tenant.
   *
   * @throws {AgenticError} `ERR_APPROVAL_NOT_FOUND` when there is none that they may take back;
   * `ERR_APPROVAL_CONFLICT` when it has been taken back.
   */
  async revoke(id: string, user: Requester): Promise<void> {
    const mandate = await this.#options.store.get(id)
    const isOfTenant = mandate !== null && mandate.granter.tenantId === user.tenantId
    const isTheirs = mandate?.granter.userId === user.userId || user.roles.includes('admin')
    if (!isOfTenant || !isTheirs) {
      throw new AgenticError(
        'ERR_APPROVAL_NOT_FOUND',
        'There is no such grant or delegation of yours',
      )
    }
    const revocation = { at: this.#options.clock(), by: user.userId }
    if (!(await this.#options.store.revoke(id, revocation))) {
      throw new AgenticError('ERR_APPROVAL_CONFLICT', 'It has been taken back already')
    }
    this.#logger.info({ mandateId: id, by: user.userId }, 'Approval mandate revoked')
  }

  #begin(
    kind: ApprovalMandate['kind'],
    granter: Requester,
    { until, reason }: { readonly until: number; readonly reason?: string },
    longestMs: number,
  ) {
    const now = this.#options.clock()
    if (!Number.isSafeInteger(until) || until <= now || until > now + longestMs) {
      const longest = longestMs === DAY_MS ? 'a day' : 'thirty days'
      throw invalid(`"until" must be a time in milliseconds since 1970, at most ${longest} ahead`)
    }
    return {
      id: `${kind === 'grant' ? 'gra' : 'del'}_${randomBytes(16).toString('base64url')}`,
      granter,
      ...(reason === undefined ? {} : { reason: String(reason).slice(0, MAX_REASON_LENGTH) }),
      createdAt: now,
      until,
    }
  }

  async #insert(mandate: ApprovalMandate): Promise<void> {
    const { kind, granter } = mandate
    const active = await this.#options.store.list({
      kind,
      tenantId: granter.tenantId ?? null,
      granterId: granter.userId,
      activeAt: mandate.createdAt,
      limit: MAX_ACTIVE,
    })
    if (active.length >= MAX_ACTIVE) {
      throw invalid(`You have ${MAX_ACTIVE} of these already: take some back`)
    }
    await this.#options.store.insert(mandate)
    this.#logger.info({ mandateId: mandate.id, kind, by: granter.userId }, 'Approval mandate given')
  }

  async #mayStill(approver: Requester, about: MandateUse): Promise<boolean> {
    try {
      return (await this.#options.mayStillDecide(approver, about)) === true
    } catch (error) {
      this.#logger.error({ err: error }, 'Nobody could say whether an approver may still decide')
      return false
    }
  }
}

function useOf(request: ApprovalRequest): MandateUse {
  const { endpoint, requester } = request
  return { endpoint, requester, approvers: approversOf(request) }
}

function isAbout(grant: ApprovalGrant, call: GrantableCall): boolean {
  if (grant.endpoint !== call.endpoint || grant.rule !== call.rule.name) return false
  if (grant.tool !== call.tool || grant.granter.tenantId !== call.requester?.tenantId) return false
  const isThere = (grant.runId ?? call.runId) === call.runId
  if (!isThere || (grant.runId === undefined && grant.sessionId === undefined)) return false
  return hasProperties(call.argument, grant.argument ?? {})
}

function hasProperties(argument: JsonValue, wanted: JsonObject): boolean {
  return Object.entries(wanted).every(([name, value]) => {
    if (typeof argument !== 'object' || argument === null || !Object.hasOwn(argument, name)) {
      return false
    }
    return canonicalJson((argument as JsonObject)[name] ?? null) === canonicalJson(value)
  })
}

function invalid(message: string): AgenticError {
  return new AgenticError('ERR_REQUEST_INVALID', message)
}
