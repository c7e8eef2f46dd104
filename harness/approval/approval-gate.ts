import { AgenticError } from '../errors.ts'
import { canonicalJson } from '../journal/canonical-json.ts'
import type { HeldCall } from '../journal/replay.ts'
import type { JsonValue } from '../json-value.ts'
import type { CapabilityPlan } from '../plan/capability-plan.ts'
import type { PlanCover } from '../plan/covers-call.ts'
import { describePlan } from '../plan/describe-plan.ts'
import type { Program } from '../program.ts'
import type { Action, Requester } from '../requester.ts'
import type { Tool } from '../sandbox/tool-host.ts'
import { approvalDigest } from './approval-digest.ts'
import { isOpen } from './approval-progress.ts'
import type { ApprovalRequest, ApprovalSubject } from './approval-request.ts'
import type { ApprovalRule } from './approval-rule.ts'
import type { ApprovalWorkflow } from './approval-workflow.ts'
import { ruleOfTool } from './tool-approval.ts'

/** What approvals are asked about: one run with its program. */
export interface ApprovalScope {
  readonly runId: string
  readonly sessionId?: string
  readonly endpoint: string
  readonly entrance: 'intent' | 'execute'
  readonly action: Action
  readonly domain?: string
  readonly intent?: string
  readonly program: Program
  /** What the program can reach. */
  readonly plan: CapabilityPlan
  readonly requester: Requester | null
}

/** A call as it is asked about. */
export interface AskedCall {
  /** What would reach the tool. */
  readonly argument: JsonValue
  /** What the program gave. */
  readonly requested: JsonValue
  /** What the plan says of it. One that is outside it never comes here. */
  readonly cover: Exclude<PlanCover, 'outside'>
}

/** Whether something may go on: nobody need be asked, people must decide, or somebody has said no. */
export type ApprovalAnswer =
  | {
      readonly kind: 'go'
      readonly approvals: readonly ApprovalRequest[]
      /** The argument that was approved, where somebody was asked about a call. */
      readonly argument?: JsonValue
    }
  | { readonly kind: 'wait'; readonly requests: readonly ApprovalRequest[] }
  | { readonly kind: 'refused'; readonly request: ApprovalRequest }

type CallSubject = Extract<ApprovalSubject, { readonly kind: 'call' }>

/**
 * Asks for the approvals that rules demand of one run, and finds those already given. A request is bound
 * to run, rule, program hash and, for a call, to its place and exact argument, so that an approval
 * covers what the approver saw and nothing else, once.
 */
export class ApprovalGate {
  readonly #workflow: ApprovalWorkflow
  readonly #rules: readonly ApprovalRule[]
  readonly #scope: ApprovalScope
  /** The rules whose approvers said yes to the program as a whole. */
  readonly #programRules = new Set<string>()
  /** Places of the plan whose call has been made. */
  readonly #usedPlan = new Set<number>()

  constructor(workflow: ApprovalWorkflow, rules: readonly ApprovalRule[], scope: ApprovalScope) {
    this.#workflow = workflow
    this.#rules = rules
    this.#scope = scope
  }

  /** May this program run at all? */
  async program(): Promise<ApprovalAnswer> {
    const { action, domain, entrance } = this.#scope
    const matching = this.#rules.filter((rule) =>
      rule.matchesProgram({ action, entrance, ...(domain === undefined ? {} : { domain }) }),
    )
    const requests = await this.#requests()
    // A run of which any part was refused goes no further, whatever else was approved.
    const refused = requests.find(({ state }) => state === 'rejected' || state === 'expired')
    if (refused !== undefined) return { kind: 'refused', request: refused }
    const answer = await this.#ask(matching, { kind: 'program' }, requests)
    if (answer.kind === 'go') {
      for (const { rule } of answer.approvals) this.#programRules.add(rule)
    }
    return answer
  }

  /**
   * May this call go out, and with which argument? When somebody was asked it is the one they saw, even
   * if the schema would fill in something else today.
   */
  async call(
    seq: number,
    tool: Tool,
    { argument, requested, cover }: AskedCall,
  ): Promise<ApprovalAnswer> {
    // Both have to hold: a place that stands there once says nothing where other places can be any call.
    const isSeen = this.#useUpPlan(tool.name, requested) && cover === 'covered'
    const own = ruleOfTool(tool)
    const rules = [...this.#rules, ...(own === null ? [] : [own])].filter((rule) =>
      rule.matchesCall({ tool }),
    )
    if (rules.length === 0) return { kind: 'go', approvals: [] }
    const subject: CallSubject = { kind: 'call', seq, tool: tool.name, argument, requested }
    const known = (await this.#requests()).filter((request) => this.#isAbout(request, subject))
    const shown = shownOf(known) ?? subject
    const isChanged = canonicalJson(shown.argument) !== canonicalJson(argument)
    const { requester } = this.#scope
    const asked: ApprovalRule[] = []
    for (const rule of rules) {
      // Whoever approved the program has seen the call as it stands there, and no other.
      if (isSeen && !isChanged && this.#programRules.has(rule.name)) continue
      const holds =
        (await rule.holds({ tool, argument, requester })) ||
        (isChanged && (await rule.holds({ tool, argument: shown.argument, requester })))
      if (holds) asked.push(rule)
    }
    const answer = await this.#ask(asked, shown, known)
    return answer.kind === 'go' && asked.length > 0
      ? { ...answer, argument: shown.argument }
      : answer
  }

  /** Notes a call that was made by an earlier attempt: its place of the plan is used up. */
  alreadyMade(tool: string, requested: JsonValue): void {
    this.#useUpPlan(tool, requested)
  }

  /** The argument that was approved for a call which has left; `null` where nobody was asked. */
  async approvedArgument(call: HeldCall): Promise<JsonValue | null> {
    const about = {
      kind: 'call',
      seq: call.seq,
      tool: call.tool,
      requested: call.argument,
    } as const
    const approved = (await this.#requests()).filter(
      (request) =>
        request.state === 'approved' && this.#isAbout(request, { ...about, argument: null }),
    )
    return shownOf(approved)?.argument ?? null
  }

  /** The calls of this run that were held for a person: the places they keep free in the journal. */
  async heldCalls(): Promise<readonly HeldCall[]> {
    const requests = await this.#requests()
    return requests.flatMap(({ subject, program }) =>
      subject.kind === 'call' && program.hash === this.#scope.program.hash
        ? [{ seq: subject.seq, tool: subject.tool, argument: subject.requested }]
        : [],
    )
  }

  #requests(): Promise<readonly ApprovalRequest[]> {
    return this.#workflow.list({ runId: this.#scope.runId, limit: 1_000 })
  }

  /**
   * Whoever approves a whole program sees its calls as far as the code shows them: a call that stands there
   * once, with nothing in its argument left to be computed, is approved with the program, by the rules
   * that asked about it. Each such place covers one call.
   */
  #useUpPlan(tool: string, requested: JsonValue): boolean {
    const wanted = canonicalJson(requested)
    const place = this.#scope.program.facts.toolUses.findIndex(
      (use, index) =>
        !this.#usedPlan.has(index) &&
        use.tool === tool &&
        use.isConstant &&
        use.isSingle &&
        canonicalJson(use.constantArguments) === wanted,
    )
    if (place !== -1) this.#usedPlan.add(place)
    return place !== -1
  }

  async #ask(
    rules: readonly ApprovalRule[],
    subject: ApprovalSubject,
    requests: readonly ApprovalRequest[],
  ): Promise<ApprovalAnswer> {
    const known = requests.filter((request) => this.#isAbout(request, subject))
    const approvals: ApprovalRequest[] = []
    const waiting: ApprovalRequest[] = []
    for (const rule of rules) {
      const before = known.find((request) => request.rule === rule.name)
      const request =
        before === undefined
          ? await this.#open(rule, subject)
          : await this.#asOfNow(before, { rule, subject, known })
      if (isOpen(request)) waiting.push(request)
      else if (request.state !== 'approved') return { kind: 'refused', request }
      else approvals.push(held(request))
    }
    return waiting.length === 0 ? { kind: 'go', approvals } : { kind: 'wait', requests: waiting }
  }

  /** A request of an earlier attempt, as far as it still says what it said. */
  async #asOfNow(
    request: ApprovalRequest,
    now: {
      readonly rule: ApprovalRule
      readonly subject: ApprovalSubject
      readonly known: readonly ApprovalRequest[]
    },
  ): Promise<ApprovalRequest> {
    const { rule, subject, known } = now
    if (subject.kind !== 'call' || request.subject.kind !== 'call') return request
    if (!isOpen(request) && request.state !== 'approved') return request
    const { argument } = subject
    if (canonicalJson(request.subject.argument) !== canonicalJson(argument)) {
      // The approvers of another rule changed it: those of this one have not seen what it is now.
      const edits = lastEdited(known)?.edits ?? request.edits
      return this.#workflow.askAnew(request, { argument, edits })
    }
    if (isOpen(request)) return this.#workflow.applyGrants(request, rule)
    if (await this.#workflow.isStillGranted(request, rule)) return request
    return this.#workflow.askAnew(request, { argument, edits: request.edits })
  }

  #isAbout({ program, subject }: ApprovalRequest, wanted: ApprovalSubject): boolean {
    return (
      program.hash === this.#scope.program.hash &&
      canonicalJson(subjectKey(subject)) === canonicalJson(subjectKey(wanted))
    )
  }

  #open(rule: ApprovalRule, subject: ApprovalSubject): Promise<ApprovalRequest> {
    const { runId, sessionId, endpoint, action, intent, program, plan, requester } = this.#scope
    return this.#workflow.request({
      runId,
      ...(sessionId === undefined ? {} : { sessionId }),
      endpoint,
      rule,
      subject,
      action: subject.kind === 'call' ? 'write' : action,
      ...(intent === undefined ? {} : { intent }),
      program: { source: program.source, code: program.code, hash: program.hash },
      plan: program.facts.toolUses,
      capabilities: describePlan(plan),
      requester,
    })
  }
}

function subjectKey(subject: ApprovalSubject): JsonValue {
  return subject.kind === 'program'
    ? ['program']
    : ['call', subject.seq, subject.tool, subject.requested]
}

/** The call as people were shown it last; `null` where nobody was. */
function shownOf(known: readonly ApprovalRequest[]): CallSubject | null {
  const subject = (lastEdited(known) ?? known[0])?.subject
  return subject?.kind === 'call' ? subject : null
}

/** Of the requests about one call, the one whose argument was changed last. */
function lastEdited(known: readonly ApprovalRequest[]): ApprovalRequest | undefined {
  const editedAt = ({ edits }: ApprovalRequest) => edits.at(-1)?.editedAt ?? 0
  return known
    .filter(({ edits }) => edits.length > 0)
    .reduce<ApprovalRequest | undefined>(
      (last, one) => (last !== undefined && editedAt(last) >= editedAt(one) ? last : one),
      undefined,
    )
}

/** @throws {AgenticError} `ERR_RUN_DIVERGED` when what was decided is not what the request says. */
function held(request: ApprovalRequest): ApprovalRequest {
  const { decision, digest } = request
  if (
    decision?.approve === true &&
    decision.digest === digest &&
    digest === approvalDigest(request)
  ) {
    return request
  }
  throw new AgenticError('ERR_RUN_DIVERGED', 'The approval on record is for something else')
}
