import type { Kysely, Updateable, UpdateQueryBuilder, UpdateResult } from 'kysely'
import type { Requester } from '../../harness/index.ts'
import type { Database } from './database.ts'
import { limitOf } from './list-limit.ts'
import type { LeasedRun, RunFilter, RunLease, RunRecord, RunStatus, RunStore } from './run-store.ts'
import type { RunTable, Tables } from './tables.ts'

const UNDER_WAY: readonly RunStatus[] = ['queued', 'running']

/** Runs in the database. An update is one conditional UPDATE, so of several at once one wins. */
export class DatabaseRunStore implements RunStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async insert(run: RunRecord, lease?: RunLease): Promise<void> {
    await this.#database.queries
      .insertInto('airlock_runs')
      .values({
        run_id: run.runId,
        tenant_id: run.requester?.tenantId ?? null,
        user_id: run.requester?.userId ?? null,
        endpoint: run.endpoint,
        entrance: run.entrance,
        status: run.status,
        action: run.action,
        requester_json: JSON.stringify(run.requester),
        user_json: JSON.stringify(run.user),
        intent_json: toJson(run.intent),
        session_id: run.sessionId ?? null,
        program_json: toJson(run.program),
        data_json: JSON.stringify(run.data),
        determinism_json: JSON.stringify(run.determinism),
        outcome_json: toJson(run.outcome),
        attempts_json: toJson(run.attempts),
        created_at: run.createdAt,
        updated_at: run.updatedAt,
        ...leaseColumns(lease),
      })
      .execute()
  }

  async get(runId: string): Promise<RunRecord | null> {
    const row = await this.#database.queries
      .selectFrom('airlock_runs')
      .selectAll()
      .where('run_id', '=', runId)
      .executeTakeFirst()
    return row === undefined ? null : toRun(row)
  }

  async list(filter: RunFilter): Promise<readonly RunRecord[]> {
    const { statuses, userId, before } = filter
    const rows = await this.#database.queries
      .selectFrom('airlock_runs')
      .selectAll()
      .$if(statuses !== undefined, (query) => query.where('status', 'in', statuses ?? []))
      .$if(userId !== undefined, (query) => query.where('user_id', '=', userId ?? ''))
      .$if(before !== undefined, (query) =>
        query.where('position', '<', ({ selectFrom }) =>
          selectFrom('airlock_runs')
            .select('position')
            .where('run_id', '=', before ?? ''),
        ),
      )
      .orderBy('position', 'desc')
      .limit(limitOf(filter))
      .execute()
    return rows.map(toRun)
  }

  async update(
    runId: string,
    from: readonly RunStatus[],
    patch: Partial<RunRecord>,
    lease?: RunLease,
  ): Promise<boolean> {
    const query = updateRun(this.#database.queries, { runId, from, patch })
    const leased = lease === undefined ? query : query.set(leaseColumns(lease))
    return (await leased.executeTakeFirst()).numUpdatedRows === 1n
  }

  async listLeased(limit: number): Promise<readonly LeasedRun[]> {
    const rows = await this.#database.queries
      .selectFrom('airlock_runs')
      .selectAll()
      .where('status', 'in', UNDER_WAY)
      .orderBy('position')
      .limit(limit)
      .execute()
    return rows.map((row) => ({
      run: toRun(row),
      lease: { owner: row.lease_owner ?? '', until: row.lease_until },
    }))
  }

  async takeOver({ run, lease: seen }: LeasedRun, lease: RunLease): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.queries
      .updateTable('airlock_runs')
      .set(leaseColumns(lease))
      .where('run_id', '=', run.runId)
      .where('status', 'in', UNDER_WAY)
      .where(({ eb, fn }) => eb(fn.coalesce('lease_owner', eb.val('')), '=', seen.owner))
      .where('lease_until', '=', seen.until)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async renewLeases(lease: RunLease): Promise<void> {
    await this.#database.queries
      .updateTable('airlock_runs')
      .set({ lease_until: lease.until })
      .where('lease_owner', '=', lease.owner)
      .where('status', 'in', UNDER_WAY)
      .execute()
  }
}

/** A change of one run, made only while its status is one of `from`. */
export interface RunChange {
  readonly runId: string
  readonly from: readonly RunStatus[]
  readonly patch: Partial<RunRecord>
}

/** The one statement that makes a change. */
export function updateRun(
  queries: Kysely<Tables>,
  { runId, from, patch }: RunChange,
): UpdateQueryBuilder<Tables, 'airlock_runs', 'airlock_runs', UpdateResult> {
  return queries
    .updateTable('airlock_runs')
    .set({ updated_at: Date.now(), ...toColumns(patch) })
    .where('run_id', '=', runId)
    .where('status', 'in', from)
}

/** For whom and where a run is, and when it began, is decided once. */
function toColumns(patch: Partial<RunRecord>): Updateable<RunTable> {
  const { status, action, intent, sessionId, program, attempts, data, determinism } = patch
  const { outcome, updatedAt } = patch
  return {
    ...(status === undefined ? {} : { status }),
    ...(action === undefined ? {} : { action }),
    ...(intent === undefined ? {} : { intent_json: JSON.stringify(intent) }),
    ...(sessionId === undefined ? {} : { session_id: sessionId }),
    ...(program === undefined ? {} : { program_json: JSON.stringify(program) }),
    ...(attempts === undefined ? {} : { attempts_json: JSON.stringify(attempts) }),
    ...(data === undefined ? {} : { data_json: JSON.stringify(data) }),
    ...(determinism === undefined ? {} : { determinism_json: JSON.stringify(determinism) }),
    ...(outcome === undefined ? {} : { outcome_json: JSON.stringify(outcome) }),
    ...(updatedAt === undefined ? {} : { updated_at: updatedAt }),
  }
}

function leaseColumns(lease: RunLease | undefined): {
  lease_owner?: string
  lease_until?: number
} {
  return lease === undefined ? {} : { lease_owner: lease.owner, lease_until: lease.until }
}

type RunRow = Omit<RunTable, 'position' | 'lease_owner' | 'lease_until'>

function toRun(row: RunRow): RunRecord {
  const requester: Requester | null = JSON.parse(row.requester_json)
  return {
    runId: row.run_id,
    endpoint: row.endpoint,
    // The three of them are written from a RunRecord alone.
    entrance: row.entrance as RunRecord['entrance'],
    status: row.status as RunStatus,
    action: row.action as RunRecord['action'],
    requester,
    user: JSON.parse(row.user_json),
    ...(row.intent_json === null ? {} : { intent: JSON.parse(row.intent_json) }),
    ...(row.session_id === null ? {} : { sessionId: row.session_id }),
    ...(row.program_json === null ? {} : { program: JSON.parse(row.program_json) }),
    ...(row.attempts_json === null ? {} : { attempts: JSON.parse(row.attempts_json) }),
    data: JSON.parse(row.data_json),
    determinism: JSON.parse(row.determinism_json),
    ...(row.outcome_json === null ? {} : { outcome: JSON.parse(row.outcome_json) }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}
