import type { HarnessOutcome, Logger } from '../harness/index.ts'
import {
  type AgentRuntime,
  ModelError,
  type SessionTurn,
  type WriteRequest,
  type WrittenProgram,
} from '../runtime/index.ts'
import { diagnosisOf } from './diagnosis.ts'
import type { FailedAttempt } from './failed-attempt.ts'
import type { LiveRun } from './live-run.ts'
import { outcomeOf, type ProgramOutcome } from './outcome-of.ts'
import { RepairBudget } from './repair-budget.ts'
import { type ProgramMeans, runProgram } from './run-program.ts'
import { intentOf, withIntent } from './run-record.ts'
import { epochOf } from './store/run-store.ts'

/** What answering intents by programs needs. */
export interface AnswerMeans extends ProgramMeans {
  /** `null` when the app has no model. */
  readonly runtime: AgentRuntime | null
  readonly logger: Logger
}

/** One program of the model's on its way. */
interface Attempt {
  readonly run: LiveRun
  readonly written: WrittenProgram
  /** The place of its first tool call in the run's journal. */
  readonly firstSeq: number
}

/** How the model is asked, and how often it still may be. */
interface Asking {
  readonly runtime: AgentRuntime
  readonly request: WriteRequest
  readonly budget: RepairBudget
}

const OPEN = ['queued', 'running'] as const
// Nobody wants the model to copy out more than that for the sake of a slip.
const MAX_MENDED_LENGTH = 65_536

/**
 * Has the model write a program and runs it. One that fails by a slip goes back to the model with the reason,
 * as often as the endpoint says, until one of them called a tool that changes something.
 *
 * @throws {ModelError} When there is no model, or no first program.
 * @throws {IntentError} When the intent or its program is out of the endpoint's scope.
 */
export async function answerByProgram(
  run: LiveRun,
  session: readonly SessionTurn[],
  means: AnswerMeans,
): Promise<ProgramOutcome> {
  const { attempt, asking } = await firstAttempt(run, session, means.runtime)
  const { budget } = asking
  let current = attempt
  for (;;) {
    const outcome = await tryOut(current, budget, means)
    const next = await mend(current, outcome, asking, means)
    if (next.attempt !== null) {
      current = next.attempt
      continue
    }
    current = { ...current, run: next.run }
    if (outcome.error?.code !== 'ERR_PROGRAM_TYPE') {
      return outcomeOf(current.run.record, current.written, outcome)
    }
    // Nobody mends its types. It may work all the same: it has not run yet.
    budget.close()
  }
}

async function firstAttempt(
  run: LiveRun,
  session: readonly SessionTurn[],
  runtime: AgentRuntime | null,
): Promise<{ readonly attempt: Attempt; readonly asking: Asking }> {
  if (runtime === null) {
    throw new ModelError(
      'ERR_MODEL_UNAVAILABLE',
      'This server has no language model; bring a program to /execute',
    )
  }
  const { endpoint, record, signal } = run
  const { name, description, examples, tools, intentScope, limits } = endpoint
  const { raw, params } = intentOf(record)
  const domains = endpoint.approvalRules.flatMap((rule) => rule.requireForDomains)
  const scope = intentScope === undefined ? {} : { scope: intentScope }
  const intent = await runtime.parseIntent({ raw, params }, { domains, ...scope, signal })
  const request = { intent, endpoint: { name, description, examples }, tools, session, signal }
  const written = await runtime.write(request)
  const placed = domains.length === 0 ? intent : { ...intent, domain: intent.domain ?? '' }
  const budget = new RepairBudget({ rounds: endpoint.repairRounds, timeoutMs: limits.timeoutMs })
  budget.measure(written.usage)
  return {
    attempt: { run: { ...run, record: withIntent(record, placed) }, written, firstSeq: 0 },
    asking: { runtime, request, budget },
  }
}

function tryOut(
  { run, written, firstSeq }: Attempt,
  budget: RepairBudget,
  means: ProgramMeans,
): Promise<HarnessOutcome> {
  const isFirst = run.record.attempts === undefined
  const refusesTypes = run.endpoint.typeCheck === 'repair' && isShort(written) && budget.isOpen
  const turn = {
    firstSeq,
    types: refusesTypes ? 'refuse' : 'warn',
    ...(isFirst ? {} : { timeoutMs: budget.remainingMs }),
  } as const
  return runProgram(run, written, turn, means)
}

/** Asks for a better program. Without one the run comes back as it then stands on record. */
async function mend(
  { run, written }: Attempt,
  outcome: HarnessOutcome,
  { runtime, request, budget }: Asking,
  { store, logger }: AnswerMeans,
): Promise<{ readonly run: LiveRun; readonly attempt: Attempt | null }> {
  const given = { run, attempt: null }
  const { record, signal } = run
  const diagnosis = diagnosisOf(outcome)
  if (diagnosis === null || !budget.isOpen || !isShort(written)) return given
  const calls = await store.journal.read(record.runId)
  // It may have had an effect, and another program would have it twice.
  if (calls.some(({ readOnly }) => !readOnly)) return given
  const attempts = [...(record.attempts ?? []), failedAttempt(written, outcome, diagnosis)]
  if (!(await store.runs.update(record.runId, OPEN, { attempts }, epochOf(record)))) return given
  const noted = { ...run, record: { ...record, attempts } }
  budget.begin()
  try {
    const better = await runtime.write({
      ...request,
      feedback: attempts.map(({ source, diagnosis }) => ({ source, diagnosis })),
      signal: AbortSignal.any([signal, AbortSignal.timeout(budget.remainingMs)]),
    })
    budget.spend(better.usage)
    const isNew = attempts.every(({ source }) => source !== better.source)
    const firstSeq = Math.max(-1, ...calls.map(({ seq }) => seq)) + 1
    return { run: noted, attempt: isNew ? { run: noted, written: better, firstSeq } : null }
  } catch (error) {
    if (signal.aborted) throw error
    // The run ends by what its program did, not by what became of the offer to mend it.
    logger.warn({ err: error, runId: record.runId }, 'A program could not be mended')
    return { run: noted, attempt: null }
  }
}

function failedAttempt(
  { source, language }: WrittenProgram,
  { program, error, calls }: HarnessOutcome,
  diagnosis: string,
): FailedAttempt {
  return {
    source,
    language,
    ...(program === undefined ? {} : { hash: program.hash }),
    code: error?.code ?? 'ERR_INTERNAL',
    diagnosis,
    calls: calls.map(({ tool }) => tool),
  }
}

function isShort({ source }: WrittenProgram): boolean {
  return source.length <= MAX_MENDED_LENGTH
}
