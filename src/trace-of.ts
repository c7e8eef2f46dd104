import { createHash } from 'node:crypto'
import type { ApprovalRequest, ExecutionTrace, JournalEntry } from '../harness/index.ts'
import { canonicalJson, redactTrace } from '../harness/index.ts'
import type { RunOutcome } from './run-outcome.ts'
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
  },
  finishedAt: number | undefined,
): ExecutionTrace {
  const isOver = outcome !== null && outcome.status !== 'pending_approval'
  const trace: ExecutionTrace = {
    runId: run.runId,
    endpoint: run.endpoint,
    entrance: run.entrance,
    requester: run.requester,
    action: run.action,
    ...(run.intent === undefined ? {} : { intent: run.intent.raw }),
    ...(outcome?.program === undefined ? {} : { program: outcome.program }),
    ...(run.attempts === undefined ? {} : { attempts: run.attempts }),
    findings: outcome?.findings ?? [],
    approvals: evidence.approvals.map(({ id, rule, state, decision }) => ({
      id,
      rule,
      state,
      ...(decision === undefined ? {} : { approverId: decision.approverId }),
      ...(decision?.reason === undefined ? {} : { reason: decision.reason }),
    })),
    toolCalls: evidence.calls.map(({ seq, tool, readOnly, digest, answer }) => ({
      seq,
      name: tool,
      readOnly,
      argumentDigest: digest,
      outcome: answer?.kind ?? 'unfinished',
    })),
    ...(outcome?.result === undefined ? {} : { resultDigest: digestOf(outcome) }),
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

function digestOf(outcome: RunOutcome): string {
  return createHash('sha256')
    .update(canonicalJson(outcome.result ?? null))
    .digest('hex')
}
