import { NO_USAGE } from '../harness/index.ts'
import type { RunOutcome } from './run-outcome.ts'
import type { RunRecord } from './store/run-store.ts'

/** The stored outcome, or for a run that goes on an outcome that says so. */
export function currentOutcome(run: RunRecord): RunOutcome {
  const stored = run.outcome as RunOutcome | undefined
  if (stored !== undefined && run.status === stored.status) return stored
  return {
    runId: run.runId,
    status: run.status,
    findings: stored?.findings ?? [],
    toolCalls: stored?.toolCalls ?? [],
    console: stored?.console ?? [],
    usage: stored?.usage ?? NO_USAGE,
  }
}
