import { createHash, randomBytes } from 'node:crypto'
import type { Compilable, ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely'
import {
  type ApprovalChange,
  type ApprovalDecision,
  type ApprovalFilter,
  type ApprovalRequest,
  type ApprovalState,
  type ApprovalStore,
  type ApprovalVote,
  approvalDigest,
  nameOfApprover,
  type Requester,
} from '../../harness/index.ts'
import { insertChained } from '../audit/insert-chained.ts'
import { type ApprovalNotice, noticeOf } from '../notifiers/approval-notice.ts'
import type { Database } from './database.ts'
import { limitOf } from './list-limit.ts'
import { SharedReads } from './shared-reads.ts'
import type { ApprovalTable, ProgramTable, Tables } from './tables.ts'
import type { AuditEvent, AuditTrail } from './trace-store.ts'
import { Turns } from './turns.ts'

/** What an approver is shown of a program. A run that asks about many calls stores it once. */
type ShownProgram = Pick<ApprovalRequest, 'program' | 'plan'>

type StoredRequest = Omit<
  ApprovalRequest,
  'state' | 'version' | 'votes' | 'decision' | keyof ShownProgram
>

type Row = Pick<ApprovalTable, 'request_json' | 'state' | 'decision_json'> &
  Pick<ProgramTable, 'shown_json'> & { readonly id: string; readonly version: number }

/** Most requests that one sweep looks at; the next sweep takes those that are left. */
const MAX_DUE = 1_000

/**
 * Approval requests in the database. A change is one conditional UPDATE, so one caller wins; votes and
 * what notifiers have to be told are written with it or not at all.
 */
export class DatabaseApprovalStore implements ApprovalStore {
  readonly #database: Database
  readonly #audit: AuditTrail
  readonly #notifiers: readonly string[]
  readonly #turns = new Turns()
  readonly #reads = new SharedReads((id) => this.#get(id))

  /**
   * @param audit - Where every change is put on record, or is not made.
   * @param notifiers - The names of those who are told of what happens.
   */
  constructor(database: Database, audit: AuditTrail, notifiers: readonly string[] = []) {
    this.#database = database
    this.#audit = audit
    this.#notifiers = notifiers
  }

  async insert(request: ApprovalRequest): Promise<void> {
    const { queries } = this.#database
    const { program, plan } = request
    const shown = JSON.stringify({ program, plan } satisfies ShownProgram)
    const digest = createHash('sha256').update(shown).digest('hex')
    const approvers = new Set(
      [...request.approvers, ...(request.escalation?.to ?? [])].map(nameOfApprover),
    )
    const changeId = randomBytes(16).toString('base64url')
    const { state, votes, createdAt } = request
    const change = { event: state, at: createdAt, votes } as const
    const row = {
      id: request.id,
      tenant_id: request.requester?.tenantId ?? null,
      user_id: request.requester?.userId ?? null,
      run_id: request.runId,
      program_digest: digest,
      change_id: changeId,
      ...columnsOf(request),
    }
    await this.#audit.record(eventOf(request, change), {
      with: (_, chained) => [
        queries
          .insertInto('airlock_programs')
          .values({ run_id: request.runId, digest, shown_json: shown })
          .onConflict((conflict) => conflict.columns(['run_id', 'digest']).doNothing()),
        insertChained({ queries }, 'airlock_approvals', row, chained),
        ...[...approvers].map((approver) => {
          const listed = { approval_id: request.id, approver }
          return insertChained({ queries }, 'airlock_approvers', listed, chained)
        }),
        ...this.#consequences(request, change, changeId),
      ],
    })
  }

  replace(next: ApprovalRequest, change: ApprovalChange): Promise<boolean> {
    return this.#turns.take(next.id, next.version, () => this.#replace(next, change))
  }

  async #replace(next: ApprovalRequest, change: ApprovalChange): Promise<boolean> {
    const changeId = randomBytes(16).toString('base64url')
    const before = next.version - 1
    const record = await this.#audit.record(eventOf(next, change), {
      onlyIf: {
        key: `approval ${next.id} ${before}`,
        holds: ({ queries }) =>
          queries
            .selectFrom('airlock_approvals')
            .select('id')
            .where('id', '=', next.id)
            .where('version', '=', before),
      },
      with: (_, chained) => [
        this.#database.queries
          .updateTable('airlock_approvals')
          .set({ ...columnsOf(next), change_id: changeId })
          .where('id', '=', next.id)
          .where('version', '=', before)
          .where(chained.is),
        ...this.#consequences(next, change, changeId),
      ],
    })
    return record !== null
  }

  /** Votes, the event and the notices of a change: written only where the change itself was. */
  #consequences(
    request: ApprovalRequest,
    { event, at, votes = [] }: ApprovalChange,
    changeId: string,
  ): readonly Compilable[] {
    const { queries } = this.#database
    const written = () =>
      queries
        .selectFrom('airlock_approvals')
        .where('id', '=', request.id)
        .where('change_id', '=', changeId)
    const first = request.votes.length - votes.length
    const notice = noticeOf(request, event, at)
    return [
      ...votes.map((vote, index) =>
        queries
          .insertInto('airlock_approval_votes')
          .columns(['approval_id', 'nth', 'revision', 'approver_id', 'decided_at', 'vote_json'])
          .expression(
            written().select(({ val, cast }) => [
              'id',
              cast<number>(val(first + index), 'integer').as('nth'),
              cast<number>(val(vote.revision), 'integer').as('revision'),
              cast<string>(val(vote.approverId), 'text').as('approver_id'),
              cast<number>(val(vote.decidedAt), 'bigint').as('decided_at'),
              cast<string>(val(JSON.stringify(vote)), 'text').as('vote_json'),
            ]),
          ),
      ),
      queries
        .insertInto('airlock_approval_events')
        .columns(['id', 'approval_id', 'kind', 'happened_at', 'notice_json'])
        .expression(
          written().select(({ val, cast }) => [
            cast<string>(val(notice.id), 'text').as('event_id'),
            'id',
            cast<string>(val(event), 'text').as('kind'),
            cast<number>(val(at), 'bigint').as('happened_at'),
            cast<string>(val(JSON.stringify(notice satisfies ApprovalNotice)), 'text').as('notice'),
          ]),
        ),
      ...this.#notifiers.map((notifier) =>
        queries
          .insertInto('airlock_outbox')
          .columns(['event_id', 'notifier', 'next_at'])
          .expression(
            written().select(({ val, cast }) => [
              cast<string>(val(notice.id), 'text').as('event_id'),
              cast<string>(val(notifier), 'text').as('notifier'),
              cast<number>(val(at), 'bigint').as('next_at'),
            ]),
          ),
      ),
    ]
  }

  get(id: string): Promise<ApprovalRequest | null> {
    return this.#reads.get(id)
  }

  async #get(id: string): Promise<ApprovalRequest | null> {
    const row = await this.#rows().where('id', '=', id).executeTakeFirst()
    if (row === undefined) return null
    return (await this.#withVotes([row]))[0] ?? null
  }

  async list(filter: ApprovalFilter): Promise<readonly ApprovalRequest[]> {
    const { states, runId, visibleTo, actingFor, before } = filter
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
      .where((is) =>
        visibleTo === undefined ? is.lit(true) : isVisibleTo(is, visibleTo, actingFor ?? []),
      )
      .orderBy('position', 'desc')
      .limit(limitOf(filter))
      .execute()
    return this.#withVotes(rows)
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
    return this.#withVotes(rows)
  }

  #rows() {
    return this.#database.queries
      .selectFrom('airlock_approvals')
      .innerJoin('airlock_programs', (join) =>
        join
          .onRef('airlock_programs.run_id', '=', 'airlock_approvals.run_id')
          .onRef('airlock_programs.digest', '=', 'airlock_approvals.program_digest'),
      )
      .select(['id', 'request_json', 'state', 'version', 'decision_json', 'shown_json'])
  }

  async #withVotes(rows: readonly Row[]): Promise<readonly ApprovalRequest[]> {
    const changed = rows.filter(
      ({ version, decision_json }) => version > 0 || decision_json !== null,
    )
    if (changed.length === 0) return rows.map((row) => toRequest(row, []))
    const votes = await this.#database.queries
      .selectFrom('airlock_approval_votes')
      .select(['approval_id', 'vote_json'])
      .where(
        'approval_id',
        'in',
        changed.map(({ id }) => id),
      )
      .orderBy('nth')
      .execute()
    return rows.map((row) =>
      toRequest(
        row,
        votes
          .filter(({ approval_id }) => approval_id === row.id)
          .map(({ vote_json }): ApprovalVote => JSON.parse(vote_json)),
      ),
    )
  }
}

/** A change of a request for the audit: what was decided by whom about what, in the words of the request. */
function eventOf(request: ApprovalRequest, { event, at, votes = [] }: ApprovalChange): AuditEvent {
  const { id, runId, endpoint, rule, action, state, version, subject, requester } = request
  const { decision, digest } = request
  return {
    ...{ kind: `approval.${event}`, runId, owner: requester },
    place: `approval ${id} ${version}`,
    facts: { id, endpoint, rule, action, state, version, at, newVotes: votes.length },
    personal: JSON.parse(JSON.stringify({ requester, subject, digest, votes, decision })),
  }
}

function columnsOf(request: ApprovalRequest) {
  const { state, version, votes: _, decision, program: __, plan: ___, ...stored } = request
  return {
    state,
    version,
    expires_at: request.expiresAt,
    escalate_at: request.escalation?.at ?? null,
    request_json: JSON.stringify(stored satisfies StoredRequest),
    decision_json: decision === undefined ? null : JSON.stringify(decision),
  }
}

type Conditions = ExpressionBuilder<Tables, 'airlock_approvals'>
type Condition = ExpressionWrapper<Tables, 'airlock_approvals', SqlBool>

/** What `canSee` says of a request that has escalated, as a condition. */
function isVisibleTo(is: Conditions, user: Requester, actingFor: readonly Requester[]): Condition {
  const { userId, roles } = user
  const own = roles.includes('admin')
    ? isOfTenant(is, user)
    : is.and([isOfTenant(is, user), is.or([is('user_id', '=', userId), isListed(is, user)])])
  const others = actingFor.map((person) => is.and([isOfTenant(is, person), isListed(is, person)]))
  return is.or([own, ...others])
}

function isOfTenant(is: Conditions, { tenantId }: Requester): Condition {
  return tenantId === undefined ? is('tenant_id', 'is', null) : is('tenant_id', '=', tenantId)
}

function isListed(is: Conditions, { userId, roles, groups = [] }: Requester): Condition {
  const approvers = [
    { userId },
    ...roles.map((role) => ({ role })),
    ...groups.map((group) => ({ group })),
  ]
  const listed = is
    .selectFrom('airlock_approvers')
    .select('approval_id')
    .where('approver', 'in', approvers.map(nameOfApprover))
  return is('id', 'in', listed)
}

function toRequest(row: Row, votes: readonly ApprovalVote[]): ApprovalRequest {
  const stored: StoredRequest = JSON.parse(row.request_json)
  const shown: ShownProgram = JSON.parse(row.shown_json)
  const decision: ApprovalDecision | null = JSON.parse(row.decision_json ?? 'null')
  const digest = approvalDigest({ ...stored, program: shown.program })
  return {
    // What an earlier version of this package did not write.
    ...{ capabilities: [], quorum: 1, edits: [], revision: 0, digest },
    ...stored,
    ...shown,
    // Written by `insert` and `replace` alone, which take nothing but states.
    state: row.state as ApprovalState,
    version: row.version,
    votes,
    ...(decision === null ? {} : { decision }),
  }
}
