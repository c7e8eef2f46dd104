import { canonicalJson } from '../journal/canonical-json.ts'
import type { HeldCall } from '../journal/replay.ts'
import type { JsonValue } from '../json-value.ts'
import type { CapabilityPlan } from '../plan/capability-plan.ts'
import type { PlanCover } from '../plan/covers-call.ts'
import { describePlan } from '../plan/describe-plan.ts'
import type { Program } from '../program.ts'
import type { Action, Requester } from '../requester.ts'
import type { Tool } from '../sandbox/tool-host.ts'
import type { ApprovalRequest, ApprovalSubject } from './approval-request.ts'
import type { ApprovalRule } from './approval-rule.ts'
import type { ApprovalWorkflow } from './approval-workflow.ts'

/** What approvals are asked about: one run with its program. */
export interface ApprovalScope {
  readonly runId: string
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

/** Whether something may go on: nobody need be asked, somebody must decide, or somebody has said no. */
export type ApprovalAnswer =
  | { readonly kind: 'go'; readonly approvals: readonly ApprovalRequest[] }
  | { readonly kind: 'wait'; readonly request: ApprovalRequest }
  | { readonly kind: 'refused'; readonly request: ApprovalRequest }

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
    const answer = await this.#ask(matching, { kind: 'program' })
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
    const matching = this.#rules.filter((rule) => rule.matchesCall({ tool }))
    // Both have to hold: a place that stands there once says nothing where other places can be any call.
    const isSeen = this.#useUpPlan(tool.name, requested) && cover === 'covered'
    const asked = matching.filter((rule) => !(isSeen && this.#programRules.has(rule.name)))
    return this.#ask(asked, { kind: 'call', seq, tool: tool.name, argument, requested })
  }

  /** Notes a call that was made by an earlier attempt: its place of the plan is used up. */
  alreadyMade(tool: string, requested: JsonValue): void {
    this.#useUpPlan(tool, requested)
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

  async #ask(rules: readonly ApprovalRule[], subject: ApprovalSubject): Promise<ApprovalAnswer> {
    if (rules.length === 0) return { kind: 'go', approvals: [] }
    const known = (await this.#requests()).filter((request) => this.#isAbout(request, subject))
    const shown = known[0]?.subject ?? subject
    const approvals: ApprovalRequest[] = []
    let waiting: ApprovalRequest | null = null
    for (const rule of rules) {
      const request =
        known.find((candidate) => candidate.rule === rule.name) ?? (await this.#open(rule, shown))
      if (request.state === 'rejected' || request.state === 'expired') {
        return { kind: 'refused', request }
      }
      if (request.state === 'approved') approvals.push(request)
      else waiting ??= request
    }
    return waiting === null ? { kind: 'go', approvals } : { kind: 'wait', request: waiting }
  }

  #isAbout({ program, subject }: ApprovalRequest, wanted: ApprovalSubject): boolean {
    return (
      program.hash === this.#scope.program.hash &&
      canonicalJson(subjectKey(subject)) === canonicalJson(subjectKey(wanted))
    )
  }

  #open(rule: ApprovalRule, subject: ApprovalSubject): Promise<ApprovalRequest> {
    const { runId, endpoint, action, intent, program, plan, requester } = this.#scope
    return this.#workflow.request({
      runId,
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
