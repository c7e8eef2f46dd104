import { setTimeout as delay } from 'node:timers/promises'
import { AgenticError, AuditError, type AuditRecorder, type JsonValue } from '../harness/index.ts'
import type { SessionTurn } from '../runtime/index.ts'
import type { AgentEndpoint } from './agent-endpoint.ts'
import { type AnswerMeans, answerByProgram } from './answer-by-program.ts'
import type { AuthorizationPolicy } from './authorization/authorization-policy.ts'
import { Operation } from './authorization/operation.ts'
import { callHandler } from './call-handler.ts'
import { currentOutcome } from './current-outcome.ts'
import { AuthorizationError, RequestError } from './errors.ts'
import type { LiveRun } from './live-run.ts'
import { LiveRuns } from './live-runs.ts'
import { errorOutcome, interrupted, outcomeOf } from './outcome-of.ts'
import type { RunLeases } from './run-leases.ts'
import type { RunOutcome } from './run-outcome.ts'
import { type ProgramText, type ProgramTurn, runProgram } from './run-program.ts'
import { type AdmittedRequest, beginRecord, dataOf, userOf } from './run-record.ts'
import type { ExecuteRequest, IntentRequest } from './run-request.ts'
import { rememberTurns, turnsOf } from './run-session.ts'
import type { RunRecord, RunStatus } from './store/run-store.ts'
import { traceOf } from './trace-of.ts'

/** What the path is built from. */
export interface RunPathOptions extends AnswerMeans {
  readonly audit: AuditRecorder
  readonly authorization: AuthorizationPolicy
  readonly clock: () => number
  readonly maxIntentLength: number
  readonly leases: RunLeases
  /** Told when a run has come to wait: its request may have been decided in the meantime. */
  readonly onWaiting: (runId: string) => void
}

/** After which a run that found no place looks again. */
const BUSY_DELAY_MS = 1_000

const OPEN = ['queued', 'running'] as const

/**
 * The one path from an admitted request to a result. HTTP, calls in code, resumed runs and calls that
 * handlers make all come through here, and nothing runs beside it.
 */
export class RunPath {
  readonly #options: RunPathOptions
  readonly #live = new LiveRuns()

  constructor(options: RunPathOptions) {
    this.#options = options
  }

  /** Answers an intent: by the endpoint's handler, or by a program that the model writes. */
  intent(endpoint: AgentEndpoint, request: IntentRequest): Promise<RunOutcome> {
    const raw = request.intent
    if (typeof raw !== 'string' || raw.trim() === '') {
      throw new RequestError('ERR_REQUEST_INVALID', 'The intent must be a text that is not empty')
    }
    if (raw.length > this.#options.maxIntentLength) {
      const limit = this.#options.maxIntentLength
      throw new RequestError(
        'ERR_REQUEST_TOO_LARGE',
        `The intent is longer than ${limit} characters`,
      )
    }
    const params = request.params ?? null
    return this.#track(
      endpoint,
      {
        entrance: endpoint.handler === null ? 'intent' : 'handler',
        user: request.user,
        intent: { raw, params },
        data: dataOf(request.data ?? params),
        ...(request.sessionId === undefined ? {} : { sessionId: request.sessionId }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      },
      (run, turns) =>
        endpoint.handler === null
          ? answerByProgram(run, turns, this.#options)
          : this.#answerByHandler(run),
    )
  }

  /** Runs a program that the caller brought. */
  execute(endpoint: AgentEndpoint, request: ExecuteRequest): Promise<RunOutcome> {
    const { code, language = 'js' } = request
    if (typeof code !== 'string' || (language !== 'js' && language !== 'ts')) {
      throw new RequestError(
        'ERR_REQUEST_INVALID',
        'A program is a text `code` in a `language` that is "js" or "ts"',
      )
    }
    const program = { source: code, language }
    return this.#track(
      endpoint,
      {
        entrance: 'execute',
        user: request.user,
        data: dataOf(request.data ?? null),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      },
      (run) => this.#runProgram(run, program),
    )
  }

  /**
   * Goes on with a run that waited for a person. Passes authorization and every gate again, as of now.
   *
   * @returns Once the run is on its way: how it will end. `null` when the run does not wait, or somebody else has taken it.
   */
  async resume(
    endpoint: AgentEndpoint,
    record: RunRecord,
  ): Promise<{ readonly outcome: Promise<RunOutcome> } | null> {
    const { store, leases } = this.#options
    const { runId, program } = record
    if (program === undefined) return null
    const running = { status: 'running' } as const
    const won = await store.runs.update(runId, ['pending_approval'], running, leases.next())
    return won ? { outcome: this.#goOn(endpoint, record, program, 'approved') } : null
  }

  /**
   * Goes on with a run whose process died, once its lease has been taken over. Without a program there
   * is nothing to go on with, and the run ends.
   */
  recover(endpoint: AgentEndpoint, record: RunRecord): Promise<RunOutcome> {
    const { program } = record
    if (program !== undefined) return this.#goOn(endpoint, record, program, 'interrupted')
    const start = { endpoint, record, user: userOf(record) }
    return this.#supervise(start, undefined, async () => interrupted(record))
  }

  #goOn(
    endpoint: AgentEndpoint,
    record: RunRecord,
    program: NonNullable<RunRecord['program']>,
    why: 'approved' | 'interrupted',
  ): Promise<RunOutcome> {
    // A handler's endpoint has programs where its handler had them run.
    const served = endpoint.handler === null ? endpoint : withoutHandler(endpoint)
    const start = { endpoint: served, record, user: userOf(record) }
    return this.#supervise(start, undefined, async (run) => {
      await this.#authorize(run)
      const { hash, firstSeq = 0 } = program
      for (;;) {
        const resumed = await this.#runProgram(run, program, { expectedHash: hash, firstSeq })
        if (resumed.error?.code !== 'ERR_OVERLOADED') return resumed
        // The approval stands: the run waits until there is a place for it.
        if (why === 'approved') return currentOutcome({ ...record, status: 'pending_approval' })
        // A server that was down may have left more behind than there are places.
        await delay(BUSY_DELAY_MS, undefined, { signal: run.signal })
      }
    })
  }

  /** Ends a run that waited for a person who said no, or who said nothing in time. */
  async refuse(record: RunRecord, refusal: Pick<RunOutcome, 'status' | 'error'>): Promise<void> {
    const waiting = (await this.#storedOutcome(record)) ?? errorOutcome(record, 'failed', null)
    const { approvalId: _, ...rest } = waiting
    const outcome: RunOutcome = { ...rest, ...refusal }
    await this.#record(record, ['pending_approval'], outcome)
  }

  /** Cancels everything that is under way. */
  cancelAll(): void {
    this.#live.cancelAll()
  }

  /** Resolves when no run is under way. */
  idle(): Promise<void> {
    return this.#live.idle()
  }

  #track(
    endpoint: AgentEndpoint,
    admitted: AdmittedRequest,
    work: (run: LiveRun, turns: readonly SessionTurn[]) => Promise<RunOutcome>,
  ): Promise<RunOutcome> {
    const record = beginRecord(endpoint.name, admitted, this.#options.clock())
    const start = { endpoint, record, user: admitted.user }
    return this.#supervise(start, admitted.signal, async (run) => {
      await this.#begin(run)
      await this.#authorize(run)
      return work(run, await turnsOf(run.record, this.#options.store.sessions))
    })
  }

  /** Whatever happens in `work`, the run ends in the store and on record, and its ending is returned. */
  #supervise(
    start: Omit<LiveRun, 'signal'>,
    callerSignal: AbortSignal | undefined,
    work: (run: LiveRun) => Promise<RunOutcome>,
  ): Promise<RunOutcome> {
    return this.#live.supervise(start.record.runId, callerSignal, (signal) =>
      this.#settle({ ...start, signal }, work),
    )
  }

  async #settle(run: LiveRun, work: (run: LiveRun) => Promise<RunOutcome>): Promise<RunOutcome> {
    let outcome: RunOutcome
    try {
      outcome = await work(run)
    } catch (error) {
      if (error instanceof AuditError) return this.#neverBegun(run, error)
      outcome = this.#failure(run, error)
    }
    const { store } = this.#options
    try {
      outcome = await rememberTurns(run.record, outcome, store.sessions)
      const record = (await store.runs.get(run.record.runId)) ?? run.record
      if (!(await this.#record(record, OPEN, outcome))) {
        throw new AuditError('Somebody else has ended the run')
      }
      // One that waits for the same request as before has found no place to run: it is tried again later.
      const waitedFor = currentOutcome(run.record).approvalId
      const isWaiting = outcome.status === 'pending_approval' && outcome.approvalId !== waitedFor
      if (isWaiting) this.#options.onWaiting(outcome.runId)
      return outcome
    } catch (error) {
      // A result that is not on record is not handed out: it could not be found again.
      this.#options.logger.error(
        { err: error, runId: run.record.runId },
        'Run could not be recorded',
      )
      const failure = new AuditError('The run could not be recorded')
      const unrecorded = errorOutcome(run.record, 'failed', failure)
      // Perhaps it was too much to write: the run has an ending all the same.
      await this.#record(run.record, OPEN, unrecorded).catch(() => false)
      return unrecorded
    }
  }

  /** The record "started" could not be written, so there is no trace to complete. */
  async #neverBegun({ record }: LiveRun, error: AuditError): Promise<RunOutcome> {
    const outcome = errorOutcome(record, 'failed', error)
    const patch = { status: outcome.status, outcome: toJson(outcome) }
    await this.#options.store.runs.update(record.runId, OPEN, patch).catch(() => false)
    return outcome
  }

  #failure(run: LiveRun, error: unknown): RunOutcome {
    if (run.signal.aborted) return errorOutcome(run.record, 'cancelled', null)
    if (!(error instanceof AgenticError)) {
      this.#options.logger.error({ err: error, runId: run.record.runId }, 'Run failed')
    }
    const isDenial =
      error instanceof AgenticError &&
      (error.code === 'ERR_AUTHORIZATION_DENIED' || error.code === 'ERR_INTENT_OUT_OF_SCOPE')
    return errorOutcome(run.record, isDenial ? 'denied' : 'failed', error)
  }

  async #begin(run: LiveRun): Promise<void> {
    const { store, audit } = this.#options
    try {
      await store.runs.insert(run.record, this.#options.leases.next())
      await audit.started(traceOf(run.record, null, { calls: [], approvals: [] }, undefined))
    } catch (error) {
      this.#options.logger.error({ err: error }, 'Run could not be put on record')
      throw new AuditError('The run could not be put on record, so it was not started', {
        cause: error,
      })
    }
  }

  async #authorize(run: LiveRun): Promise<void> {
    const { endpoint, record, user } = run
    if (record.entrance === 'execute' && !endpoint.acceptsPrograms) {
      throw new AuthorizationError('This endpoint takes no programs')
    }
    await this.#options.authorization.authorize({
      user,
      operation: record.entrance === 'execute' ? Operation.EXECUTE_PROGRAM : Operation.RUN_ENDPOINT,
      endpoint: { name: endpoint.name, isPublic: endpoint.isPublic },
    })
  }

  #answerByHandler(run: LiveRun): Promise<RunOutcome> {
    const { user } = run
    const nested = withoutHandler(run.endpoint)
    return callHandler(run, {
      logger: this.#options.logger,
      runIntent: (request) => this.intent(nested, { ...request, user }),
      execute: (program) => this.execute(nested, { ...program, user }),
    })
  }

  async #runProgram(
    run: LiveRun,
    program: ProgramText,
    turn: ProgramTurn = {},
  ): Promise<RunOutcome> {
    return outcomeOf(run.record, program, await runProgram(run, program, turn, this.#options))
  }

  /** Writes an ending and its trace down, both or neither; says whether the run was still open. */
  async #record(
    record: RunRecord,
    from: readonly RunStatus[],
    outcome: RunOutcome,
  ): Promise<boolean> {
    const { store, clock } = this.#options
    const { runId } = record
    const [calls, approvals] = await Promise.all([
      store.journal.read(runId),
      store.approvals.list({ runId, limit: 1_000 }),
    ])
    const now = clock()
    const patch = { status: outcome.status, outcome: toJson(outcome), updatedAt: now }
    return store.settleRun(runId, from, patch, traceOf(record, outcome, { calls, approvals }, now))
  }

  async #storedOutcome(record: RunRecord): Promise<RunOutcome | null> {
    const stored = await this.#options.store.runs.get(record.runId)
    return stored?.outcome === undefined ? null : (stored.outcome as unknown as RunOutcome)
  }
}

/** The endpoint as it is for what its handler has run: the layers that fell away are back. */
function withoutHandler(endpoint: AgentEndpoint): AgentEndpoint {
  return { ...endpoint, handler: null, acceptsPrograms: true }
}

function toJson(outcome: RunOutcome): JsonValue {
  return JSON.parse(JSON.stringify(outcome))
}
