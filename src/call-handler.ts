import {
  AgenticError,
  type JsonValue,
  type Logger,
  type ProgramLanguage,
} from '../harness/index.ts'
import type { LiveRun } from './live-run.ts'
import { handlerOutcome } from './outcome-of.ts'
import type { RunOutcome } from './run-outcome.ts'
import { intentOf } from './run-record.ts'

/** The way back to the path, for what a handler has run. */
export interface HandlerHost {
  readonly logger: Logger
  runIntent(
    intent: string,
    request: { readonly data?: JsonValue; readonly signal: AbortSignal },
  ): Promise<RunOutcome>
  execute(program: {
    readonly code: string
    readonly language?: ProgramLanguage
    readonly data?: JsonValue
    readonly signal: AbortSignal
  }): Promise<RunOutcome>
}

/**
 * Has an endpoint's handler answer, within the endpoint's time.
 *
 * @throws {AgenticError} When the time is over, the caller is gone, or the answer may not leave.
 */
export async function callHandler(run: LiveRun, host: HandlerHost): Promise<RunOutcome> {
  const { record, user } = run
  const { handler, limits, name } = run.endpoint
  if (handler === null) throw new TypeError('This endpoint has no handler')
  const started = performance.now()
  const deadline = AbortSignal.timeout(limits.timeoutMs)
  const signal = AbortSignal.any([run.signal, deadline])
  const work = (async () =>
    handler(intentOf(record), {
      runId: record.runId,
      endpoint: name,
      user,
      ...(record.sessionId === undefined ? {} : { sessionId: record.sessionId }),
      signal,
      logger: host.logger,
      runIntent: (intent, options) => host.runIntent(intent, { ...options, signal }),
      execute: (program) => host.execute({ ...program, signal }),
    }))()
  const answer = await untilAborted(signal, work, () =>
    deadline.aborted && !run.signal.aborted
      ? new AgenticError('ERR_SANDBOX_TIMEOUT', 'The handler took longer than the endpoint allows')
      : new AgenticError('ERR_RUN_CANCELLED', 'The run was cancelled'),
  )
  return handlerOutcome(record, answer, limits, performance.now() - started)
}

function untilAborted<T>(signal: AbortSignal, work: Promise<T>, reason: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(reason())
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
