import { canonicalJson } from '../journal/canonical-json.ts'
import type { HeldCall } from '../journal/replay.ts'
import type { JsonValue } from '../json-value.ts'
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
  readonly requester: Requester | null
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
  /** Places of the plan that an approved program has already used up. */
  readonly #usedPlan = new Set<number>()
  #isProgramApproved = false

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
    const answer = await this.#ask(matching, { kind: 'program' })
    this.#isProgramApproved = answer.kind === 'go' && answer.approvals.length > 0
    return answer
  }

  /** May this call, with this very argument, go out? */
  async call(
    seq: number,
    tool: Tool,
    { argument, requested }: { readonly argument: JsonValue; readonly requested: JsonValue },
  ): Promise<ApprovalAnswer> {
    const matching = this.#rules.filter((rule) => rule.matchesCall({ tool }))
    if (matching.length === 0 || this.#isCoveredByPlan(tool.name, argument)) {
      return { kind: 'go', approvals: [] }
    }
    return this.#ask(matching, { kind: 'call', seq, tool: tool.name, argument, requested })
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
   * The approver of a whole program saw its calls as far as the code shows them: a call that stands there
   * once, with nothing in its argument left to be computed, has been approved with the program. Every
   * other one is asked about by itself.
   */
  #isCoveredByPlan(tool: string, argument: JsonValue): boolean {
    if (!this.#isProgramApproved) return false
    const wanted = canonicalJson(argument)
    const place = this.#scope.program.facts.toolUses.findIndex(
      (use, index) =>
        !this.#usedPlan.has(index) &&
        use.tool === tool &&
        use.isConstant &&
        use.isSingle &&
        canonicalJson(use.constantArguments) === wanted,
    )
    if (place === -1) return false
    this.#usedPlan.add(place)
    return true
  }

  async #ask(rules: readonly ApprovalRule[], subject: ApprovalSubject): Promise<ApprovalAnswer> {
    if (rules.length === 0) return { kind: 'go', approvals: [] }
    const known = await this.#requests()
    const approvals: ApprovalRequest[] = []
    let waiting: ApprovalRequest | null = null
    for (const rule of rules) {
      const request =
        known.find((candidate) => this.#isSame(candidate, rule, subject)) ??
        (await this.#open(rule, subject))
      if (request.state === 'rejected' || request.state === 'expired') {
        return { kind: 'refused', request }
      }
      if (request.state === 'approved') approvals.push(request)
      else waiting ??= request
    }
    return waiting === null ? { kind: 'go', approvals } : { kind: 'wait', request: waiting }
  }

  #isSame(request: ApprovalRequest, rule: ApprovalRule, subject: ApprovalSubject): boolean {
    return (
      request.rule === rule.name &&
      request.program.hash === this.#scope.program.hash &&
      canonicalJson(subjectKey(request.subject)) === canonicalJson(subjectKey(subject))
    )
  }

  #open(rule: ApprovalRule, subject: ApprovalSubject): Promise<ApprovalRequest> {
    const { runId, endpoint, action, intent, program, requester } = this.#scope
    return this.#workflow.request({
      runId,
      endpoint,
      rule,
      subject,
      action: subject.kind === 'call' ? 'write' : action,
      ...(intent === undefined ? {} : { intent }),
      program: { source: program.source, code: program.code, hash: program.hash },
      plan: program.facts.toolUses,
      requester,
    })
  }
}

function subjectKey(subject: ApprovalSubject): JsonValue {
  return subject.kind === 'program'
    ? ['program']
    : ['call', subject.seq, subject.tool, subject.argument]
}
