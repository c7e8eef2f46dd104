import { createHash } from 'node:crypto'
import type { JsonValue } from '../json-value.ts'
import { type JudgeMeans, type JudgeRequest, judgeProgram } from '../judge-program.ts'
import type { CapabilityPlan } from '../plan/capability-plan.ts'
import { coversCall } from '../plan/covers-call.ts'
import { evaluateToolCallPolicies } from '../policy/evaluate-policies.ts'
import type { PolicyContext } from '../policy/policy.ts'
import { rewriteToolCall } from '../policy/rewrite-tool-call.ts'
import type { ResourceLimits } from '../sandbox/resource-limits.ts'
import type { Sandbox, SandboxRequest, SandboxToolAnswer } from '../sandbox/sandbox.ts'
import type { Tool } from '../sandbox/tool-host.ts'
import type { Finding } from '../verdict.ts'
import { canonicalJson } from './canonical-json.ts'
import { describeDivergence } from './divergence.ts'
import { pastTurns } from './past-turns.ts'
import { ReplayCursor } from './replay.ts'
import type { JournalEntry, TurnRecord } from './run-journal.ts'

/** A stored run, to be run again without its tools. */
export interface OfflineRequest extends Omit<JudgeRequest, 'limits'> {
  readonly data: JsonValue
  readonly limits: ResourceLimits
  readonly determinism: SandboxRequest['determinism']
  /** The place of the program's first call in the journal. Default 0. */
  readonly firstSeq?: number
  /** What the program saw after its last call. */
  readonly lastTurns?: TurnRecord
  /** The journal of the run. */
  readonly entries: readonly JournalEntry[]
}

/** What became of one recorded call under the policies of now. */
export interface OfflineCall {
  readonly seq: number
  readonly tool: string
  /** What the journal says: it was answered, refused by a gate, failed, or left without an answer. */
  readonly recorded: 'answered' | 'denied' | 'failed' | 'unanswered'
  /** What the gates say now. */
  readonly now: 'allowed' | 'denied'
  readonly findings: readonly Finding[]
  /** What would reach the tool now, where that is not what reached it then. */
  readonly narrowed?: { readonly before: JsonValue; readonly now: JsonValue }
}

/** How an offline replay went. Nothing was called and nothing was written. */
export interface OfflineReplay {
  /** What the gates before the run say of the program now. */
  readonly verdict: 'allowed' | 'denied' | 'unreadable' | 'changed'
  readonly findings: readonly Finding[]
  readonly calls: readonly OfflineCall[]
  /**
   * How the program ended: `beyond-record` when it made a call that the journal does not know, or one that
   * was never answered; `not-run` when a gate stopped it before.
   */
  readonly ending: 'completed' | 'threw' | 'stopped' | 'diverged' | 'beyond-record' | 'not-run'
  /** What was expected and what came, or why the program stopped. */
  readonly detail?: string
  /** SHA-256 of the canonical JSON of its value, hex; only when it completed. */
  readonly resultDigest?: string
}

/** How long a program may go on after a call that is not on record: what it saw, it sees at once. */
const UNANSWERED_MS = 1_000

const NOT_RUN = { calls: [], ending: 'not-run' } as const

/**
 * Runs a stored program again over its journal, in a real sandbox, and has the gates of now judge it and
 * each of its recorded calls. Tools are never called: the program sees what it saw then, also where a
 * policy would deny the call now, so that everything that would differ comes up at once.
 *
 * @throws {SandboxError} When no sandbox is to be had.
 */
export async function replayOffline(
  request: OfflineRequest,
  means: JudgeMeans & { readonly sandbox: Sandbox },
): Promise<OfflineReplay> {
  const judgement = await judgeProgram(request, means)
  switch (judgement.kind) {
    case 'unreadable':
      return { ...NOT_RUN, verdict: 'unreadable', findings: judgement.findings }
    case 'diverged': {
      const detail = 'The stored program is lowered to other text now than it was then'
      return { ...NOT_RUN, verdict: 'changed', findings: [], detail }
    }
    case 'denied':
      return { ...NOT_RUN, verdict: 'denied', findings: judgement.findings }
    case 'late':
    case 'cancelled':
      return { ...NOT_RUN, verdict: 'denied', findings: [], detail: 'Judging took too long' }
    case 'admitted': {
      const { context, plan, findings, program } = judgement
      const replay = new OfflineGate(request, context, plan)
      const { ending } = await means.sandbox.run({
        runId: request.runId,
        program,
        data: request.data,
        toolNames: [...context.tools.keys()],
        limits: request.limits,
        determinism: request.determinism,
        past: pastTurns(ownEntries(request), request.lastTurns),
        onToolCall: ({ name, argument }) => replay.answer(name, argument),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      })
      return { verdict: 'allowed', findings, ...replay.conclude(ending) }
    }
  }
}

/** Answers calls from the journal, and judges each as of now. */
class OfflineGate {
  readonly #calls: OfflineCall[] = []
  readonly #cursor: ReplayCursor
  readonly #made = new Map<string, number>()
  readonly #request: OfflineRequest
  readonly #context: PolicyContext
  readonly #plan: CapabilityPlan
  #stop: Pick<OfflineReplay, 'ending' | 'detail'> | null = null

  constructor(request: OfflineRequest, context: PolicyContext, plan: CapabilityPlan) {
    const { firstSeq = 0 } = request
    this.#request = request
    this.#context = context
    this.#plan = plan
    this.#cursor = new ReplayCursor(ownEntries(request), [], firstSeq)
  }

  async answer(tool: string, argument: JsonValue): Promise<SandboxToolAnswer> {
    const cover = coversCall(this.#plan, this.#made, { tool, argument })
    this.#made.set(tool, (this.#made.get(tool) ?? 0) + 1)
    const place = this.#cursor.next({ tool, argument })
    if (place.kind === 'diverged') {
      const detail = describeDivergence(place.expected, place.got)
      return this.#end({ ending: 'diverged', detail })
    }
    if (place.kind === 'new') {
      // A program may have ended without waiting for a call, and before it could leave.
      await new Promise((resolve) => setTimeout(resolve, UNANSWERED_MS))
      const detail = `The program calls "${tool}", and no such call is on record`
      return this.#end({ ending: 'beyond-record', detail })
    }
    const { entry } = place
    const answered = place.kind === 'recorded' ? this.#cursor.deliver(entry) : null
    this.#calls.push(await this.#judge(entry, cover === 'outside'))
    if (answered !== null) return answered
    const detail = `Call ${entry.seq} of "${tool}" was never answered`
    return this.#end({ ending: 'beyond-record', detail })
  }

  conclude(
    ending: Awaited<ReturnType<Sandbox['run']>>['ending'],
  ): Pick<OfflineReplay, 'calls' | 'ending' | 'detail' | 'resultDigest'> {
    const calls = this.#calls.toSorted((a, b) => a.seq - b.seq)
    if (this.#stop !== null) return { calls, ...this.#stop }
    const { missing } = this.#cursor
    if (missing !== null) {
      return { calls, ending: 'diverged', detail: describeDivergence(missing, null) }
    }
    if (ending.kind === 'returned') {
      return { calls, ending: 'completed', resultDigest: digestOfResult(ending.value) }
    }
    const isThrown = ending.kind === 'threw'
    const detail = isThrown
      ? ending.error.message
      : 'detail' in ending
        ? ending.detail
        : ending.kind
    return { calls, ending: isThrown ? 'threw' : 'stopped', detail }
  }

  #end(stop: Pick<OfflineReplay, 'ending' | 'detail'>): SandboxToolAnswer {
    this.#stop ??= stop
    return { kind: 'stop' }
  }

  async #judge(entry: JournalEntry, isOutsidePlan: boolean): Promise<OfflineCall> {
    const { seq, tool: name } = entry
    const call = { seq, tool: name, recorded: stateOf(entry) }
    const tool = this.#context.tools.get(name)
    const denied = (ruleId: string, message: string): OfflineCall => ({
      ...call,
      now: 'denied',
      findings: [{ ruleId, source: 'gate', severity: 'violation', message }],
    })
    if (tool === undefined) return denied('not-granted', `Tool "${name}" is not granted`)
    if (!tool.readOnly && this.#context.action === 'read') {
      return denied('write-in-read-run', `Tool "${name}" changes something in a run that may read`)
    }
    const checked = await tool.input.validate(entry.argument)
    if (!checked.ok) return denied('invalid-arguments', checked.problems.join('; '))
    if (isOutsidePlan) return denied('outside-plan', `This call of "${name}" is not in the plan`)
    return { ...call, ...(await this.#askPolicies(tool, checked.value, entry)) }
  }

  async #askPolicies(
    tool: Tool,
    argument: JsonValue,
    entry: JournalEntry,
  ): Promise<Pick<OfflineCall, 'now' | 'findings' | 'narrowed'>> {
    const { policies } = this.#request
    const findings = await evaluateToolCallPolicies(policies, { tool, argument }, this.#context)
    if (findings.some(({ severity }) => severity === 'violation'))
      return { now: 'denied', findings }
    let now: JsonValue
    try {
      now = await rewriteToolCall(policies, { tool, argument }, this.#context)
    } catch {
      const message = 'A policy could not narrow the call'
      const failed = {
        ruleId: 'not-narrowed',
        source: 'gate',
        severity: 'violation',
        message,
      } as const
      return { now: 'denied', findings: [...findings, failed] }
    }
    const then = entry.effectiveArgument ?? entry.argument
    const isSame = stateOf(entry) === 'denied' || canonicalJson(then) === canonicalJson(now)
    return { now: 'allowed', findings, ...(isSame ? {} : { narrowed: { before: then, now } }) }
  }
}

/** SHA-256 of a result's canonical JSON, hex: what a trace keeps of it. */
export function digestOfResult(value: JsonValue): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

/** Those of programs before it are not made again. */
function ownEntries({ entries, firstSeq = 0 }: OfflineRequest): readonly JournalEntry[] {
  return entries.filter(({ seq }) => seq >= firstSeq)
}

function stateOf({ answer }: JournalEntry): OfflineCall['recorded'] {
  if (answer === undefined) return 'unanswered'
  if (answer.kind === 'value') return 'answered'
  return answer.code === 'ERR_TOOL_DENIED' ? 'denied' : 'failed'
}
