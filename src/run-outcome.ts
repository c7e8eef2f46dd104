import type {
  ConsoleLine,
  ErrorCode,
  Finding,
  IsolationFacts,
  JsonValue,
  ResourceUsage,
} from '../harness/index.ts'
import type { RunStatus } from './store/run-store.ts'

/** How a trip of one intent ended, or where it waits. Every expected ending is an outcome, not an exception. */
export interface RunOutcome {
  readonly runId: string
  readonly status: RunStatus
  /** The program's value; only with status `completed`. */
  readonly result?: JsonValue
  /** Why there is no result. */
  readonly error?: {
    readonly code: ErrorCode
    readonly message: string
    readonly findings: readonly Finding[]
    /** Line and column in the author's text, when the program threw. */
    readonly line?: number
    readonly column?: number
    /** Whole seconds after which asking again can succeed; only where that is known. */
    readonly retryAfterSeconds?: number
  }
  /** The approval request that the run waits for; only with status `pending_approval`. */
  readonly approvalId?: string
  /** Every request that it waits for, the one above first; they can be decided in any order. */
  readonly approvalIds?: readonly string[]
  /** Calls that may or may not have happened, for an operator to resolve; only with status `outcome_unknown`. */
  readonly unknownCalls?: readonly {
    readonly seq: number
    readonly name: string
    readonly args: JsonValue
  }[]
  /** The session that the run was added to; send it with the next intent. */
  readonly sessionId?: string
  /** The program that ran or would run; absent for handlers. */
  readonly program?: {
    readonly source: string
    readonly language: 'js' | 'ts'
    readonly hash: string
  }
  /** Programs for the same intent that failed before it, oldest first; absent when there was none. */
  readonly attempts?: readonly {
    /** Why it failed, as the model was told. */
    readonly diagnosis: string
    /** The tools it called, in order; none of them changes anything. */
    readonly calls: readonly string[]
  }[]
  /** What analysis, policies and validators found, warnings included. */
  readonly findings: readonly Finding[]
  readonly toolCalls: readonly {
    readonly seq: number
    readonly name: string
    readonly args: JsonValue
    readonly outcome: 'value' | 'error' | 'unfinished'
  }[]
  /** Tables that the program's SQL touches, as far as its text says so; absent when it says none. */
  readonly tables?: { readonly read: readonly string[]; readonly written: readonly string[] }
  readonly console: readonly ConsoleLine[]
  readonly usage: ResourceUsage
  /** What separated the program from the host; absent when no program was started. */
  readonly isolation?: IsolationFacts
}
