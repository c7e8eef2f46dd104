import {
  AgenticError,
  type HarnessOutcome,
  type JsonValue,
  NO_USAGE,
  type ProgramLanguage,
  type ResourceLimits,
  redactText,
  type TurnRecord,
} from '../harness/index.ts'
import { retryAfterSecondsOf } from './retry-after.ts'
import type { RunOutcome } from './run-outcome.ts'
import type { RunRecord, RunStatus } from './store/run-store.ts'

/** What `canonicalJson` takes: whatever is answered is put on record in that form. */
const MAX_DEPTH = 1_000

const NOTHING = {
  findings: [],
  toolCalls: [],
  console: [],
  usage: NO_USAGE,
} as const

/** What the caller is told of a program's run, and what is kept beside that for whoever runs it again. */
export type ProgramOutcome = RunOutcome & { readonly lastTurns?: TurnRecord }

/** What the caller is told of a program's run. */
export function outcomeOf(
  run: RunRecord,
  program: { readonly source: string; readonly language: ProgramLanguage },
  outcome: HarnessOutcome,
): ProgramOutcome {
  const { source, language } = program
  return {
    runId: run.runId,
    status: outcome.status,
    ...(outcome.result === undefined ? {} : { result: outcome.result }),
    ...(outcome.error === undefined ? {} : { error: outcome.error }),
    ...waitsFor(outcome),
    ...(outcome.unknownCalls === undefined
      ? {}
      : {
          unknownCalls: outcome.unknownCalls.map(({ seq, tool, argument }) => ({
            ...{ seq, name: tool, args: argument },
          })),
        }),
    ...(outcome.program === undefined
      ? {}
      : { program: { source, language, hash: outcome.program.hash } }),
    ...attemptsOf(run),
    findings: outcome.findings,
    toolCalls: outcome.calls.map(({ seq, tool, argument, answer }) => ({
      seq,
      name: tool,
      args: argument,
      outcome: answer?.kind ?? 'unfinished',
    })),
    ...tablesOf(outcome.plan),
    console: outcome.console,
    usage: outcome.usage,
    ...(outcome.isolation === undefined ? {} : { isolation: outcome.isolation }),
    ...(outcome.lastTurns === undefined ? {} : { lastTurns: outcome.lastTurns }),
  }
}

function waitsFor({
  approvals = [],
}: HarnessOutcome): Pick<RunOutcome, 'approvalId' | 'approvalIds'> {
  const approvalIds = approvals.map(({ id }) => id)
  const [approvalId] = approvalIds
  return approvalId === undefined ? {} : { approvalId, approvalIds }
}

/** From the plan: statements that are put together while the program runs are not in it. */
function tablesOf(plan: HarnessOutcome['plan']): Pick<RunOutcome, 'tables'> {
  const shapes = (plan?.tools ?? []).flatMap(({ sql }) =>
    (sql?.statements ?? []).flatMap(({ shape }) => shape ?? []),
  )
  const read = [...new Set(shapes.flatMap(({ tablesRead }) => tablesRead))].sort()
  const written = [...new Set(shapes.flatMap(({ tablesWritten }) => tablesWritten))].sort()
  return read.length + written.length === 0 ? {} : { tables: { read, written } }
}

function attemptsOf({ attempts }: RunRecord): Pick<RunOutcome, 'attempts'> {
  if (attempts === undefined) return {}
  return { attempts: attempts.map(({ diagnosis, calls }) => ({ diagnosis, calls })) }
}

/**
 * What the caller is told of a run that ended before or beside its program.
 *
 * @param error - Anything but an {@link AgenticError} becomes `ERR_INTERNAL` with a generic text.
 */
export function errorOutcome(run: RunRecord, status: RunStatus, error: unknown): RunOutcome {
  const failure =
    error instanceof AgenticError
      ? { code: error.code, message: redactText(error.message) }
      : status === 'cancelled'
        ? ({ code: 'ERR_RUN_CANCELLED', message: 'The run was cancelled' } as const)
        : ({ code: 'ERR_INTERNAL', message: 'Something went wrong on our side' } as const)
  const retryAfterSeconds = retryAfterSecondsOf(error)
  const timedOut = failure.code === 'ERR_SANDBOX_TIMEOUT'
  return {
    ...NOTHING,
    ...attemptsOf(run),
    runId: run.runId,
    status: timedOut ? 'timed_out' : status,
    error: {
      ...failure,
      findings: [],
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    },
  }
}

/** What is told of a run whose process died before there was a program to go on with. */
export function interrupted(run: RunRecord): RunOutcome {
  const isHandler = run.entrance === 'handler'
  const message = isHandler
    ? 'The server stopped while its handler was at work; whether it had an effect is not known'
    : 'The server stopped before there was a program; nothing was run, send the intent again'
  return {
    ...NOTHING,
    ...attemptsOf(run),
    runId: run.runId,
    status: isHandler ? 'outcome_unknown' : 'failed',
    error: { code: 'ERR_INTERNAL', message, findings: [] },
  }
}

/** What is told of a run whose server died `times` times while it worked on it. */
export function abandoned(run: RunRecord, times: number): RunOutcome {
  const message = `The server stopped ${times} times while it worked on this run, so it is not tried again`
  return {
    ...NOTHING,
    ...attemptsOf(run),
    runId: run.runId,
    status: 'failed',
    error: { code: 'ERR_INTERNAL', message, findings: [] },
  }
}

/** What the caller is told of a handler's answer, which must be JSON within the endpoint's limits. */
export function handlerOutcome(
  run: RunRecord,
  answer: unknown,
  limits: ResourceLimits,
  wallMs: number,
): RunOutcome {
  const serialized = serialize(answer)
  const outputBytes = Buffer.byteLength(serialized)
  if (outputBytes > limits.maxOutputBytes) {
    throw new AgenticError(
      'ERR_OUTPUT_INVALID',
      `The answer has ${outputBytes} bytes; ${limits.maxOutputBytes} are allowed`,
    )
  }
  const result: JsonValue = JSON.parse(serialized)
  if (isDeeperThan(result, MAX_DEPTH)) {
    throw new AgenticError(
      'ERR_OUTPUT_INVALID',
      `The answer nests deeper than ${MAX_DEPTH} levels; return something flatter`,
    )
  }
  return {
    ...NOTHING,
    runId: run.runId,
    status: 'completed',
    result,
    usage: { ...NO_USAGE, wallMs: Math.round(wallMs), outputBytes },
  }
}

function serialize(answer: unknown): string {
  let serialized: string | undefined
  try {
    serialized = JSON.stringify(answer ?? null)
  } catch (error) {
    // A cycle, a BigInt, a `toJSON` that throws, or nesting that exhausts the stack.
    throw notJson({ cause: error })
  }
  if (serialized === undefined) throw notJson()
  return serialized
}

function notJson(options?: ErrorOptions): AgenticError {
  const message = 'The handler answered with something that is not JSON'
  return new AgenticError('ERR_OUTPUT_INVALID', message, options)
}

function isDeeperThan(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((part) => isDeeperThan(part, levels - 1))
}
