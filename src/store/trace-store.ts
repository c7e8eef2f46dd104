import {
  type AuditRecorder,
  type ExecutionTrace,
  redact,
  type TraceFilter,
} from '../../harness/index.ts'
import type { Database } from './database.ts'
import { limitOf } from './list-limit.ts'

/** How a {@link DatabaseAuditRecorder} is bounded. */
export interface DatabaseAuditRecorderOptions {
  /** Most traces kept; the oldest is forgotten first. */
  readonly maxTraces: number
}

/** Traces in the database, redacted, the newest `maxTraces` of them. */
export class DatabaseAuditRecorder implements AuditRecorder {
  readonly #database: Database
  readonly #maxTraces: number

  constructor(database: Database, options: DatabaseAuditRecorderOptions) {
    this.#database = database
    this.#maxTraces = options.maxTraces
  }

  started(trace: ExecutionTrace): Promise<void> {
    return this.#keep(trace)
  }

  updated(trace: ExecutionTrace): Promise<void> {
    return this.#keep(trace)
  }

  async list(filter: TraceFilter): Promise<readonly ExecutionTrace[]> {
    const { runId, endpoint, userId, status } = filter
    const rows = await this.#database.queries
      .selectFrom('airlock_traces')
      .select('trace_json')
      .$if(runId !== undefined, (query) => query.where('run_id', '=', runId ?? ''))
      .$if(endpoint !== undefined, (query) => query.where('endpoint', '=', endpoint ?? ''))
      .$if(userId !== undefined, (query) => query.where('user_id', '=', userId ?? ''))
      .$if(status !== undefined, (query) => query.where('status', '=', status ?? ''))
      .orderBy('position', 'desc')
      .limit(limitOf(filter))
      .execute()
    return rows.map(({ trace_json }): ExecutionTrace => JSON.parse(trace_json))
  }

  async #keep(trace: ExecutionTrace): Promise<void> {
    const { queries } = this.#database
    const columns = {
      tenant_id: trace.requester?.tenantId ?? null,
      user_id: trace.requester?.userId ?? null,
      endpoint: trace.endpoint,
      status: trace.status,
      trace_json: JSON.stringify(redact(trace)),
    }
    await this.#database.together([
      queries
        .insertInto('airlock_traces')
        .values({ run_id: trace.runId, ...columns })
        .onConflict((conflict) => conflict.column('run_id').doUpdateSet(columns)),
      // Rows are only ever removed here, oldest first, so positions have no gaps to count.
      queries
        .deleteFrom('airlock_traces')
        .where('position', '<=', ({ selectFrom }) =>
          selectFrom('airlock_traces').select(({ fn, eb }) =>
            eb(fn.max('position'), '-', this.#maxTraces).as('last'),
          ),
        ),
    ])
  }
}
