import type { ExecutionTrace } from './execution-trace.ts'

/** What to read from the record. Newest first. */
export interface TraceFilter {
  readonly runId?: string
  readonly endpoint?: string
  readonly userId?: string
  readonly status?: string
  /** Default 100, at most 1 000. */
  readonly limit?: number
}

/**
 * Keeps a bounded number of traces. `started` must be durable before anything runs; a recorder that
 * cannot write rejects, and then nothing runs.
 */
export interface AuditRecorder {
  started(trace: ExecutionTrace): Promise<void>
  /** Replaces the record of the same run: waiting for a person, or finished. */
  updated(trace: ExecutionTrace): Promise<void>
  list(filter: TraceFilter): Promise<readonly ExecutionTrace[]>
}
