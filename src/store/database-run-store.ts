import type { Kysely, Selectable, Updateable, UpdateQueryBuilder, UpdateResult } from 'kysely'
import type { Requester } from '../../harness/index.ts'
import type { Database } from './database.ts'
import { limitOf } from './list-limit.ts'
import type { RunSeal } from './run-seal.ts'
import {
  type AbandonedFilter,
  epochOf,
  type LeasedRun,
  OPEN_STATUSES,
  type RunFilter,
  type RunHold,
  type RunLease,
  type RunRecord,
  type RunStatus,
  type RunStore,
} from './run-store.ts'
import type { RunTable, Tables } from './tables.ts'

const UNDER_WAY: readonly RunStatus[] = ['queued', 'running']

/** A statement has room for so many ids in either engine. */
const RENEWED_AT_ONCE = 500

/** Runs in the database. An update is one conditional UPDATE, so of several at once one wins. */
export class DatabaseRunStore implements RunStore {
  readonly #database: Database
  readonly #seal: RunSeal

  constructor(database: Database, seal: RunSeal) {
    this.#database = database
    this.#seal = seal
  }

  async insert(run: RunRecord, lease?: RunLease): Promise<boolean> {
    const { rollback, request } = run
    this.#seal.knows(run.runId, run.requester)
    const sealed = await this.columnsOf(run.runId, run)
    const { numInsertedOrUpdatedRows } = await this.#database.queries
      .insertInto('airlock_runs')
      .values({
        run_id: run.runId,
        tenant_id: run.requester?.tenantId ?? null,
        user_id: run.requester?.userId ?? null,
        endpoint: run.endpoint,
        entrance: run.entrance,
        status: run.status,
        action: run.action,
        ...(await this.#sealedUser(run)),
        session_id: run.sessionId ?? null,
        data_json: sealed.data_json ?? 'null',
        determinism_json: sealed.determinism_json ?? 'null',
        intent_json: sealed.intent_json ?? null,
        program_json: sealed.program_json ?? null,
        outcome_json: sealed.outcome_json ?? null,
        attempts_json: sealed.attempts_json ?? null,
        created_at: run.createdAt,
        updated_at: run.updatedAt,
        turns_json: toJson(run.lastTurns),
        request_scope: request?.scope ?? null,
        request_digest: request?.digest ?? null,
        rollback_of: rollback?.runId ?? null,
        rollback_json: toJson(rollback),
        rollback_claim: rollback?.runId ?? null,
        ...leaseColumns(lease),
      })
      // One column alone is about a request, the other about a rollback: a run id is never drawn twice.
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (numInsertedOrUpdatedRows === 1n) return true
    if (rollback === undefined && request === undefined) throw new TypeError('A run begins once')
    return false
  }

  /** A change of a run as its columns, what is personal in it encrypted. */
  columnsOf(runId: string, patch: Partial<RunRecord>): Promise<Updateable<RunTable>> {
    return this.#seal.seal(runId, toColumns(patch), SEALED_CHANGES, placeOf(runId))
  }

  #sealedUser({ runId, requester, user }: RunRecord) {
    const row = { requester_json: JSON.stringify(requester), user_json: JSON.stringify(user) }
    return this.#seal.seal(runId, row, ['requester_json', 'user_json'], placeOf(runId))
  }

  async #read(row: RunRow): Promise<RunRecord> {
    const opened = await this.#seal.open(row, SEALED, placeOf(row.run_id))
    return opened === null ? erasedRun(row) : toRun(opened)
  }

  async get(runId: string): Promise<RunRecord | null> {
    const row = await this.#database.queries
      .selectFrom('airlock_runs')
      .selectAll()
      .where('run_id', '=', runId)
      .executeTakeFirst()
    return row === undefined ? null : this.#read(row)
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
    return Promise.all(rows.map((row) => this.#read(row)))
  }

  async ofRequest(scope: string): Promise<RunRecord | null> {
    const row = await this.#database.queries
      .selectFrom('airlock_runs')
      .selectAll()
      .where('request_scope', '=', scope)
      .executeTakeFirst()
    return row === undefined ? null : this.#read(row)
  }

  async forgetRequest(scope: string, runId: string): Promise<void> {
    await this.#database.queries
      .updateTable('airlock_runs')
      .set({ request_scope: null })
      .where('request_scope', '=', scope)
      .where('run_id', '=', runId)
      .execute()
  }

  async rollbacksOf(runId: string): Promise<readonly RunRecord[]> {
    const rows = await this.#database.queries
      .selectFrom('airlock_runs')
      .selectAll()
      .where('rollback_of', '=', runId)
      .orderBy('position')
      .execute()
    return Promise.all(rows.map((row) => this.#read(row)))
  }

  async update(
    runId: string,
    from: readonly RunStatus[],
    patch: Partial<RunRecord>,
    epoch?: number,
  ): Promise<boolean> {
    const columns = await this.columnsOf(runId, patch)
    const change = { runId, from, columns, ...(epoch === undefined ? {} : { epoch }) }
    const query = updateRun(this.#database.queries, change)
    return (await query.executeTakeFirst()).numUpdatedRows === 1n
  }

  async takeUp(
    run: RunRecord,
    from: readonly RunStatus[],
    lease: RunLease,
  ): Promise<RunRecord | null> {
    const seen = epochOf(run)
    const patch = { status: 'running' } as const
    const { numUpdatedRows } = await updateRun(this.#database.queries, {
      ...{ runId: run.runId, from, columns: toColumns(patch), epoch: seen },
    })
      .set({ ...leaseColumns(lease), lease_epoch: seen + 1 })
      .executeTakeFirst()
    return numUpdatedRows === 1n ? { ...run, ...patch, epoch: seen + 1 } : null
  }

  async holders(now: number): Promise<readonly string[]> {
    const rows = await this.#database.queries
      .selectFrom('airlock_runs')
      .select('lease_owner')
      .distinct()
      .where('status', 'in', UNDER_WAY)
      .where('lease_until', '>', now)
      .execute()
    return rows.flatMap(({ lease_owner }) => lease_owner ?? [])
  }

  async listAbandoned(filter: AbandonedFilter): Promise<readonly LeasedRun[]> {
    const { now, deadOwners, after } = filter
    const rows = await this.#database.queries
      .selectFrom('airlock_runs')
      .selectAll()
      .where('status', 'in', UNDER_WAY)
      .where(({ eb, or }) =>
        or([
          eb('lease_until', '<=', now),
          ...(deadOwners.length === 0 ? [] : [eb('lease_owner', 'in', deadOwners)]),
        ]),
      )
      .$if(after !== undefined, (query) =>
        query.where('position', '>', ({ selectFrom }) =>
          selectFrom('airlock_runs')
            .select('position')
            .where('run_id', '=', after ?? ''),
        ),
      )
      .orderBy('position')
      .limit(limitOf(filter))
      .execute()
    return Promise.all(
      rows.map(async (row) => ({
        run: await this.#read(row),
        lease: { owner: row.lease_owner ?? '', until: row.lease_until },
        interruptions: row.interruptions,
      })),
    )
  }

  async takeOver(seen: LeasedRun, lease: RunLease): Promise<RunRecord | null> {
    const { run, interruptions } = seen
    const epoch = epochOf(run) + 1
    const { numUpdatedRows } = await this.#database.queries
      .updateTable('airlock_runs')
      .set({ ...leaseColumns(lease), lease_epoch: epoch, interruptions: interruptions + 1 })
      .where('run_id', '=', run.runId)
      .where('status', 'in', UNDER_WAY)
      .where('lease_epoch', '=', epoch - 1)
      // Its holder may have been heard of again since.
      .where('lease_until', '=', seen.lease.until)
      .executeTakeFirst()
    return numUpdatedRows === 1n ? { ...run, epoch } : null
  }

  async renewLeases(lease: RunLease, holds: readonly RunHold[]): Promise<readonly RunHold[]> {
    const lost: RunHold[] = []
    for (let from = 0; from < holds.length; from += RENEWED_AT_ONCE) {
      lost.push(...(await this.#renew(lease, holds.slice(from, from + RENEWED_AT_ONCE))))
    }
    return lost
  }

  async #renew(lease: RunLease, holds: readonly RunHold[]): Promise<readonly RunHold[]> {
    const ids = holds.map(({ runId }) => runId)
    const rows = await this.#database.queries
      .selectFrom('airlock_runs')
      .select(['run_id', 'lease_epoch'])
      .where('run_id', 'in', ids)
      .execute()
    const epochs = new Map(rows.map(({ run_id, lease_epoch }) => [run_id, lease_epoch]))
    // Whoever took a run over is its owner: a run lost between the two statements is not renewed.
    await this.#database.queries
      .updateTable('airlock_runs')
      .set({ lease_until: lease.until })
      .where('lease_owner', '=', lease.owner)
      .where('run_id', 'in', ids)
      .where('status', 'in', UNDER_WAY)
      .execute()
    // One that is not there has not been begun yet.
    return holds.filter(({ runId, epoch }) => (epochs.get(runId) ?? epoch) !== epoch)
  }
}

/** A change of one run, made only while its status is one of `from`. */
export interface RunChange {
  readonly runId: string
  readonly from: readonly RunStatus[]
  readonly columns: Updateable<RunTable>
  /** And only in this holding. */
  readonly epoch?: number
}

/** The one statement that makes a change. */
export function updateRun(
  queries: Kysely<Tables>,
  { runId, from, columns, epoch }: RunChange,
): UpdateQueryBuilder<Tables, 'airlock_runs', 'airlock_runs', UpdateResult> {
  return queries
    .updateTable('airlock_runs')
    .set({ updated_at: Date.now(), ...columns })
    .where('run_id', '=', runId)
    .where('status', 'in', from)
    .$if(epoch !== undefined, (query) => query.where('lease_epoch', '=', epoch ?? 0))
}

/** For whom and where a run is, and when it began, is decided once. */
function toColumns(patch: Partial<RunRecord>): Updateable<RunTable> {
  const { status, action, intent, sessionId, program, attempts, data, determinism } = patch
  const { outcome, updatedAt, rollback, lastTurns } = patch
  return {
    ...(status === undefined ? {} : { status }),
    // Over: another run may undo what is left.
    ...(status === undefined || OPEN_STATUSES.includes(status) ? {} : { rollback_claim: null }),
    ...(lastTurns === undefined ? {} : { turns_json: JSON.stringify(lastTurns) }),
    ...(rollback === undefined ? {} : { rollback_json: JSON.stringify(rollback) }),
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

type RunRow = Selectable<RunTable>

/** What is personal in a change of a run. */
const SEALED_CHANGES = [
  'intent_json',
  'program_json',
  'data_json',
  'determinism_json',
  'outcome_json',
  'attempts_json',
] as const

/** What is personal in a run: who it is for is decided once. */
const SEALED = ['requester_json', 'user_json', ...SEALED_CHANGES] as const

function placeOf(runId: string): string {
  return `run ${runId}`
}

/** A run whose person has been erased: what is left of it. It is nobody's and cannot be gone on with. */
function erasedRun(row: RunRow): RunRecord {
  const requester =
    row.user_id === null
      ? null
      : {
          ...{ userId: row.user_id, roles: [] },
          ...(row.tenant_id === null ? {} : { tenantId: row.tenant_id }),
        }
  const nothing = { intent_json: null, program_json: null, attempts_json: null, outcome_json: null }
  return toRun({
    ...row,
    ...nothing,
    requester_json: JSON.stringify(requester),
    ...{ user_json: 'null', data_json: 'null' },
    determinism_json: JSON.stringify({ startTimeMs: row.created_at, seed: '' }),
  })
}

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
    ...(row.turns_json === null ? {} : { lastTurns: JSON.parse(row.turns_json) }),
    ...(row.request_scope === null
      ? {}
      : { request: { scope: row.request_scope, digest: row.request_digest ?? '' } }),
    ...(row.rollback_json === null ? {} : { rollback: JSON.parse(row.rollback_json) }),
    epoch: row.lease_epoch,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}
