import { ApprovalGate } from './approval/approval-gate.ts'
import type { ApprovalRequest } from './approval/approval-request.ts'
import type { ApprovalRule } from './approval/approval-rule.ts'
import type { ApprovalWorkflow } from './approval/approval-workflow.ts'
import { type ErrorCode, SandboxError } from './errors.ts'
import { ReplayCursor } from './journal/replay.ts'
import type { JournalEntry, RunJournal } from './journal/run-journal.ts'
import type { JsonValue } from './json-value.ts'
import { type Logger, silentLogger } from './logger.ts'
import { evaluateProgramPolicies } from './policy/evaluate-policies.ts'
import type { Policy, PolicyContext } from './policy/policy.ts'
import type { Program, ProgramLanguage } from './program.ts'
import type { ProgramReader } from './program-reader.ts'
import { type Action, type Requester, strictestAction } from './requester.ts'
import { describeEnding, type RunFailure } from './run-failure.ts'
import type { IsolationFacts } from './sandbox/isolation/isolation-level.ts'
import type { ResourceLimits } from './sandbox/resource-limits.ts'
import type { ConsoleLine, ResourceUsage, Sandbox, SandboxResult } from './sandbox/sandbox.ts'
import { type GateStop, ToolGate } from './sandbox/tool-gate.ts'
import type { Tool } from './sandbox/tool-host.ts'
import type { OutputValidator } from './validation/output-validator.ts'
import { validateOutput } from './validation/validate-output.ts'
import { decide, type Finding } from './verdict.ts'

/** What the engine works with. Everything is supplied from above; the engine owns none of it. */
export interface HarnessEngineOptions {
  readonly reader: ProgramReader
  readonly sandbox: Sandbox
  readonly journal: RunJournal
  readonly approvals: ApprovalWorkflow
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: () => number
  readonly logger?: Logger
}

/** One program to be judged and run. */
export interface HarnessRequest {
  readonly runId: string
  readonly endpoint: string
  readonly entrance: 'intent' | 'execute'
  readonly source: string
  readonly language: ProgramLanguage
  /** What the intent says the run does; the plan and the entrance can only make it stricter. */
  readonly intentAction: Action
  readonly intent?: string
  readonly domain?: string
  readonly requester: Requester | null
  readonly data: JsonValue
  readonly tools: readonly Tool[]
  readonly policies: readonly Policy[]
  readonly approvalRules: readonly ApprovalRule[]
  readonly validators: readonly OutputValidator[]
  readonly limits: ResourceLimits
  readonly determinism: { readonly startTimeMs: number; readonly seed: string }
  /** Set on resume: the hash of the program that was judged before. */
  readonly expectedHash?: string
  /** For tests of single layers only. Tool calls are judged all the same. */
  readonly skip?: { readonly analysis: boolean; readonly policies: boolean }
  readonly signal?: AbortSignal
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
  /** The program's value and its JSON text; only with status `completed`. */
  readonly result?: JsonValue
  readonly serialized?: string
  readonly error?: RunFailure
  /** What the run waits for; only with status `pending_approval`. */
  readonly approval?: ApprovalRequest
  readonly findings: readonly Finding[]
  readonly calls: readonly JournalEntry[]
  readonly console: readonly ConsoleLine[]
  readonly usage: ResourceUsage
  readonly isolation?: IsolationFacts
}

/** What it means for a run that its text could not be read as a program. */
const UNREADABLE = {
  ERR_PROGRAM_SYNTAX: 'failed',
  ERR_SANDBOX_LIMIT: 'denied',
  ERR_SANDBOX_TIMEOUT: 'timed_out',
  ERR_OVERLOADED: 'failed',
} as const

const NO_USAGE: ResourceUsage = { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, outputBytes: 0 }

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
    const tools = new Map(request.tools.map((tool) => [tool.name, tool]))
    const read = await this.#options.reader.read({
      source: request.source,
      language: request.language,
      toolNames: [...tools.keys()],
      maxProgramBytes: request.limits.maxProgramBytes,
      skipRules: request.skip?.analysis ?? false,
      fairKey: fairKeyOf(request),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      deadlineMs: request.limits.timeoutMs,
    })
    const refusal = { action: request.intentAction, calls: [], console: [], usage: NO_USAGE }
    if (request.signal?.aborted) {
      return { ...refusal, status: 'cancelled', findings: [], error: cancelled() }
    }
    if (!read.ok) {
      const status = UNREADABLE[read.code]
      const error = failureOf(read.code, read.findings)
      return { ...refusal, status, findings: read.findings, error }
    }
    const { program } = read
    if (request.expectedHash !== undefined && request.expectedHash !== program.hash) {
      const message = 'The stored program is not the one that was judged before'
      return {
        ...refusal,
        status: 'failed',
        findings: [],
        error: { code: 'ERR_RUN_DIVERGED', message, findings: [] },
      }
    }
    const action = effectiveAction(request, program, tools)
    const context: PolicyContext = {
      runId: request.runId,
      endpoint: request.endpoint,
      action,
      requester: request.requester,
      tools,
      signal: ended,
    }
    const policyFindings = request.skip?.policies
      ? []
      : await beforeEnd(ended, evaluateProgramPolicies(request.policies, program, context))
    if (policyFindings === null)
      return { ...refusal, action, program, findings: [], ...late(request) }
    const verdict = decide([...program.findings, ...policyFindings])
    const judged = { ...refusal, action, program, findings: verdict.findings }
    if (verdict.decision === 'deny') {
      const violations = verdict.findings.filter(({ severity }) => severity === 'violation')
      const error = failureOf('ERR_POLICY_VIOLATION', violations)
      return { ...judged, status: 'denied', error }
    }
    await request.onAdmitted?.(program, action)
    const approvals = new ApprovalGate(this.#options.approvals, request.approvalRules, {
      ...request,
      action,
      program,
    })
    const approval = await approvals.program()
    if (approval.kind === 'wait') {
      return { ...judged, status: 'pending_approval', approval: approval.request }
    }
    if (approval.kind === 'refused') return { ...judged, ...refusedBy(approval.request) }
    return this.#execute(request, {
      program,
      context,
      approvals,
      findings: verdict.findings,
      started,
    })
  }

  async #execute(request: HarnessRequest, judged: JudgedProgram): Promise<HarnessOutcome> {
    const { program, context, approvals } = judged
    const { journal, sandbox } = this.#options
    const recorded = await journal.read(request.runId)
    const gate = new ToolGate(
      {
        context,
        policies: request.policies,
        approvals,
        journal,
        replay: new ReplayCursor(recorded, await approvals.heldCalls()),
        maxMovedBytes: 2 * request.limits.maxMessageBytes,
        clock: this.#clock,
        logger: this.#logger,
      },
      Math.max(-1, ...recorded.map(({ finishedOrder }) => finishedOrder ?? -1)) + 1,
    )
    const elapsedMs = performance.now() - judged.started
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
        ...(request.signal === undefined ? {} : { signal: request.signal }),
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
        findings: judged.findings,
        calls: recorded,
        console: [],
        usage: NO_USAGE,
        error: { code, message, findings: [] },
      }
    }
    await gate.close(result.ending.kind === 'suspended' ? remainingMs : ABORT_GRACE_MS)
    const calls = await journal.read(request.runId)
    return this.#conclude(request, { ...judged, result, calls, gate })
  }

  async #conclude(request: HarnessRequest, finished: FinishedProgram): Promise<HarnessOutcome> {
    const { program, context, result, calls, gate } = finished
    const findings = [...finished.findings, ...gate.findings]
    const base = {
      action: context.action,
      program,
      findings,
      calls,
      console: result.console,
      usage: result.usage,
      isolation: result.isolation,
    }
    if (gate.stop !== null) return { ...base, ...stoppedBy(gate.stop) }
    const { ending } = result
    // A program that waits for an answer whose turn never comes has left the way on record as well.
    const isOver = ending.kind === 'returned' || ending.kind === 'timeout'
    if (isOver && gate.missing !== null) {
      const { seq, tool } = gate.missing
      const message = `Call ${seq} of tool "${tool}" is in the journal and was not made again`
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

interface JudgedProgram {
  readonly program: Program
  readonly context: PolicyContext
  readonly approvals: ApprovalGate
  readonly findings: readonly Finding[]
  /** `performance.now()` when the run began. */
  readonly started: number
}

interface FinishedProgram extends JudgedProgram {
  readonly result: SandboxResult
  readonly calls: readonly JournalEntry[]
  readonly gate: ToolGate
}

/** Callers take turns, so that one caller's slow texts do not hold up another's. */
function fairKeyOf({ requester, endpoint }: HarnessRequest): string {
  if (requester === null) return `endpoint ${endpoint}`
  return `user ${requester.tenantId ?? ''} ${requester.userId}`
}

function effectiveAction(
  request: HarnessRequest,
  program: Program,
  tools: ReadonlyMap<string, Tool>,
): Action {
  const mayWrite = program.facts.toolUses.some(({ tool }) =>
    tool === '*'
      ? request.tools.some(({ readOnly }) => !readOnly)
      : tools.get(tool)?.readOnly === false,
  )
  return strictestAction(
    request.intentAction,
    mayWrite ? 'write' : 'read',
    request.entrance === 'execute' ? 'execute' : 'read',
  )
}

function failureOf(code: ErrorCode, findings: readonly Finding[]): RunFailure {
  const message = findings
    .map(({ message, line }) => (line === undefined ? message : `${message} (line ${line})`))
    .join('; ')
  return { code, message, findings }
}

function cancelled(): RunFailure {
  return { code: 'ERR_RUN_CANCELLED', message: 'The run was cancelled', findings: [] }
}

/** Policies and validators are other people's code: the run's time bounds them too. */
async function beforeEnd<T>(ended: AbortSignal, work: Promise<T>): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>()
  const onEnd = () => resolve(null)
  if (ended.aborted) onEnd()
  ended.addEventListener('abort', onEnd, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    ended.removeEventListener('abort', onEnd)
  }
}

function late(request: HarnessRequest): Ending {
  if (request.signal?.aborted) return { status: 'cancelled', error: cancelled() }
  const message = 'Judging the run took longer than the run may take'
  return {
    status: 'timed_out',
    error: { code: 'ERR_SANDBOX_TIMEOUT', message, findings: [] },
  }
}

type Ending = Pick<HarnessOutcome, 'status' | 'error' | 'approval'>

function refusedBy(request: ApprovalRequest): Ending {
  if (request.state === 'expired') {
    const message = 'Nobody decided in time'
    return { status: 'expired', error: { code: 'ERR_APPROVAL_EXPIRED', message, findings: [] } }
  }
  const reason = request.decision?.reason
  const message = reason === undefined ? 'An approver said no' : `An approver said no: ${reason}`
  return { status: 'rejected', error: { code: 'ERR_APPROVAL_REJECTED', message, findings: [] } }
}

function stoppedBy(stop: GateStop): Ending {
  switch (stop.kind) {
    case 'waiting':
      return { status: 'pending_approval', approval: stop.request }
    case 'refused':
      return refusedBy(stop.request)
    case 'diverged': {
      const error = { code: 'ERR_RUN_DIVERGED', message: stop.message, findings: [] } as const
      return { status: 'failed', error }
    }
    case 'outcome-unknown': {
      const message = `Call ${stop.seq} of tool "${stop.tool}" was on its way when the process ended; whether it arrived is not known`
      return {
        status: 'outcome_unknown',
        error: { code: 'ERR_TOOL_FAILED', message, findings: [] },
      }
    }
    case 'error':
      return {
        status: 'failed',
        error: { code: stop.code, message: stop.message, findings: [] },
      }
  }
}
