import type { JournalEntry } from '../journal/run-journal.ts'
import type { JsonValue } from '../json-value.ts'
import type { Action } from '../requester.ts'
import type { ResourceLimits } from '../sandbox/resource-limits.ts'
import type { ResourceUsage } from '../sandbox/sandbox.ts'
import type { Finding } from '../verdict.ts'

/** What came out of a run, before anyone sees it. */
export interface RunOutput {
  readonly value: JsonValue
  /** `value` as JSON text. */
  readonly serialized: string
  readonly usage: ResourceUsage
  readonly limits: ResourceLimits
  readonly action: Action
  /** The journal of the run. */
  readonly calls: readonly JournalEntry[]
}

/** Judges the output of a run; a violation withholds it. */
export interface OutputValidator {
  readonly name: string
  validate(output: RunOutput): readonly Finding[] | Promise<readonly Finding[]>
}
