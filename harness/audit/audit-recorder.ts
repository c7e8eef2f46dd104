import type { Requester } from '../requester.ts'
import type { ExecutionTrace } from './execution-trace.ts'

/** For whom a run was; `null` when it was for nobody. */
export type TraceOwner = Pick<Requester, 'userId' | 'tenantId'> | null

/** What to read from the record. Newest first. */
export interface TraceFilter {
  readonly runId?: string
  readonly endpoint?: string
  readonly userId?: string
  readonly status?: string
  /** `deny` where anything was denied on the way. */
  readonly verdict?: 'allow' | 'deny'
  /** Runs that called it. */
  readonly tool?: string
  /** Runs whose SQL touches it. */
  readonly table?: string
  /** Put on record at this time or later, in milliseconds since 1970. */
  readonly from?: number
  /** Put on record before this time, in milliseconds since 1970. */
  readonly to?: number
  /** Only traces of exactly these, tenant included. Without it, whoever they are of. */
  readonly owners?: readonly TraceOwner[]
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
  /**
   * Of whom there are traces that the filter leaves, each once, whatever its limit. Who may read is
   * decided by owner, so a list can be asked for that is cut to its limit after that and not before.
   */
  owners(filter: TraceFilter): Promise<readonly TraceOwner[]>
}
