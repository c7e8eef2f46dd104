import type { Action, Requester } from '../requester.ts'
import type { IsolationFacts } from '../sandbox/isolation/isolation-level.ts'
import type { ResourceUsage } from '../sandbox/sandbox.ts'
import type { Finding } from '../verdict.ts'

/** How a run came in. */
export type Entrance = 'intent' | 'execute' | 'handler'

/** The audit record of one run. Secrets and credentials are redacted before it is written. */
export interface ExecutionTrace {
  readonly runId: string
  readonly endpoint: string
  readonly entrance: Entrance
  readonly requester: Requester | null
  readonly action: Action
  readonly intent?: string
  readonly program?: { readonly source: string; readonly hash: string; readonly language: string }
  /** Programs for the same intent that failed before it, oldest first; absent when there was none. */
  readonly attempts?: readonly {
    readonly source: string
    readonly language: string
    /** Absent when the text could not be read as a program. */
    readonly hash?: string
    readonly code: string
    /** What the model was told. */
    readonly diagnosis: string
    /** The tools it called, in order. */
    readonly calls: readonly string[]
  }[]
  /** What each policy and the analysis found. */
  readonly findings: readonly Finding[]
  readonly approvals: readonly {
    readonly id: string
    readonly rule: string
    readonly state: string
    readonly approverId?: string
    readonly reason?: string
  }[]
  /** Those of all attempts. */
  readonly toolCalls: readonly {
    readonly seq: number
    readonly name: string
    readonly readOnly: boolean
    readonly argumentDigest: string
    readonly outcome: 'value' | 'error' | 'unfinished'
  }[]
  /** SHA-256 of the serialized result, hex; the result itself is not in the trace. */
  readonly resultDigest?: string
  readonly usage?: ResourceUsage
  readonly isolation?: IsolationFacts
  readonly status: string
  readonly error?: { readonly code: string; readonly message: string }
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly finishedAt?: number
  readonly durationMs?: number
}
