import type { ApprovalGate } from '../approval/approval-gate.ts'
import type { ApprovalRequest } from '../approval/approval-request.ts'
import { AgenticError, type ErrorCode, ToolError } from '../errors.ts'
import { callDigest, canonicalJson } from '../journal/canonical-json.ts'
import { describeDivergence } from '../journal/divergence.ts'
import type { ReplayCursor } from '../journal/replay.ts'
import type {
  JournalAnswer,
  JournalEntry,
  ProgramTurn,
  RunJournal,
  TurnRecord,
} from '../journal/run-journal.ts'
import { unknownCalls } from '../journal/unknown-calls.ts'
import type { JsonValue } from '../json-value.ts'
import type { Logger } from '../logger.ts'
import type { CapabilityPlan } from '../plan/capability-plan.ts'
import { coversCall, type PlanCover } from '../plan/covers-call.ts'
import { evaluateToolCallPolicies } from '../policy/evaluate-policies.ts'
import type { Policy, PolicyContext } from '../policy/policy.ts'
import { rewriteToolCall } from '../policy/rewrite-tool-call.ts'
import { type Finding, markRepairable } from '../verdict.ts'
import { denied, failed, invalidArguments, isOfHost, wordFailure } from './gate-answers.ts'
import { HeldCalls } from './held-calls.ts'
import type { SandboxToolAnswer, SandboxToolCall } from './sandbox.ts'
import type { Tool } from './tool-host.ts'

/** What a {@link ToolGate} needs. */
export interface ToolGateOptions {
  readonly context: PolicyContext
  /** What the program can reach: a call that its code rules out is refused. */
  readonly plan: CapabilityPlan
  readonly policies: readonly Policy[]
  readonly approvals: ApprovalGate
  readonly journal: RunJournal
  readonly replay: ReplayCursor
  /** How many turns of the program the journal holds. */
  readonly pastTurns: number
  /** Most bytes of arguments and answers together: the journal of a run is read as a whole. */
  readonly maxMovedBytes: number
  readonly clock: () => number
  readonly logger: Logger
}

/** Why the gate ended the run. */
export type GateStop =
  | { readonly kind: 'waiting'; readonly requests: readonly ApprovalRequest[] }
  | { readonly kind: 'refused'; readonly request: ApprovalRequest }
  | { readonly kind: 'diverged'; readonly message: string }
  /** A call that changes something was on its way when an earlier attempt died. */
  | { readonly kind: 'outcome-unknown'; readonly calls: readonly JournalEntry[] }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string }

const SOURCE_OF_REFUSAL = {
  'not-granted': 'gate',
  'write-in-read-run': 'gate',
  'outside-plan': 'plan',
} as const

/**
 * The one way from a program to the world. Each call passes capability, action, schema, plan, policies and
 * approval, in that order, is written to the journal, leaves, and its answer is written before the
 * program sees it. Everything here judges the real argument, whatever the program's text looked like.
 */
export class ToolGate {
  /** What the gate and policies found in calls, in their order. */
  readonly findings: Finding[] = []
  readonly #options: ToolGateOptions
  readonly #abort = new AbortController()
  readonly #inFlight = new Set<Promise<unknown>>()
  readonly #closed = Promise.withResolvers<void>()
  readonly #held = new HeldCalls(() => this.waitForHeld())
  /** Calls of each tool that the program has made, those on record and on their way included. */
  readonly #made = new Map<string, number>()
  #stop: GateStop | null = null
  #isClosed = false
  #movedBytes = 0
  #finishedCount: number
  /** How many of the program's turns are in the journal. */
  #keptTurns: number

  /** @param nextFinished - The place of the next answer among all answers of the run. */
  constructor(options: ToolGateOptions, nextFinished: number) {
    this.#options = options
    this.#finishedCount = nextFinished
    this.#keptTurns = options.pastTurns
  }

  /** Why the gate ended the run; `null` when it did not. The first reason counts. */
  get stop(): GateStop | null {
    return this.#stop
  }

  /** The first call on record that a program which has ended did not make again; then it diverged. */
  get missing(): JournalEntry | null {
    return this.#options.replay.missing
  }

  /** What the program has seen, as far as the journal does not hold it. */
  restOf(turns: readonly ProgramTurn[]): TurnRecord {
    const from = this.#keptTurns
    return { from, list: turns.slice(from) }
  }

  /** Answers one call. Never rejects. Must be called in start order. */
  handle(call: SandboxToolCall): Promise<SandboxToolAnswer> {
    this.#held.begin()
    const answer = this.#answer(call).catch((error: unknown): SandboxToolAnswer => {
      this.#options.logger.error({ err: error, tool: call.name }, 'Tool gate failed')
      const code = error instanceof AgenticError ? error.code : 'ERR_INTERNAL'
      return this.#end({ kind: 'error', code, message: 'The tool call could not be recorded' })
    })
    this.#inFlight.add(answer)
    void answer.finally(() => {
      this.#inFlight.delete(answer)
      this.#held.end()
    })
    return answer
  }

  /** Ends the run as waiting, if a call of it waits for a person and nothing has ended it before. */
  waitForHeld(): void {
    const { requests } = this.#held
    if (requests.length > 0) this.#stop ??= { kind: 'waiting', requests }
    this.#held.release()
  }

  /**
   * Lets nothing more out. Calls on their way are aborted, unless the run waits for a person: then they
   * may finish, so that their answers are in the journal when the run goes on.
   *
   * @param graceMs - How long to wait for them.
   */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    this.#closed.resolve()
    this.#held.release()
    if (this.#stop?.kind !== 'waiting') this.#abort.abort()
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, graceMs)
    })
    await Promise.race([Promise.allSettled([...this.#inFlight]), grace])
    clearTimeout(timer)
    this.#abort.abort()
  }

  async #answer(call: SandboxToolCall): Promise<SandboxToolAnswer> {
    const { name: tool, argument } = call
    const cover = coversCall(this.#options.plan, this.#made, { tool, argument })
    this.#made.set(tool, (this.#made.get(tool) ?? 0) + 1)
    // Synchronous up to here: the cursor must see the calls in the order in which they started.
    const place = this.#options.replay.next({ tool, argument })
    switch (place.kind) {
      case 'recorded':
        this.#options.approvals.alreadyMade(call.name, call.argument)
        return this.#untilClosed(this.#options.replay.deliver(place.entry))
      case 'diverged':
        return this.#end({
          kind: 'diverged',
          message: describeDivergence(place.expected, place.got),
        })
      case 'unanswered':
        this.#options.approvals.alreadyMade(call.name, call.argument)
        return this.#repeat(place.entry)
      case 'new':
        return this.#judge(call, place.seq, cover)
    }
  }

  #end(stop: GateStop): SandboxToolAnswer {
    this.#stop ??= stop
    return { kind: 'stop' }
  }

  async #hold(requests: readonly ApprovalRequest[]): Promise<SandboxToolAnswer> {
    await this.#held.hold(requests)
    return this.#stop?.kind === 'waiting' ? { kind: 'suspend' } : { kind: 'stop' }
  }

  /** A call left before the process died and nobody knows whether it arrived. */
  async #repeat(entry: JournalEntry): Promise<SandboxToolAnswer> {
    const { tools } = this.#options.context
    const tool = tools.get(entry.tool)
    const unknown = unknownCalls([entry], tools)
    if (tool === undefined || unknown.length > 0) {
      return this.#end({ kind: 'outcome-unknown', calls: [entry] })
    }
    const approved = await this.#options.approvals.approvedArgument(entry)
    const checked = await tool.input.validate(approved ?? entry.argument)
    if (!checked.ok) return this.#finish(entry, invalidArguments(tool, checked.problems))
    // Whatever let the call go then, it leaves again only under the policies of now.
    const objection = await this.#objection(tool, checked.value)
    if (objection !== null) return this.#finish(entry, objection)
    const narrowed = await this.#narrow(tool, checked.value)
    if (narrowed.kind === 'denied') return this.#finish(entry, narrowed.answer)
    // Whoever said that it did not happen has said so of this one time.
    if (entry.isReleased) await this.#options.journal.resent(entry.runId, entry.seq)
    return this.#perform(tool, entry, narrowed.argument)
  }

  /** The argument that policies leave of one they let through. */
  async #narrow(
    tool: Tool,
    argument: JsonValue,
  ): Promise<
    | { readonly kind: 'argument'; readonly argument: JsonValue }
    | { readonly kind: 'denied'; readonly answer: JournalAnswer }
  > {
    const { context, policies, logger } = this.#options
    try {
      const call = { tool, argument }
      return { kind: 'argument', argument: await rewriteToolCall(policies, call, context) }
    } catch (error) {
      if (error instanceof ToolError) return { kind: 'denied', answer: denied(error.message) }
      logger.error({ err: error, tool: tool.name }, 'A policy failed to narrow a call')
      const message = `Tool "${tool.name}" denied: a policy could not narrow the call`
      return { kind: 'denied', answer: denied(message) }
    }
  }

  async #judge(call: SandboxToolCall, seq: number, cover: PlanCover): Promise<SandboxToolAnswer> {
    const { context } = this.#options
    // Counted before anything is written: what is on its way and never answered adds up as well.
    const tooMuch = this.#move(call.argument)
    if (tooMuch !== null) return tooMuch
    const tool = context.tools.get(call.name)
    if (tool === undefined) {
      const reason = `Tool "${call.name}" is not granted to this run`
      return this.#refuse(call, seq, this.#denied('not-granted', reason))
    }
    if (!tool.readOnly && context.action === 'read') {
      const reason = `Tool "${tool.name}" changes something and this run may only read`
      return this.#refuse(call, seq, this.#denied('write-in-read-run', reason))
    }
    const checked = await tool.input.validate(call.argument)
    if (!checked.ok) return this.#refuse(call, seq, invalidArguments(tool, checked.problems))
    if (cover === 'outside') {
      const reason = `This call of tool "${tool.name}" is not one that the program's code shows`
      return this.#refuse(call, seq, this.#denied('outside-plan', reason))
    }
    const objection = await this.#objection(tool, checked.value)
    if (objection !== null) return this.#refuse(call, seq, objection)
    const approval = await this.#options.approvals.call(seq, tool, {
      argument: checked.value,
      requested: call.argument,
      cover,
    })
    if (approval.kind === 'wait') return this.#hold(approval.requests)
    if (approval.kind === 'refused')
      return this.#end({ kind: 'refused', request: approval.request })
    const argument = approval.argument ?? checked.value
    if (canonicalJson(argument) !== canonicalJson(checked.value)) {
      // What somebody approved is not what the program asks for: an approver changed it, or the schema
      // made something else of it then. Schema and policies judge it as of now.
      const again = await tool.input.validate(argument)
      if (!again.ok) return this.#refuse(call, seq, invalidArguments(tool, again.problems))
      const late = await this.#objection(tool, argument)
      if (late !== null) return this.#refuse(call, seq, late)
    }
    // A call that has not left when the run comes to wait is judged again when it goes on.
    if (this.#isClosed) return { kind: 'stop' }
    const narrowed = await this.#narrow(tool, argument)
    if (narrowed.kind === 'denied') return this.#refuse(call, seq, narrowed.answer)
    if (this.#isClosed) return { kind: 'stop' }
    const isAsGiven = canonicalJson(narrowed.argument) === canonicalJson(call.argument)
    const entry = {
      ...this.#entry(call, seq, tool.readOnly),
      ...(isAsGiven ? {} : { effectiveArgument: narrowed.argument }),
    }
    await this.#start(call, entry)
    return this.#perform(tool, entry, narrowed.argument)
  }

  /** A refusal of the gate's own, on record like one of a policy. */
  #denied(ruleId: keyof typeof SOURCE_OF_REFUSAL, message: string): JournalAnswer {
    const source = SOURCE_OF_REFUSAL[ruleId]
    this.findings.push({ ruleId, source, severity: 'violation', message })
    return denied(message)
  }

  /** What policies have against a call; `null` when they let it through. */
  async #objection(tool: Tool, argument: JsonValue): Promise<JournalAnswer | null> {
    const { context, policies } = this.#options
    const found = await evaluateToolCallPolicies(policies, { tool, argument }, context)
    const findings = markRepairable(found)
    this.findings.push(...findings)
    const violations = findings.filter(({ severity }) => severity === 'violation')
    if (violations.length === 0) return null
    const reasons = violations.map(({ message, hint }) => (hint ? `${message} (${hint})` : message))
    return denied(`Tool "${tool.name}" denied: ${reasons.join('; ')}`)
  }

  async #refuse(
    call: SandboxToolCall,
    seq: number,
    answer: JournalAnswer,
  ): Promise<SandboxToolAnswer> {
    if (this.#isClosed) return { kind: 'stop' }
    const tool = this.#options.context.tools.get(call.name)
    const entry = this.#entry(call, seq, tool?.readOnly ?? true)
    await this.#start(call, entry)
    return this.#finish(entry, answer)
  }

  async #perform(tool: Tool, entry: JournalEntry, argument: JsonValue): Promise<SandboxToolAnswer> {
    // The run may have ended meanwhile, and nothing starts after its outcome is known. Where it came to
    // wait, this call is in the journal already and has to be made.
    if (this.#isClosed && this.#stop?.kind !== 'waiting') {
      return this.#finish(entry, failed('The run ended before the call'))
    }
    const answer = await this.#finish(entry, await this.#callTool(tool, entry, argument))
    // A program that runs again must not see this answer before those that came earlier.
    return this.#untilClosed(this.#options.replay.caughtUp().then(() => answer))
  }

  /** Once the gate is closed nobody waits for an answer any more, and its turn may never come. */
  #untilClosed(answer: Promise<SandboxToolAnswer>): Promise<SandboxToolAnswer> {
    const closed = this.#closed.promise.then((): SandboxToolAnswer => ({ kind: 'stop' }))
    return Promise.race([answer, closed])
  }

  async #callTool(tool: Tool, entry: JournalEntry, argument: JsonValue): Promise<JournalAnswer> {
    const { context, policies } = this.#options
    const rows = policies.flatMap(({ maxResultRows }) => maxResultRows ?? [])
    try {
      const answer = await tool.run(argument, {
        runId: context.runId,
        seq: entry.seq,
        requester: context.requester,
        idempotencyKey: entry.idempotencyKey,
        signal: this.#abort.signal,
        ...(rows.length === 0 ? {} : { maxResultRows: Math.min(...rows) }),
      })
      // Through JSON once: what leaves the host is data without prototypes, getters or functions.
      const value: JsonValue = JSON.parse(JSON.stringify(answer ?? null) ?? 'null')
      const checked = await tool.output?.validate(value)
      if (checked === undefined) return { kind: 'value', value }
      if (checked.ok) return { kind: 'value', value: checked.value }
      this.#options.logger.error({ tool: tool.name, problems: checked.problems }, 'Bad tool answer')
      return failed(`Tool "${tool.name}" answered with something its schema does not allow`)
    } catch (error) {
      const { logger } = this.#options
      const fields = { err: error, tool: tool.name, runId: context.runId }
      if (isOfHost(error)) logger.warn(fields, 'The host could not do what a tool asked for')
      else logger.info(fields, 'Tool failed')
      return failed(wordFailure(tool, error))
    }
  }

  async #finish(entry: JournalEntry, answer: JournalAnswer): Promise<SandboxToolAnswer> {
    await this.#options.journal.finished(entry.runId, entry.seq, answer, {
      finishedOrder: this.#finishedCount++,
      finishedAt: this.#options.clock(),
    })
    return this.#move(answer.kind === 'value' ? answer.value : answer.message) ?? answer
  }

  /** Counts what a call moves; `null` while the run may move it. */
  #move(value: JsonValue): SandboxToolAnswer | null {
    const { maxMovedBytes } = this.#options
    this.#movedBytes += JSON.stringify(value).length
    if (this.#movedBytes <= maxMovedBytes) return null
    const message = `The tool calls of this run moved more than ${maxMovedBytes} bytes`
    return this.#end({ kind: 'error', code: 'ERR_SANDBOX_LIMIT', message })
  }

  /** Puts a call down, with what the program has seen and no entry holds yet. */
  async #start({ turns, turnCount }: SandboxToolCall, entry: JournalEntry): Promise<void> {
    const from = this.#keptTurns
    const list = turns.slice(from, turnCount)
    const seen = list.length === 0 ? {} : { turns: { from, list } }
    await this.#options.journal.started({ ...entry, ...seen })
    // Not before: the next entry has to hold them if this one is lost.
    this.#keptTurns = Math.max(this.#keptTurns, turnCount)
  }

  #entry(call: SandboxToolCall, seq: number, readOnly: boolean): JournalEntry {
    const { runId } = this.#options.context
    return {
      runId,
      seq,
      tool: call.name,
      argument: call.argument,
      digest: callDigest(call.name, call.argument),
      readOnly,
      idempotencyKey: `${runId}:${seq}`,
      startedAt: this.#options.clock(),
    }
  }
}
