import { type Compilable, type Insertable, sql } from 'kysely'
import {
  type AuditRecorder,
  type ExecutionTrace,
  redact,
  type TraceFilter,
} from '../../harness/index.ts'
import type { Database } from './database.ts'
import { limitOf } from './list-limit.ts'
import type { RunStatus } from './run-store.ts'
import type { TraceTable } from './tables.ts'

type TraceOwner = NonNullable<TraceFilter['owners']>[number]

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
    const rows = await this.#matching(filter)
      .select('trace_json')
      .orderBy('position', 'desc')
      .limit(limitOf(filter))
      .execute()
    return rows.map(({ trace_json }): ExecutionTrace => JSON.parse(trace_json))
  }

  async owners(filter: TraceFilter): Promise<readonly TraceOwner[]> {
    const rows = await this.#matching(filter).select('owner_json').distinct().execute()
    return rows.map(({ owner_json }): TraceOwner => JSON.parse(owner_json))
  }

  #matching({ runId, endpoint, userId, status, owners }: TraceFilter) {
    // One parameter, as there may be more owners than a statement can have of them.
    const keys = JSON.stringify((owners ?? []).map(ownerKey))
    return this.#database.queries
      .selectFrom('airlock_traces')
      .$if(runId !== undefined, (query) => query.where('run_id', '=', runId ?? ''))
      .$if(endpoint !== undefined, (query) => query.where('endpoint', '=', endpoint ?? ''))
      .$if(userId !== undefined, (query) => query.where('user_id', '=', userId ?? ''))
      .$if(status !== undefined, (query) => query.where('status', '=', status ?? ''))
      .$if(owners !== undefined, (query) =>
        query.where('owner_json', 'in', sql<string>`(select value from json_each(${keys}))`),
      )
  }

  async #keep(trace: ExecutionTrace): Promise<void> {
    const { queries } = this.#database
    const columns = toColumns(trace)
    await this.#database.together([
      queries
        .insertInto('airlock_traces')
        .values({ run_id: trace.runId, ...columns })
        .onConflict((conflict) => conflict.column('run_id').doUpdateSet(columns)),
      this.forgetOldest(),
    ])
  }

  /** The statement that writes a trace, if its run is there with one of these statuses. */
  updateIf(from: readonly RunStatus[], trace: ExecutionTrace): Compilable {
    const columns = toColumns(trace)
    return this.#database.queries
      .insertInto('airlock_traces')
      .columns(['run_id', 'tenant_id', 'user_id', 'owner_json', 'endpoint', 'status', 'trace_json'])
      .expression(({ selectFrom, val }) =>
        selectFrom('airlock_runs')
          .select([
            'run_id',
            val(columns.tenant_id).as('tenant_id'),
            val(columns.user_id).as('user_id'),
            val(columns.owner_json).as('owner_json'),
            val(columns.endpoint).as('endpoint'),
            val(columns.status).as('status'),
            val(columns.trace_json).as('trace_json'),
          ])
          .where('run_id', '=', trace.runId)
          .where('airlock_runs.status', 'in', from),
      )
      .onConflict((conflict) => conflict.column('run_id').doUpdateSet(columns))
  }

  /** The statement that keeps the number of traces bounded. */
  forgetOldest(): Compilable {
    // Rows are only ever removed here, oldest first, so positions have no gaps to count.
    return this.#database.queries
      .deleteFrom('airlock_traces')
      .where('position', '<=', ({ selectFrom }) =>
        selectFrom('airlock_traces').select(({ fn, eb }) =>
          eb(fn.max('position'), '-', this.#maxTraces).as('last'),
        ),
      )
  }
}

function toColumns(trace: ExecutionTrace): Omit<Insertable<TraceTable>, 'run_id' | 'position'> {
  return {
    tenant_id: trace.requester?.tenantId ?? null,
    user_id: trace.requester?.userId ?? null,
    owner_json: ownerKey(trace.requester),
    endpoint: trace.endpoint,
    status: trace.status,
    trace_json: JSON.stringify(redact(trace)),
  }
}

function ownerKey(owner: TraceOwner): string {
  return JSON.stringify(owner === null ? null : { userId: owner.userId, tenantId: owner.tenantId })
}
