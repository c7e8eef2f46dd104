import { ApprovalGate } from './approval/approval-gate.ts'
import type { ApprovalRequest } from './approval/approval-request.ts'
import type { ApprovalRule } from './approval/approval-rule.ts'
import type { ApprovalWorkflow } from './approval/approval-workflow.ts'
import { AgenticError, SandboxError } from './errors.ts'
import { answeredMs } from './journal/answered-ms.ts'
import { describeDivergence } from './journal/divergence.ts'
import { pastTurns } from './journal/past-turns.ts'
import { ReplayCursor } from './journal/replay.ts'
import type { JournalEntry, RunJournal, TurnRecord } from './journal/run-journal.ts'
import { unknownCalls } from './journal/unknown-calls.ts'
import type { JsonValue } from './json-value.ts'
import { beforeEnd, type Judgement, type JudgeRequest, judgeProgram } from './judge-program.ts'
import { type Logger, silentLogger } from './logger.ts'
import type { CapabilityPlan } from './plan/capability-plan.ts'
import type { Program } from './program.ts'
import type { ProgramReader } from './program-reader.ts'
import type { Action } from './requester.ts'
import {
  failureOf,
  late,
  outcomeUnknown,
  refusalOf,
  refusedBy,
  stoppedBy,
  unawaited,
} from './run-ending.ts'
import { describeEnding, type RunFailure } from './run-failure.ts'
import type { IsolationFacts } from './sandbox/isolation/isolation-level.ts'
import type { ResourceLimits } from './sandbox/resource-limits.ts'
import {
  type AbandonedCall,
  type ConsoleLine,
  NO_USAGE,
  type ResourceUsage,
  type Sandbox,
  type SandboxEvent,
  type SandboxResult,
} from './sandbox/sandbox.ts'
import { ToolGate } from './sandbox/tool-gate.ts'
import type { TypeChecker } from './types/type-checker.ts'
import type { OutputValidator } from './validation/output-validator.ts'
import { validateOutput } from './validation/validate-output.ts'
import { decide, type Finding } from './verdict.ts'

/** What the engine works with. Everything is supplied from above; the engine owns none of it. */
export interface HarnessEngineOptions {
  readonly reader: ProgramReader
  readonly sandbox: Sandbox
  readonly journal: RunJournal
  readonly approvals: ApprovalWorkflow
  /** Checks the types of programs, for requests that want it; without one they are not checked. */
  readonly typeChecker?: TypeChecker
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: () => number
  readonly logger?: Logger
}

/** One program to be judged and run. */
export interface HarnessRequest extends JudgeRequest {
  readonly intent?: string
  readonly domain?: string
  /** The session the run belongs to: what an approver may grant for. */
  readonly sessionId?: string
  readonly data: JsonValue
  readonly approvalRules: readonly ApprovalRule[]
  readonly validators: readonly OutputValidator[]
  readonly limits: ResourceLimits
  readonly determinism: { readonly startTimeMs: number; readonly seed: string }
  /**
   * What becomes of wrong types: nobody looks for them, they are warnings, or a program with some that can
   * be mended ends as `ERR_PROGRAM_TYPE` before anybody is asked and anything runs. Default `off`.
   */
  readonly typeCheck?: 'off' | 'warn' | 'refuse'
  /**
   * The place of the program's first tool call in the run's journal, when other programs of the same run
   * have failed before it. What they called must have changed nothing. Default 0.
   */
  readonly firstSeq?: number
  /** What the program saw after its last call when it last came to wait. */
  readonly lastTurns?: TurnRecord
  /** Where its calls are put down, when it is another journal than the engine's own. */
  readonly journal?: RunJournal
  /** Where the program runs, when it is another sandbox than the engine's own. */
  readonly sandbox?: Sandbox
  /** Whose programs may share a process with this one; undefined alone. */
  readonly trustDomain?: string
  /** Told of console lines and progress as they come. */
  readonly onEvent?: (event: SandboxEvent) => void
  /**
   * Told of the program when every gate before approval has let it through. Nobody is asked and nothing
   * runs before it resolves.
   */
  readonly onAdmitted?: (program: Program, action: Action) => Promise<void>
}

/** How a program's run ended, or where it waits. */
export interface HarnessOutcome {
  readonly status:
    | 'completed'
    | 'pending_approval'
    | 'denied'
    | 'rejected'
    | 'expired'
    | 'failed'
    | 'timed_out'
    | 'cancelled'
    | 'outcome_unknown'
  /** The effective action: the strictest of intent, plan and entrance. */
  readonly action: Action
  readonly program?: Program
  /** What the program can reach; absent when it was not let through. */
  readonly plan?: CapabilityPlan
  /** The program's value and its JSON text; only with status `completed`. */
  readonly result?: JsonValue
  readonly serialized?: string
  readonly error?: RunFailure
  /** What the run waits for, the earliest first; only with status `pending_approval`. */
  readonly approvals?: readonly ApprovalRequest[]
  /** What a person has to find out; only with status `outcome_unknown`. */
  readonly unknownCalls?: readonly JournalEntry[]
  readonly findings: readonly Finding[]
  readonly calls: readonly JournalEntry[]
  readonly console: readonly ConsoleLine[]
  /** Tool calls that the program did not await, or that its end cut off. */
  readonly abandonedCalls?: readonly AbandonedCall[]
  readonly usage: ResourceUsage
  readonly isolation?: IsolationFacts
  /** What the program saw after its last call: to be kept for whoever runs it again. */
  readonly lastTurns?: TurnRecord
}

/** The longest that calls of an ended run are waited for, so that their answers reach the journal. */
const ABORT_GRACE_MS = 250

/**
 * Every gate in order: program, analysis, policies, approval, sandbox, validators. `run` is also how a
 * run resumes: the journal answers what was answered before, and every gate judges again as of now.
 *
 * @example
 * ```ts
 * const outcome = await engine.run({ ...request, source: 'return 6 * 7', language: 'js' })
 * outcome.result // 42
 * ```
 */
export class HarnessEngine {
  readonly #options: HarnessEngineOptions
  readonly #clock: () => number
  readonly #logger: Logger

  constructor(options: HarnessEngineOptions) {
    this.#options = options
    this.#clock = options.clock ?? Date.now
    this.#logger = options.logger ?? silentLogger
  }

  /**
   * Judges and runs one program, or goes on with it after an approval or a restart.
   *
   * @returns Every expected ending, a refusal by any gate included.
   * @throws {AgenticError} `ERR_STORE_UNAVAILABLE` when journal or approvals cannot be read or written.
   */
  async run(request: HarnessRequest): Promise<HarnessOutcome> {
    const started = performance.now()
    const deadline = AbortSignal.timeout(request.limits.timeoutMs)
    const ended =
      request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline])
    const { typeCheck = 'off' } = request
    const { reader, typeChecker } = this.#options
    const judgement = await judgeProgram(request, {
      reader,
      ended,
      ...(typeChecker === undefined || typeCheck === 'off' ? {} : { typeChecker }),
    })
    if (judgement.kind !== 'admitted') return refusalOf(request, judgement)
    const { program, action, plan, findings } = judgement
    const judged = {
      ...{ action, program, plan, findings },
      ...{ calls: [], console: [], usage: NO_USAGE },
    }
    const mistyped = typeCheck === 'refuse' ? findings.filter(isMendableType) : []
    if (mistyped.length > 0) {
      return { ...judged, status: 'failed', error: failureOf('ERR_PROGRAM_TYPE', mistyped) }
    }
    await request.onAdmitted?.(program, action)
    const approvals = new ApprovalGate(this.#options.approvals, request.approvalRules, {
      ...request,
      action,
      program,
      plan,
    })
    const approval = await approvals.program()
    if (approval.kind === 'wait') {
      return { ...judged, status: 'pending_approval', approvals: approval.requests }
    }
    if (approval.kind === 'refused') return { ...judged, ...refusedBy(approval.request) }
    return this.#execute(request, { ...judgement, approvals, started })
  }

  async #execute(request: HarnessRequest, judged: JudgedProgram): Promise<HarnessOutcome> {
    const { program, plan, context, approvals } = judged
    const journal = this.#journalOf(request)
    const { sandbox = this.#options.sandbox, firstSeq = 0 } = request
    const recorded = await this.#ownCalls(request)
    // All of them at once, and before anything is computed that a person would then wait for.
    const unknown = unknownCalls(recorded, context.tools)
    if (unknown.length > 0) {
      const { action } = context
      const { findings } = judged
      const nothing = { calls: recorded, console: [], usage: NO_USAGE }
      return { ...nothing, action, program, plan, findings, ...outcomeUnknown(unknown) }
    }
    const held = await approvals.heldCalls()
    const past = pastTurns(recorded, request.lastTurns)
    const gate = new ToolGate(
      {
        context,
        plan,
        policies: request.policies,
        approvals,
        journal,
        replay: new ReplayCursor(
          recorded,
          held.filter(({ seq }) => seq >= firstSeq),
          firstSeq,
        ),
        pastTurns: pastTurns(recorded).length,
        maxMovedBytes: 2 * request.limits.maxMessageBytes,
        clock: this.#clock,
        logger: this.#logger,
      },
      Math.max(-1, ...recorded.map(({ finishedOrder }) => finishedOrder ?? -1)) + 1,
    )
    const elapsedMs = performance.now() - judged.started + answeredMs(recorded)
    const remainingMs = Math.max(1, Math.round(request.limits.timeoutMs - elapsedMs))
    let result: SandboxResult
    try {
      result = await sandbox.run({
        runId: request.runId,
        program,
        data: request.data,
        toolNames: [...context.tools.keys()],
        limits: { ...request.limits, timeoutMs: remainingMs },
        determinism: request.determinism,
        past,
        ...(request.signal === undefined ? {} : { signal: request.signal }),
        ...(request.trustDomain === undefined ? {} : { trustDomain: request.trustDomain }),
        ...(request.onEvent === undefined ? {} : { onEvent: request.onEvent }),
        onToolCall: (call) => gate.handle(call),
      })
    } catch (error) {
      await gate.close(0)
      if (!(error instanceof SandboxError)) throw error
      const { code, message } = error
      return {
        status: 'failed',
        action: context.action,
        program,
        plan,
        findings: judged.findings,
        calls: recorded,
        console: [],
        usage: NO_USAGE,
        error: { code, message, findings: [] },
      }
    }
    // A program that came to its end, or to its time's, beside a held call waits for it all the same.
    if (result.ending.kind === 'returned' || result.ending.kind === 'timeout') gate.waitForHeld()
    await gate.close(result.ending.kind === 'suspended' ? remainingMs : ABORT_GRACE_MS)
    const calls = await this.#ownCalls(request)
    return this.#conclude(request, { ...judged, result, calls, gate })
  }

  /**
   * The calls of this program. Those of programs before it are not repeated and not answered again, which
   * only calls that changed nothing allow.
   */
  async #ownCalls(request: HarnessRequest): Promise<readonly JournalEntry[]> {
    const { runId, firstSeq = 0 } = request
    const entries = await this.#journalOf(request).read(runId)
    if (entries.some(({ seq, readOnly }) => seq < firstSeq && !readOnly)) {
      throw new AgenticError(
        'ERR_RUN_DIVERGED',
        'An earlier program of this run called a tool that changes something, so no other may follow',
      )
    }
    return entries.filter(({ seq }) => seq >= firstSeq)
  }

  #journalOf({ journal = this.#options.journal }: HarnessRequest): RunJournal {
    return journal
  }

  async #conclude(request: HarnessRequest, finished: FinishedProgram): Promise<HarnessOutcome> {
    const { program, plan, context, result, calls, gate } = finished
    const forgotten = result.ending.kind === 'returned' ? unawaited(result.abandonedCalls) : []
    const findings = [...finished.findings, ...gate.findings, ...forgotten]
    const base = {
      action: context.action,
      program,
      plan,
      findings,
      calls,
      console: result.console,
      abandonedCalls: result.abandonedCalls,
      usage: result.usage,
      isolation: result.isolation,
      lastTurns: gate.restOf(result.turns ?? []),
    }
    if (gate.stop !== null) return { ...base, ...stoppedBy(gate.stop) }
    const { ending } = result
    // A program that waits for an answer whose turn never comes has left the way on record as well.
    const isOver = ending.kind === 'returned' || ending.kind === 'timeout'
    if (isOver && gate.missing !== null) {
      const message = describeDivergence(gate.missing, null)
      return { ...base, ...stoppedBy({ kind: 'diverged', message }) }
    }
    if (ending.kind !== 'returned')
      return { ...base, ...describeEnding(ending, program, request.limits) }
    const serialized = JSON.stringify(ending.value)
    const validated = await beforeEnd(
      context.signal,
      validateOutput(request.validators, {
        value: ending.value,
        serialized,
        usage: result.usage,
        limits: request.limits,
        action: context.action,
        calls,
      }),
    )
    if (validated === null) return { ...base, ...late(request) }
    const verdict = decide(validated)
    const all = [...findings, ...verdict.findings]
    if (verdict.decision === 'deny') {
      const error = failureOf('ERR_OUTPUT_INVALID', verdict.findings)
      return { ...base, status: 'failed', findings: all, error }
    }
    return { ...base, status: 'completed', findings: all, result: ending.value, serialized }
  }
}

interface JudgedProgram extends Pick<Admission, 'program' | 'context' | 'findings' | 'plan'> {
  readonly approvals: ApprovalGate
  /** `performance.now()` when the run began. */
  readonly started: number
}

type Admission = Extract<Judgement, { readonly kind: 'admitted' }>

interface FinishedProgram extends JudgedProgram {
  readonly result: SandboxResult
  readonly calls: readonly JournalEntry[]
  readonly gate: ToolGate
}

function isMendableType({ source, repairable }: Finding): boolean {
  return source === 'types' && repairable === true
}
