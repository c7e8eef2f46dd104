import type { JsonValue, TurnRecord } from '../harness/index.ts'
import { isOpen } from './ready-approvals.ts'
import type { RunOutcome } from './run-outcome.ts'
import type { Store } from './store/open-store.ts'
import { OPEN_STATUSES, type RunRecord, type RunStatus } from './store/run-store.ts'
import { traceOf } from './trace-of.ts'

/** How a run ended or came to wait, and in which state it must be for that to count. */
export interface RunEnding {
  readonly from: readonly RunStatus[]
  readonly outcome: RunOutcome
  /** The holding that says so. */
  readonly epoch: number
  readonly lastTurns?: TurnRecord
}

/** What recording needs. */
export interface RecordingMeans {
  readonly store: Store
  readonly clock: () => number
  /** Told when a run has ended and requests of it are still open. */
  readonly onRequestsLeft: (runId: string) => void
}

/** Writes an ending and its trace down, both or neither; says whether the run was still open. */
export async function recordEnding(
  record: RunRecord,
  { from, outcome, epoch, lastTurns }: RunEnding,
  { store, clock, onRequestsLeft }: RecordingMeans,
): Promise<boolean> {
  const { runId } = record
  const [calls, approvals, resolutions] = await Promise.all([
    store.journal.read(runId),
    store.approvals.list({ runId, limit: 1_000 }),
    store.resolutions.list(runId),
  ])
  const now = clock()
  const patch = {
    status: outcome.status,
    outcome: toJson(outcome),
    updatedAt: now,
    ...(lastTurns === undefined ? {} : { lastTurns }),
  }
  const trace = traceOf(record, outcome, { calls, approvals, resolutions }, now)
  const isSettled = await store.settleRun(runId, from, patch, trace, epoch)
  const hasEnded = !OPEN_STATUSES.includes(outcome.status)
  if (isSettled && hasEnded && approvals.some(isOpen)) onRequestsLeft(runId)
  return isSettled
}

/** An outcome as it is stored. */
export function toJson(outcome: RunOutcome): JsonValue {
  return JSON.parse(JSON.stringify(outcome))
}
