import type { ApprovalRequest } from './approval/approval-request.ts'
import type { ErrorCode } from './errors.ts'
import type { HarnessOutcome, HarnessRequest } from './harness-engine.ts'
import type { JournalEntry } from './journal/run-journal.ts'
import type { Judgement } from './judge-program.ts'
import type { RunFailure } from './run-failure.ts'
import { type AbandonedCall, NO_USAGE } from './sandbox/sandbox.ts'
import type { GateStop } from './sandbox/tool-gate.ts'
import type { Finding } from './verdict.ts'

/** One failure out of findings: their messages, one after the other. */
export function failureOf(code: ErrorCode, findings: readonly Finding[]): RunFailure {
  const message = findings
    .map(({ message, line }) => (line === undefined ? message : `${message} (line ${line})`))
    .join('; ')
  return { code, message, findings }
}

/** What it means for a run that its text could not be read as a program. */
const UNREADABLE = {
  ERR_PROGRAM_SYNTAX: 'failed',
  ERR_SANDBOX_LIMIT: 'denied',
  ERR_SANDBOX_TIMEOUT: 'timed_out',
  ERR_OVERLOADED: 'failed',
} as const

/** The outcome of a run whose program was not let through to approval. */
export function refusalOf(
  request: HarnessRequest,
  judgement: Exclude<Judgement, { readonly kind: 'admitted' }>,
): HarnessOutcome {
  const nothing = { findings: [], calls: [], console: [], usage: NO_USAGE }
  const unread = { ...nothing, action: request.intentAction }
  switch (judgement.kind) {
    case 'cancelled':
      return { ...unread, status: 'cancelled', error: cancelled() }
    case 'unreadable': {
      const { code, findings } = judgement
      return { ...unread, status: UNREADABLE[code], findings, error: failureOf(code, findings) }
    }
    case 'diverged': {
      const message = 'The stored program is not the one that was judged before'
      const error = { code: 'ERR_RUN_DIVERGED', message, findings: [] } as const
      return { ...unread, status: 'failed', error }
    }
    case 'late': {
      const { action, program } = judgement
      return { ...nothing, action, program, ...late(request) }
    }
    case 'denied': {
      const { action, program, findings } = judgement
      const violations = findings.filter(({ severity }) => severity === 'violation')
      const error = failureOf('ERR_POLICY_VIOLATION', violations)
      return { ...nothing, action, program, findings, status: 'denied', error }
    }
  }
}

/** The run was told to stop. */
export function cancelled(): RunFailure {
  return { code: 'ERR_RUN_CANCELLED', message: 'The run was cancelled', findings: [] }
}

/** Judging took longer than the run may take, or its caller is gone. */
export function late({ signal }: Pick<HarnessRequest, 'signal'>): Ending {
  if (signal?.aborted) return { status: 'cancelled', error: cancelled() }
  const message = 'Judging the run took longer than the run may take'
  return {
    status: 'timed_out',
    error: { code: 'ERR_SANDBOX_TIMEOUT', message, findings: [] },
  }
}

/** What an early end adds to an outcome. */
export type Ending = Pick<HarnessOutcome, 'status' | 'error' | 'approvals' | 'unknownCalls'>

/** An approver said no, or nobody said anything in time. */
export function refusedBy(request: ApprovalRequest): Ending {
  if (request.state === 'expired') {
    const message = 'Nobody decided in time'
    return { status: 'expired', error: { code: 'ERR_APPROVAL_EXPIRED', message, findings: [] } }
  }
  if (request.state === 'withdrawn') {
    const message = 'The run had ended before anybody decided'
    return { status: 'expired', error: { code: 'ERR_APPROVAL_EXPIRED', message, findings: [] } }
  }
  const reason = request.decision?.reason
  const message = reason === undefined ? 'An approver said no' : `An approver said no: ${reason}`
  return { status: 'rejected', error: { code: 'ERR_APPROVAL_REJECTED', message, findings: [] } }
}

/** The tool gate ended the run. */
export function stoppedBy(stop: GateStop): Ending {
  switch (stop.kind) {
    case 'waiting':
      return { status: 'pending_approval', approvals: stop.requests }
    case 'refused':
      return refusedBy(stop.request)
    case 'diverged': {
      const error = { code: 'ERR_RUN_DIVERGED', message: stop.message, findings: [] } as const
      return { status: 'failed', error }
    }
    case 'outcome-unknown':
      return outcomeUnknown(stop.calls)
    case 'error':
      return {
        status: 'failed',
        error: { code: stop.code, message: stop.message, findings: [] },
      }
  }
}

/** The run waits for a person to say what became of these calls. */
export function outcomeUnknown(calls: readonly JournalEntry[]): Ending {
  const names = calls.map(({ seq, tool }) => `call ${seq} of tool "${tool}"`).join(', ')
  const message = `The process ended while a call was on its way, and whether it arrived is not known: ${names}. An operator has to say what became of it`
  return {
    status: 'outcome_unknown',
    unknownCalls: calls,
    error: { code: 'ERR_RUN_OUTCOME_UNKNOWN', message, findings: [] },
  }
}

/** A program that ends without waiting for its tools has most likely forgotten to. */
export function unawaited(calls: readonly AbandonedCall[]): readonly Finding[] {
  return calls.map(({ seq, name }) => ({
    ruleId: 'unawaited-call',
    source: 'sandbox',
    severity: 'warning',
    message: `Call ${seq} of tool "${name}" had no answer when the program ended, and was cancelled`,
    hint: 'Put `await` before the call',
  }))
}
