import type { RunOutcome } from '../run-outcome.ts'
import type { RunStatus } from '../store/run-store.ts'
import {
  type AnsweredCode,
  isAnsweredCode,
  problemOf,
  problemResponse,
  retryAfter,
} from './problem.ts'

// What an ending means when the outcome itself does not say it more precisely.
const CODE_OF_STATUS: { readonly [status in RunStatus]: AnsweredCode } = {
  queued: 'ERR_INTERNAL',
  running: 'ERR_INTERNAL',
  pending_approval: 'ERR_INTERNAL',
  completed: 'ERR_INTERNAL',
  denied: 'ERR_POLICY_VIOLATION',
  rejected: 'ERR_APPROVAL_REJECTED',
  expired: 'ERR_APPROVAL_EXPIRED',
  failed: 'ERR_INTERNAL',
  timed_out: 'ERR_SANDBOX_TIMEOUT',
  cancelled: 'ERR_RUN_CANCELLED',
  outcome_unknown: 'ERR_INTERNAL',
}

/**
 * Answers a request that started a run: 200 with the result, 202 while a person or the run itself is
 * waited for, a problem for every other ending.
 */
export function outcomeResponse(outcome: RunOutcome): Response {
  const { runId, status, approvalId, approvalIds } = outcome
  if (status === 'completed') {
    const { result = null, program, attempts, findings, usage, sessionId } = outcome
    return Response.json({
      runId,
      status,
      result,
      ...(program === undefined ? {} : { program }),
      ...(attempts === undefined ? {} : { attempts }),
      ...(sessionId === undefined ? {} : { sessionId }),
      findings,
      usage,
    })
  }
  if (status === 'pending_approval' && approvalId !== undefined) {
    const headers = { Location: `/approvals/${encodeURIComponent(approvalId)}` }
    return Response.json({ runId, status, approvalId, approvalIds }, { status: 202, headers })
  }
  if (status === 'outcome_unknown' && outcome.unknownCalls !== undefined) {
    const headers = { Location: `/runs/${encodeURIComponent(runId)}` }
    const unknownCalls = outcome.unknownCalls.map(({ seq, name }) => ({ seq, name }))
    return Response.json({ runId, status, unknownCalls }, { status: 202, headers })
  }
  if (status === 'queued' || status === 'running') {
    const headers = { Location: `/runs/${encodeURIComponent(runId)}` }
    return Response.json({ runId, status }, { status: 202, headers })
  }
  return failureResponse(outcome)
}

function failureResponse({ runId, status, error, findings }: RunOutcome): Response {
  const code =
    error !== undefined && isAnsweredCode(error.code) ? error.code : CODE_OF_STATUS[status]
  const isOurs = code !== 'ERR_INTERNAL'
  const detail = isOurs ? (error?.message ?? `The run ended as ${status}`) : problemOf(null).detail
  return problemResponse({
    code,
    detail,
    runId,
    findings: error !== undefined && error.findings.length > 0 ? error.findings : findings,
    ...(isOurs && error?.line !== undefined ? { line: error.line } : {}),
    ...(isOurs && error?.column !== undefined ? { column: error.column } : {}),
    headers: retryAfter(error?.retryAfterSeconds),
  })
}
