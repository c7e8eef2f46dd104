import type {
  ApprovalDecision,
  ApprovalFilter,
  ApprovalRequest,
  ApprovalState,
  ApprovalStore,
} from '../../harness/index.ts'
import type { Database } from './database.ts'
import { limitOf } from './list-limit.ts'
import type { ApprovalTable } from './tables.ts'

type StoredRequest = Omit<ApprovalRequest, 'state' | 'decision'>

type Row = Pick<ApprovalTable, 'request_json' | 'state' | 'decision_json'>

const COLUMNS = ['request_json', 'state', 'decision_json'] as const

/** Most requests that one sweep looks at; the next sweep takes those that are left. */
const MAX_DUE = 1_000

/** Approval requests in the database. A change of state is one conditional UPDATE, so one caller wins. */
export class DatabaseApprovalStore implements ApprovalStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async insert(request: ApprovalRequest): Promise<void> {
    const { state, decision, ...stored } = request
    await this.#database.queries
      .insertInto('airlock_approvals')
      .values({
        id: request.id,
        tenant_id: request.requester?.tenantId ?? null,
        run_id: request.runId,
        state,
        expires_at: request.expiresAt,
        escalate_at: request.escalation?.at ?? null,
        request_json: JSON.stringify(stored satisfies StoredRequest),
        decision_json: decision === undefined ? null : JSON.stringify(decision),
      })
      .execute()
  }

  async get(id: string): Promise<ApprovalRequest | null> {
    const row = await this.#database.queries
      .selectFrom('airlock_approvals')
      .select(COLUMNS)
      .where('id', '=', id)
      .executeTakeFirst()
    return row === undefined ? null : toRequest(row)
  }

  async list(filter: ApprovalFilter): Promise<readonly ApprovalRequest[]> {
    const { states, runId } = filter
    const rows = await this.#database.queries
      .selectFrom('airlock_approvals')
      .select(COLUMNS)
      .$if(states !== undefined, (query) => query.where('state', 'in', states ?? []))
      .$if(runId !== undefined, (query) => query.where('run_id', '=', runId ?? ''))
      .orderBy('position', 'desc')
      .limit(limitOf(filter))
      .execute()
    return rows.map(toRequest)
  }

  async transition(
    id: string,
    from: readonly ApprovalState[],
    to: ApprovalState,
    decision?: ApprovalDecision,
  ): Promise<boolean> {
    const decided = decision === undefined ? {} : { decision_json: JSON.stringify(decision) }
    const { numUpdatedRows } = await this.#database.queries
      .updateTable('airlock_approvals')
      .set({ state: to, ...decided })
      .where('id', '=', id)
      .where('state', 'in', from)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async due(now: number): Promise<readonly ApprovalRequest[]> {
    const rows = await this.#database.queries
      .selectFrom('airlock_approvals')
      .select(COLUMNS)
      .where((is) =>
        is.or([
          is.and([is('state', 'in', ['pending', 'escalated']), is('expires_at', '<=', now)]),
          is.and([is('state', '=', 'pending'), is('escalate_at', '<=', now)]),
        ]),
      )
      .orderBy('position')
      .limit(MAX_DUE)
      .execute()
    return rows.map(toRequest)
  }
}

function toRequest({ request_json, state, decision_json }: Row): ApprovalRequest {
  const stored: StoredRequest = JSON.parse(request_json)
  const decision: ApprovalDecision | null = JSON.parse(decision_json ?? 'null')
  return {
    ...stored,
    // Written by `insert` and `transition` alone, which take nothing but states.
    state: state as ApprovalState,
    ...(decision === null ? {} : { decision }),
  }
}
