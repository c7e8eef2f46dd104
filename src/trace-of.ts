import type { ApprovalRequest, ExecutionTrace, JournalEntry } from '../harness/index.ts'
import { digestOfResult, redactTrace } from '../harness/index.ts'
import type { RunOutcome } from './run-outcome.ts'
import type { RunResolution } from './store/resolution-store.ts'
import type { RunRecord } from './store/run-store.ts'

/**
 * Writes down one run for the audit record, secrets removed.
 *
 * @param outcome - `null` for the record "started".
 * @param finishedAt - Milliseconds since 1970; `undefined` while the run goes on.
 */
export function traceOf(
  run: RunRecord,
  outcome: RunOutcome | null,
  evidence: {
    readonly calls: readonly JournalEntry[]
    readonly approvals: readonly ApprovalRequest[]
    readonly resolutions?: readonly RunResolution[]
  },
  finishedAt: number | undefined,
): ExecutionTrace {
  const isOver = outcome !== null && !isWaiting(outcome)
  const { resolutions = [] } = evidence
  const trace: ExecutionTrace = {
    runId: run.runId,
    endpoint: run.endpoint,
    entrance: run.entrance,
    requester: run.requester,
    action: run.action,
    ...(run.intent === undefined ? {} : { intent: run.intent.raw }),
    ...(run.rollback === undefined ? {} : { rollbackOf: run.rollback.runId }),
    ...(outcome?.program === undefined ? {} : { program: outcome.program }),
    ...(run.attempts === undefined ? {} : { attempts: run.attempts }),
    findings: outcome?.findings ?? [],
    approvals: evidence.approvals.map(({ id, rule, state, decision, votes, edits }) => ({
      id,
      rule,
      state,
      ...(decision === undefined ? {} : { approverId: decision.approverId }),
      ...(decision?.reason === undefined ? {} : { reason: decision.reason }),
      ...(votes.length === 0 ? {} : { votes }),
      // What differs is enough: the rest of the argument is in the journal.
      ...(edits.length === 0 ? {} : { edits: edits.map(({ argument: _, ...edit }) => edit) }),
    })),
    toolCalls: evidence.calls.map(({ seq, tool, readOnly, digest, answer }) => ({
      seq,
      name: tool,
      readOnly,
      argumentDigest: digest,
      outcome: answer?.kind ?? 'unfinished',
    })),
    ...(resolutions.length === 0
      ? {}
      : { resolutions: resolutions.map(({ answer: _, ...said }) => said) }),
    ...(outcome?.tables === undefined ? {} : { tables: outcome.tables }),
    ...(outcome?.result === undefined ? {} : { resultDigest: digestOfResult(outcome.result) }),
    ...(outcome === null ? {} : { usage: outcome.usage }),
    ...(outcome?.isolation === undefined ? {} : { isolation: outcome.isolation }),
    status: outcome?.status ?? 'running',
    ...(outcome?.error === undefined
      ? {}
      : { error: { code: outcome.error.code, message: outcome.error.message } }),
    startedAt: run.createdAt,
    ...(isOver && finishedAt !== undefined
      ? { finishedAt, durationMs: finishedAt - run.createdAt }
      : {}),
  }
  return redactTrace(trace)
}

function isWaiting({ status, unknownCalls }: RunOutcome): boolean {
  return status === 'pending_approval' || unknownCalls !== undefined
}
