import type { ApprovalRequest } from '../harness/index.ts'
import { currentOutcome } from './current-outcome.ts'
import type { RunRecord } from './store/run-store.ts'

/**
 * Whether a run that waits can go on by this request: it is approved, nobody else has still to decide the
 * same thing, and the run has not made use of it.
 *
 * @param all - Every request of the run.
 * @param madeCalls - The places of the run's journal that are taken.
 */
export function isReady(
  request: ApprovalRequest,
  run: RunRecord,
  seen: { readonly all: readonly ApprovalRequest[]; readonly madeCalls: ReadonlySet<number> },
): boolean {
  const { state, subject, program, id } = request
  if (state !== 'approved' || program.hash !== run.program?.hash) return false
  if (seen.all.some((other) => isOpen(other) && isAboutSame(other, request))) return false
  if (subject.kind === 'call') return !seen.madeCalls.has(subject.seq)
  const { approvalId = '', approvalIds = [approvalId] } = currentOutcome(run)
  return approvalIds.includes(id)
}

/** Whether somebody can still decide it. */
export function isOpen({ state }: ApprovalRequest): boolean {
  return state === 'pending' || state === 'escalated'
}

function isAboutSame(a: ApprovalRequest, b: ApprovalRequest): boolean {
  if (a.program.hash !== b.program.hash) return false
  if (a.subject.kind === 'program' || b.subject.kind === 'program') {
    return a.subject.kind === b.subject.kind
  }
  return a.subject.seq === b.subject.seq
}
