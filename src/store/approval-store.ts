import { createHash } from 'node:crypto'
import type { Compilable, ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely'
import type {
  ApprovalDecision,
  ApprovalFilter,
  ApprovalRequest,
  ApprovalState,
  ApprovalStore,
  Approver,
  Requester,
} from '../../harness/index.ts'
import type { Database } from './database.ts'
import { limitOf } from './list-limit.ts'
import type { ApprovalTable, ProgramTable, Tables } from './tables.ts'

/** What an approver is shown of a program. A run that asks about many calls stores it once. */
type ShownProgram = Pick<ApprovalRequest, 'program' | 'plan'>

type StoredRequest = Omit<ApprovalRequest, 'state' | 'decision' | keyof ShownProgram>

type Row = Pick<ApprovalTable, 'request_json' | 'state' | 'decision_json'> &
  Pick<ProgramTable, 'shown_json'>

/** Most requests that one sweep looks at; the next sweep takes those that are left. */
const MAX_DUE = 1_000

/** Approval requests in the database. A change of state is one conditional UPDATE, so one caller wins. */
export class DatabaseApprovalStore implements ApprovalStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async insert(request: ApprovalRequest): Promise<void> {
    const { state, decision, program, plan, ...stored } = request
    const { queries } = this.#database
    const shown = JSON.stringify({ program, plan } satisfies ShownProgram)
    const digest = createHash('sha256').update(shown).digest('hex')
    const approvers = new Set([...request.approvers, ...(request.escalation?.to ?? [])].map(nameOf))
    await this.#database.together([
      queries
        .insertInto('airlock_programs')
        .values({ run_id: request.runId, digest, shown_json: shown })
        .onConflict((conflict) => conflict.columns(['run_id', 'digest']).doNothing()),
      queries.insertInto('airlock_approvals').values({
        id: request.id,
        tenant_id: request.requester?.tenantId ?? null,
        user_id: request.requester?.userId ?? null,
        run_id: request.runId,
        state,
        expires_at: request.expiresAt,
        escalate_at: request.escalation?.at ?? null,
        program_digest: digest,
        request_json: JSON.stringify(stored satisfies StoredRequest),
        decision_json: decision === undefined ? null : JSON.stringify(decision),
      }),
      ...[...approvers].map(
        (approver): Compilable =>
          queries.insertInto('airlock_approvers').values({ approval_id: request.id, approver }),
      ),
    ])
  }

  async get(id: string): Promise<ApprovalRequest | null> {
    const row = await this.#rows().where('id', '=', id).executeTakeFirst()
    return row === undefined ? null : toRequest(row)
  }

  async list(filter: ApprovalFilter): Promise<readonly ApprovalRequest[]> {
    const { states, runId, visibleTo, before } = filter
    const rows = await this.#rows()
      .$if(states !== undefined, (query) => query.where('state', 'in', states ?? []))
      .$if(runId !== undefined, (query) =>
        query.where('airlock_approvals.run_id', '=', runId ?? ''),
      )
      .$if(before !== undefined, (query) =>
        query.where('position', '<', ({ selectFrom }) =>
          selectFrom('airlock_approvals')
            .select('position')
            .where('id', '=', before ?? ''),
        ),
      )
      .where((is) => (visibleTo === undefined ? is.lit(true) : isVisibleTo(is, visibleTo)))
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
    const rows = await this.#rows()
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

  #rows() {
    return this.#database.queries
      .selectFrom('airlock_approvals')
      .innerJoin('airlock_programs', (join) =>
        join
          .onRef('airlock_programs.run_id', '=', 'airlock_approvals.run_id')
          .onRef('airlock_programs.digest', '=', 'airlock_approvals.program_digest'),
      )
      .select(['request_json', 'state', 'decision_json', 'shown_json'])
  }
}

/** What `canSee` says of a request that has escalated, as a condition. */
function isVisibleTo(
  is: ExpressionBuilder<Tables, 'airlock_approvals'>,
  { userId, roles, tenantId }: Requester,
): ExpressionWrapper<Tables, 'airlock_approvals', SqlBool> {
  const isOfTenant =
    tenantId === undefined ? is('tenant_id', 'is', null) : is('tenant_id', '=', tenantId)
  if (roles.includes('admin')) return isOfTenant
  const names = [nameOf({ userId }), ...roles.map((role) => nameOf({ role }))]
  const listed = is
    .selectFrom('airlock_approvers')
    .select('approval_id')
    .where('approver', 'in', names)
  return is.and([isOfTenant, is.or([is('user_id', '=', userId), is('id', 'in', listed)])])
}

function nameOf(approver: Approver): string {
  return 'role' in approver ? `role:${approver.role}` : `user:${approver.userId}`
}

function toRequest({ request_json, state, decision_json, shown_json }: Row): ApprovalRequest {
  const stored: Omit<StoredRequest, 'capabilities'> & Partial<StoredRequest> =
    JSON.parse(request_json)
  const shown: ShownProgram = JSON.parse(shown_json)
  const decision: ApprovalDecision | null = JSON.parse(decision_json ?? 'null')
  return {
    ...stored,
    // An earlier version of this package did not write them.
    capabilities: stored.capabilities ?? [],
    ...shown,
    // Written by `insert` and `transition` alone, which take nothing but states.
    state: state as ApprovalState,
    ...(decision === null ? {} : { decision }),
  }
}
