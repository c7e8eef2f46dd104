import type { JournalEntry } from '../../../harness/journal/run-journal.ts'
import { DEFAULT_LIMITS } from '../../../harness/sandbox/resource-limits.ts'
import { NO_USAGE } from '../../../harness/sandbox/sandbox.ts'
import type { RunOutput } from '../../../harness/validation/output-validator.ts'

/** The output of a run that nobody has anything against, with changes. */
export function runOutput(changes: Partial<RunOutput> = {}): RunOutput {
  const value = changes.value ?? { total: 42 }
  const serialized = JSON.stringify(value)
  return {
    value,
    serialized,
    usage: {
      ...NO_USAGE,
      wallMs: 12,
      cpuMs: 9,
      peakMemoryBytes: 80_000_000,
      outputBytes: serialized.length,
    },
    limits: DEFAULT_LIMITS,
    action: 'read',
    calls: [],
    ...changes,
  }
}

/** One journalled call, with changes. */
export function journalEntry(changes: Partial<JournalEntry> = {}): JournalEntry {
  return {
    runId: 'run-1',
    seq: 0,
    tool: 'sql',
    argument: {},
    digest: 'd',
    readOnly: true,
    idempotencyKey: 'run-1:0',
    startedAt: 0,
    ...changes,
  }
}
