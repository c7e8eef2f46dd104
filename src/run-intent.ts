import { setTimeout as delay } from 'node:timers/promises'
import { AgenticError, AuditError, type AuditRecorder, type TurnRecord } from '../harness/index.ts'
import type { SessionTurn } from '../runtime/index.ts'
import type { AgentEndpoint } from './agent-endpoint.ts'
import { type AnswerMeans, answerByProgram } from './answer-by-program.ts'
import type { AuthorizationPolicy } from './authorization/authorization-policy.ts'
import { authorizeRun } from './authorize-run.ts'
import { callHandler } from './call-handler.ts'
import { currentOutcome } from './current-outcome.ts'
import { RequestError } from './errors.ts'
import type { LiveRun } from './live-run.ts'
import { LiveRuns } from './live-runs.ts'
import {
  abandoned,
  errorOutcome,
  interrupted,
  outcomeOf,
  type ProgramOutcome,
} from './outcome-of.ts'
import { recordEnding, toJson } from './record-ending.ts'
import { earlierRun, sameRequest } from './request-key.ts'
import { checkRollback } from './rollback/check-rollback.ts'
import { revertingEndpoint } from './rollback/revert-tools.ts'
import { doneCalls } from './rollback/rollback-plan.ts'
import { rollbackProgram } from './rollback/rollback-program.ts'
import type { RunLeases } from './run-leases.ts'
import type { RunOutcome } from './run-outcome.ts'
import { type ProgramText, type ProgramTurn, runProgram } from './run-program.ts'
import { type AdmittedRequest, beginRecord, dataOf, userOf } from './run-record.ts'
import type { ExecuteRequest, IntentRequest } from './run-request.ts'
import { rememberTurns, turnsOf } from './run-session.ts'
import type { AuthUser } from './security/auth-user.ts'
import { epochOf, type RunHold, type RunRecord, type RunStatus } from './store/run-store.ts'
import { isTakenOver, takenOver } from './taken-over.ts'
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
  /** Told when a run has ended and left requests open. */
  readonly onRequestsLeft: (runId: string) => void
}

/** After which a run that found no place looks again. */
const BUSY_DELAY_MS = 1_000

const OPEN = ['queued', 'running'] as const
const WAITING = ['pending_approval', 'outcome_unknown'] as const

/** A request with the same key was a moment faster. */
class SameRequest extends Error {}

/**
 * The one path from an admitted request to a result. HTTP, calls in code, resumed runs and calls that
 * handlers make all come through here, and nothing runs beside it.
 */
export class RunPath {
  readonly #options: RunPathOptions
  readonly #live = new LiveRuns()
  /** Runs that found no place to go on: looked at again later, not at once. */
  readonly #putOff = new Set<string>()

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
        ...(request.idempotent === undefined ? {} : { idempotent: request.idempotent }),
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
        ...(request.idempotent === undefined ? {} : { idempotent: request.idempotent }),
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
    const { program } = record
    if (program === undefined) return null
    const waiting = WAITING.filter((status) => status === record.status)
    const taken = await store.runs.takeUp(record, waiting, leases.next())
    return taken === null ? null : { outcome: this.#goOn(endpoint, taken, program, record.status) }
  }

  /**
   * Goes on with a run whose process died, once its lease has been taken over. Without a program there
   * is nothing to go on with, and the run ends.
   */
  recover(endpoint: AgentEndpoint, record: RunRecord): Promise<RunOutcome> {
    const { program } = record
    if (program !== undefined) return this.#goOn(endpoint, record, program, null)
    const start = { endpoint, record, user: userOf(record) }
    return this.#supervise(start, undefined, async () => interrupted(record))
  }

  /** Ends a run whose server died again and again while it worked on it. */
  giveUp(endpoint: AgentEndpoint, record: RunRecord, times: number): Promise<RunOutcome> {
    const start = { endpoint, record, user: userOf(record) }
    return this.#supervise(start, undefined, async () => abandoned(record, times))
  }

  /**
   * Undoes the completed calls of a run that has ended, the latest first. A rollback is a run of its own,
   * and passes every gate. It ends as `ERR_RUN_CONFLICT` when the other one has not ended or is a rollback
   * itself, and as `ERR_ROLLBACK_INCOMPLETE` when some calls would stay and `isPartial` is false: in both
   * cases before anything is undone.
   *
   * @throws {RequestError} `ERR_RUN_CONFLICT` when the run is being undone.
   */
  async rollback(
    endpoint: AgentEndpoint,
    run: RunRecord,
    { user, isPartial }: { readonly user: AuthUser | null; readonly isPartial: boolean },
  ): Promise<RunOutcome> {
    const { store } = this.#options
    const { runId } = run
    const admitted = { user, data: null, rollback: { runId, isPartial, calls: [] } }
    return this.#track(endpoint, { entrance: 'rollback', ...admitted }, async (live) => {
      // No other rollback of the run can begin until this one has ended: what is left to undo stays so.
      const { undo } = await checkRollback(store, run, endpoint.tools, isPartial)
      const rollback = { runId, isPartial, calls: undo.map(({ seq }) => seq) }
      const { source, data } = rollbackProgram(await doneCalls(store, runId, rollback.calls))
      const record = { ...live.record, rollback, data }
      if (!(await store.runs.update(record.runId, OPEN, { rollback, data }, epochOf(record)))) {
        throw takenOver()
      }
      const served = await this.served(endpoint, record)
      return this.#runProgram({ ...live, record, endpoint: served }, { source, language: 'js' })
    })
  }

  /** An endpoint as the program of a stored run meets it. */
  async served(endpoint: AgentEndpoint, { rollback }: RunRecord): Promise<AgentEndpoint> {
    if (rollback !== undefined) {
      const calls = await doneCalls(this.#options.store, rollback.runId, rollback.calls)
      return revertingEndpoint(endpoint, rollback.runId, calls)
    }
    // A handler's endpoint has programs where its handler had them run.
    return endpoint.handler === null ? endpoint : withoutHandler(endpoint)
  }

  async #goOn(
    endpoint: AgentEndpoint,
    record: RunRecord,
    program: NonNullable<RunRecord['program']>,
    waited: RunStatus | null,
  ): Promise<RunOutcome> {
    const served = await this.served(endpoint, record)
    const start = { endpoint: served, record, user: userOf(record) }
    return this.#supervise(start, undefined, async (run) => {
      await this.#authorize(run)
      const { hash, firstSeq = 0 } = program
      for (;;) {
        const resumed = await this.#runProgram(run, program, { expectedHash: hash, firstSeq })
        if (resumed.error?.code !== 'ERR_OVERLOADED') return resumed
        // What a person has said stands: the run waits until there is a place for it.
        if (waited !== null) {
          this.#putOff.add(record.runId)
          return currentOutcome({ ...record, status: waited })
        }
        // A server that was down may have left more behind than there are places.
        await delay(BUSY_DELAY_MS, undefined, { signal: run.signal })
      }
    })
  }

  /** Ends a run that waited for a person: who said no, who ended it, or who said nothing in time. */
  async refuse(record: RunRecord, refusal: Pick<RunOutcome, 'status' | 'error'>): Promise<void> {
    const waiting = (await this.#storedOutcome(record)) ?? errorOutcome(record, 'failed', null)
    const { approvalId: _, approvalIds: __, unknownCalls: ___, ...rest } = waiting
    const outcome: RunOutcome = { ...rest, ...refusal }
    await recordEnding(record, { from: WAITING, outcome, epoch: epochOf(record) }, this.#options)
  }

  /**
   * Stops working on a run that somebody else holds by now, or may hold. Nothing of it is recorded here:
   * it goes on elsewhere, or is picked up again.
   */
  letGo({ runId }: RunHold): void {
    this.#live.cancel(runId, takenOver())
  }

  /** Cancels everything that is under way. */
  cancelAll(): void {
    this.#live.cancelAll()
  }

  /** Resolves when no run is under way. */
  idle(): Promise<void> {
    return this.#live.idle()
  }

  async #track(
    endpoint: AgentEndpoint,
    admitted: AdmittedRequest,
    work: (run: LiveRun, turns: readonly SessionTurn[]) => Promise<ProgramOutcome>,
  ): Promise<RunOutcome> {
    const record = beginRecord(endpoint.name, admitted, this.#options.clock())
    const start = { endpoint, record, user: admitted.user }
    const earlier = await this.#earlier(start)
    if (earlier !== null) return earlier
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
    work: (run: LiveRun) => Promise<ProgramOutcome>,
  ): Promise<RunOutcome> {
    return this.#live.supervise(start.record.runId, callerSignal, (signal) =>
      this.#options.leases.during(start.record, () => this.#settle({ ...start, signal }, work)),
    )
  }

  async #settle(
    run: LiveRun,
    work: (run: LiveRun) => Promise<ProgramOutcome>,
  ): Promise<RunOutcome> {
    let outcome: RunOutcome
    let lastTurns: TurnRecord | undefined
    try {
      ;({ lastTurns, ...outcome } = await work(run))
    } catch (error) {
      if (error instanceof SameRequest) {
        const earlier = await this.#earlier(run)
        if (earlier !== null) return earlier
        throw sameRequest(run.record)
      }
      if (error instanceof AuditError) return this.#neverBegun(run, error)
      outcome = this.#failure(run, error)
    }
    const isLost = isTakenOver(run.signal.reason) || isTakenOver(outcome.error)
    if (isLost) return this.#elsewhere(run)
    const { store } = this.#options
    const epoch = epochOf(run.record)
    try {
      const record = (await store.runs.get(run.record.runId)) ?? run.record
      if (epochOf(record) !== epoch) return this.#elsewhere(run)
      outcome = await rememberTurns(run.record, outcome, store.sessions)
      const ending = {
        from: OPEN,
        outcome,
        epoch,
        ...(lastTurns === undefined ? {} : { lastTurns }),
      }
      if (!(await recordEnding(record, ending, this.#options))) return this.#elsewhere(run)
      const isPutOff = this.#putOff.delete(outcome.runId)
      const isWaiting = outcome.status === 'pending_approval' && !isPutOff
      if (isWaiting) this.#options.onWaiting(outcome.runId)
      return outcome
    } catch (error) {
      // A result that is not on record is not handed out: it could not be found again.
      this.#options.logger.error(
        { err: error, runId: run.record.runId },
        'Run could not be recorded',
      )
      const failure = new AuditError('The run could not be recorded', { cause: error })
      const unrecorded = errorOutcome(run.record, 'failed', failure)
      // Perhaps it was too much to write: the run has an ending all the same.
      const ending = { from: OPEN, outcome: unrecorded, epoch }
      await recordEnding(run.record, ending, this.#options).catch(() => false)
      return unrecorded
    }
  }

  /** Somebody else has the run or has ended it: what they say of it is what it came to. */
  async #elsewhere({ record }: LiveRun): Promise<RunOutcome> {
    this.#options.logger.warn({ runId: record.runId }, 'A run goes on elsewhere')
    const stored = await this.#options.store.runs.get(record.runId).catch(() => null)
    return stored === null ? errorOutcome(record, 'failed', takenOver()) : currentOutcome(stored)
  }

  /** The record "started" could not be written, so there is no trace to complete. */
  async #neverBegun({ record }: LiveRun, error: AuditError): Promise<RunOutcome> {
    const outcome = errorOutcome(record, 'failed', error)
    const patch = { status: outcome.status, outcome: toJson(outcome) }
    const { runs } = this.#options.store
    await runs.update(record.runId, OPEN, patch, epochOf(record)).catch(() => false)
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
      const isNew = await store.runs.insert(run.record, this.#options.leases.next())
      if (!isNew) throw new SameRequest()
      await audit.started(traceOf(run.record, null, { calls: [], approvals: [] }, undefined))
    } catch (error) {
      if (error instanceof SameRequest) throw error
      this.#options.logger.error({ err: error }, 'Run could not be put on record')
      throw new AuditError('The run could not be put on record, so it was not started', {
        cause: error,
      })
    }
  }

  /** What the same request has come to before; `null` when this one is to run. */
  async #earlier(start: Omit<LiveRun, 'signal'>): Promise<RunOutcome | null> {
    const { store, clock } = this.#options
    const run = await earlierRun(start.record, store.runs, clock())
    if (run === null) return null
    // Whoever asks again is authorized again.
    await this.#authorize(start)
    return currentOutcome(run)
  }

  #authorize(run: Omit<LiveRun, 'signal'>): Promise<void> {
    return authorizeRun(run, this.#options)
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

  async #storedOutcome(record: RunRecord): Promise<RunOutcome | null> {
    const stored = await this.#options.store.runs.get(record.runId)
    return stored?.outcome === undefined ? null : (stored.outcome as unknown as RunOutcome)
  }
}

/** The endpoint as it is for what its handler has run: the layers that fell away are back. */
function withoutHandler(endpoint: AgentEndpoint): AgentEndpoint {
  return { ...endpoint, handler: null, acceptsPrograms: true }
}
