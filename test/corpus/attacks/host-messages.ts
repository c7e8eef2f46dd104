import type { JsonValue } from '../../../harness/index.ts'
import type { TargetOutcome, TargetRequest, ToolRun } from './target.ts'

/** What the supervisor asks of a host. */
export type HostQuestion =
  | { readonly id: number; readonly kind: 'start-case' }
  | { readonly id: number; readonly kind: 'execute'; readonly request: TargetRequest }
  | { readonly id: number; readonly kind: 'collect' }
  | { readonly id: number; readonly kind: 'isolation' }

/** One run as the host saw it. */
export interface Execution {
  /** `null` when it had not ended by the time nobody waits any longer. */
  readonly settledMs: number | null
  /** Milliseconds of the host's `performance.now()`; `null` like `settledMs`. */
  readonly settledAt: number | null
  readonly outcome?: TargetOutcome
  /** `run` threw instead of answering. */
  readonly thrown?: {
    readonly name: string
    readonly code: string | null
    readonly message: string
  }
  readonly httpStatus?: number
  readonly trace: JsonValue
}

/** What happened in the host since the case began. */
export interface HostFacts {
  /** How late the 50 ms heartbeat was at most. */
  readonly maxGapMs: number
  readonly errors: readonly string[]
  readonly polluted: readonly string[]
  readonly toolRuns: readonly ToolRun[]
  readonly logs: readonly string[]
}

/** A question without its number. */
export type Asked = HostQuestion extends infer Q
  ? Q extends unknown
    ? Omit<Q, 'id'>
    : never
  : never

/** What a host says: that it is ready, or the answer to the question with this number. */
export type HostAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
