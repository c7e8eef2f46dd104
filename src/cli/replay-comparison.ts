import { digestOfResult, type OfflineReplay } from '../../harness/index.ts'
import type { RunOutcome } from '../run-outcome.ts'
import type { RunRecord } from '../store/run-store.ts'

/** One thing that would go another way than it did. */
export interface ReplayDifference {
  readonly kind:
    | 'program-denied'
    | 'program-allowed'
    | 'program-changed'
    | 'call-denied'
    | 'call-allowed'
    | 'argument-narrowed'
    | 'diverged'
    | 'ending'
    | 'result'
  /** The place of the call, where one is meant. */
  readonly seq?: number
  /** For a person. */
  readonly message: string
}

/** What came of replaying one run. */
export interface ReplayComparison {
  readonly runId: string
  readonly endpoint: string
  /** How the run stands on record. */
  readonly status: string
  readonly differences: readonly ReplayDifference[]
  /** What the gates found that they would not stop the program for, too. */
  readonly replay: OfflineReplay
}

/** Says what would differ. */
export function compareReplay(run: RunRecord, replay: OfflineReplay): ReplayComparison {
  const { runId, endpoint, status } = run
  const differences = [
    ...ofProgram(run, replay),
    ...replay.calls.flatMap(ofCall),
    ...ofEnding(run, replay),
  ]
  return { runId, endpoint, status, differences, replay }
}

function ofProgram({ status }: RunRecord, replay: OfflineReplay): readonly ReplayDifference[] {
  const { verdict, findings, detail } = replay
  const wasDenied = status === 'denied'
  if (verdict === 'allowed') {
    const message = 'The program was denied and would be allowed'
    return wasDenied ? [{ kind: 'program-allowed', message }] : []
  }
  if (verdict === 'changed') return [{ kind: 'program-changed', message: detail ?? verdict }]
  if (wasDenied) return []
  const why = findings.filter(({ severity }) => severity === 'violation').map(wordFinding)
  const message = `The program would be denied: ${why.join('; ') || (detail ?? verdict)}`
  return [{ kind: 'program-denied', message }]
}

function ofCall(call: OfflineReplay['calls'][number]): readonly ReplayDifference[] {
  const { seq, tool, recorded, now, findings, narrowed } = call
  if (recorded === 'denied') {
    const message = `Call ${seq} of ${tool} was denied and would be allowed`
    return now === 'allowed' ? [{ kind: 'call-allowed', seq, message }] : []
  }
  if (now === 'denied') {
    const message = `Call ${seq} of ${tool} would be denied: ${findings.map(wordFinding).join('; ')}`
    return [{ kind: 'call-denied', seq, message }]
  }
  if (narrowed === undefined) return []
  const message = `Call ${seq} of ${tool} would reach the tool with ${JSON.stringify(narrowed.now)}, not ${JSON.stringify(narrowed.before)}`
  return [{ kind: 'argument-narrowed', seq, message }]
}

function ofEnding(run: RunRecord, replay: OfflineReplay): readonly ReplayDifference[] {
  const { ending, detail = '' } = replay
  if (ending === 'not-run') return []
  if (ending === 'diverged') return [{ kind: 'diverged', message: detail }]
  // A run that did not come to its end may well go further than its record.
  if (run.status !== 'completed') return []
  if (ending !== 'completed') {
    return [{ kind: 'ending', message: `It completed, and would not: ${ending}. ${detail}`.trim() }]
  }
  const { result = null } = (run.outcome ?? {}) as Pick<RunOutcome, 'result'>
  if (replay.resultDigest === digestOfResult(result)) return []
  return [{ kind: 'result', message: `Its result would have the digest ${replay.resultDigest}` }]
}

function wordFinding({
  ruleId,
  message,
}: {
  readonly ruleId: string
  readonly message: string
}): string {
  return `${message} (${ruleId})`
}
