import type { AuditRecorder, TraceFilter, TraceOwner } from './audit-recorder.ts'
import { type ExecutionTrace, namesIn, verdictOf } from './execution-trace.ts'
import { redactTrace } from './redact.ts'

/** How a {@link MemoryAuditRecorder} is bounded. */
export interface MemoryAuditRecorderOptions {
  /** Most traces kept; the oldest is forgotten first. Default 10 000. */
  readonly maxTraces?: number
}

/**
 * Keeps traces, redacted, for as long as the process lives.
 *
 * @throws {RangeError} At construction, if `maxTraces` is not a positive whole number.
 */
export class MemoryAuditRecorder implements AuditRecorder {
  readonly #traces = new Map<string, ExecutionTrace>()
  readonly #maxTraces: number

  constructor(options: MemoryAuditRecorderOptions = {}) {
    this.#maxTraces = options.maxTraces ?? 10_000
    if (!Number.isSafeInteger(this.#maxTraces) || this.#maxTraces < 1) {
      throw new RangeError('MemoryAuditRecorder maxTraces must be a positive whole number')
    }
  }

  async started(trace: ExecutionTrace): Promise<void> {
    this.#keep(trace)
  }

  async updated(trace: ExecutionTrace): Promise<void> {
    this.#keep(trace)
  }

  async list(filter: TraceFilter): Promise<readonly ExecutionTrace[]> {
    const { limit = 100 } = filter
    return this.#matching(filter).slice(0, Math.max(0, Math.min(limit, 1_000)))
  }

  async owners(filter: TraceFilter): Promise<readonly TraceOwner[]> {
    const keys = new Set(this.#matching(filter).map(({ requester }) => ownerKey(requester)))
    return [...keys].map((key): TraceOwner => JSON.parse(key))
  }

  #matching(filter: TraceFilter): ExecutionTrace[] {
    const { runId, endpoint, userId, status, verdict, tool, table, from, to } = filter
    const owners = filter.owners === undefined ? null : new Set(filter.owners.map(ownerKey))
    return [...this.#traces.values()]
      .reverse()
      .filter((trace) => runId === undefined || trace.runId === runId)
      .filter((trace) => endpoint === undefined || trace.endpoint === endpoint)
      .filter((trace) => userId === undefined || trace.requester?.userId === userId)
      .filter((trace) => status === undefined || trace.status === status)
      .filter((trace) => verdict === undefined || verdictOf(trace) === verdict)
      .filter((trace) => tool === undefined || namesIn(trace).includes(`tool:${tool}`))
      .filter((trace) => table === undefined || namesIn(trace).includes(`table:${table}`))
      .filter(({ startedAt }) => from === undefined || startedAt >= from)
      .filter(({ startedAt }) => to === undefined || startedAt < to)
      .filter((trace) => owners === null || owners.has(ownerKey(trace.requester)))
  }

  #keep(trace: ExecutionTrace): void {
    this.#traces.set(trace.runId, redactTrace(trace))
    for (const runId of this.#traces.keys()) {
      if (this.#traces.size <= this.#maxTraces) break
      this.#traces.delete(runId)
    }
  }
}

function ownerKey(owner: TraceOwner): string {
  return JSON.stringify(owner === null ? null : { userId: owner.userId, tenantId: owner.tenantId })
}
