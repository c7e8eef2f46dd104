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
  runIntent(request: {
    readonly intent: string
    readonly data?: JsonValue
    readonly signal: AbortSignal
  }): Promise<RunOutcome>
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
  const reason = () =>
    deadline.aborted && !run.signal.aborted
      ? new AgenticError('ERR_SANDBOX_TIMEOUT', 'The handler took longer than the endpoint allows')
      : new AgenticError('ERR_RUN_CANCELLED', 'The run was cancelled')
  if (signal.aborted) throw reason()
  const answer = await untilAborted(signal, reason, async () =>
    handler(intentOf(record), {
      runId: record.runId,
      endpoint: name,
      user,
      ...(record.sessionId === undefined ? {} : { sessionId: record.sessionId }),
      signal,
      logger: host.logger,
      // Picked by name: a handler may pass on what a caller sent, and that must not become more.
      runIntent: (intent, { data } = {}) =>
        host.runIntent({ intent, signal, ...(data === undefined ? {} : { data }) }),
      execute: ({ code, language, data }) =>
        host.execute({
          code,
          signal,
          ...(language === undefined ? {} : { language }),
          ...(data === undefined ? {} : { data }),
        }),
    }),
  )
  return handlerOutcome(record, answer, limits, performance.now() - started)
}

function untilAborted<T>(
  signal: AbortSignal,
  reason: () => Error,
  work: () => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(reason())
    signal.addEventListener('abort', onAbort, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}
