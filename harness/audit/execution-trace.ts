import type { ApprovalEdit, ApprovalVote } from '../approval/approval-request.ts'
import type { Action, Requester } from '../requester.ts'
import type { IsolationFacts } from '../sandbox/isolation/isolation-level.ts'
import type { ResourceUsage } from '../sandbox/sandbox.ts'
import type { Finding } from '../verdict.ts'

/** How a run came in. */
export type Entrance = 'intent' | 'execute' | 'handler' | 'rollback'

/** The audit record of one run. Secrets and credentials are redacted before it is written. */
export interface ExecutionTrace {
  readonly runId: string
  readonly endpoint: string
  readonly entrance: Entrance
  readonly requester: Requester | null
  readonly action: Action
  readonly intent?: string
  /** The run whose calls this one undoes; only with entrance `rollback`. */
  readonly rollbackOf?: string
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
    /** Every answer, those that have lapsed included. */
    readonly votes?: readonly ApprovalVote[]
    /** What approvers changed in the argument of the call, and who did. */
    readonly edits?: readonly Omit<ApprovalEdit, 'argument'>[]
  }[]
  /** What people said of calls whose outcome nobody knew; absent when nobody was asked. */
  readonly resolutions?: readonly {
    /** The place of the call; `null` when the whole run was ended. */
    readonly seq: number | null
    readonly outcome: 'happened' | 'repeat' | 'end'
    readonly operatorId: string
    readonly reason?: string
    readonly decidedAt: number
  }[]
  /** Those of all attempts. */
  readonly toolCalls: readonly {
    readonly seq: number
    readonly name: string
    readonly readOnly: boolean
    readonly argumentDigest: string
    readonly outcome: 'value' | 'error' | 'unfinished'
  }[]
  /** Tables that its SQL touches, by the names of the catalogue; absent when none is known. */
  readonly tables?: { readonly read: readonly string[]; readonly written: readonly string[] }
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
  /**
   * Why everything personal is missing, the requester included: their key was erased, or what is stored was
   * changed. Absent in a trace that is whole.
   */
  readonly withheld?: 'erased' | 'damaged'
}

/** What was decided about a run as far as it is known; `null` while nothing is. */
export function verdictOf(
  trace: Pick<ExecutionTrace, 'status' | 'findings'>,
): 'allow' | 'deny' | null {
  const isDenied = trace.findings.some(({ severity }) => severity === 'violation')
  if (isDenied || trace.status === 'denied' || trace.status === 'rejected') return 'deny'
  return trace.status === 'running' || trace.status === 'queued' ? null : 'allow'
}

/** What a trace can be found by beside its columns: `tool:<name>` and `table:<name>`, each once. */
export function namesIn({
  toolCalls,
  tables = { read: [], written: [] },
}: Pick<ExecutionTrace, 'toolCalls' | 'tables'>): readonly string[] {
  const tools = toolCalls.map(({ name }) => `tool:${name}`)
  const touched = [...tables.read, ...tables.written].map((name) => `table:${name}`)
  return [...new Set([...tools, ...touched])]
}
