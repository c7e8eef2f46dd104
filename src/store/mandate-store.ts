import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely'
import type {
  ApprovalMandate,
  MandateFilter,
  MandateStore,
  Revocation,
} from '../../harness/index.ts'
import { insertChained } from '../audit/insert-chained.ts'
import type { Database } from './database.ts'
import { limitOf } from './list-limit.ts'
import type { MandateTable, Tables } from './tables.ts'
import type { AuditEvent, AuditTrail } from './trace-store.ts'

/** Grants and delegations in the database. They are never deleted: what was said stays on record. */
export class DatabaseMandateStore implements MandateStore {
  readonly #database: Database
  readonly #audit: AuditTrail

  /** @param audit - Where every one is put on record, or is not given. */
  constructor(database: Database, audit: AuditTrail) {
    this.#database = database
    this.#audit = audit
  }

  async insert(mandate: ApprovalMandate): Promise<void> {
    const { id, kind, granter, until } = mandate
    const row = {
      ...{ id, kind },
      tenant_id: granter.tenantId ?? null,
      granter_id: granter.userId,
      substitute_id: mandate.kind === 'delegation' ? mandate.substituteId : null,
      run_id: mandate.kind === 'grant' ? (mandate.runId ?? null) : null,
      session_id: mandate.kind === 'grant' ? (mandate.sessionId ?? null) : null,
      valid_until: until,
      mandate_json: JSON.stringify(mandate),
    }
    await this.#audit.record(eventOf(mandate, 'given'), {
      with: (_, chained) => [insertChained(this.#database, 'airlock_mandates', row, chained)],
    })
  }

  async get(id: string): Promise<ApprovalMandate | null> {
    const row = await this.#rows().where('id', '=', id).executeTakeFirst()
    return row === undefined ? null : toMandate(row)
  }

  async list(filter: MandateFilter): Promise<readonly ApprovalMandate[]> {
    const equal = {
      kind: filter.kind,
      granter_id: filter.granterId,
      substitute_id: filter.substituteId,
      run_id: filter.runId,
      session_id: filter.sessionId,
    }
    const { tenantId, activeAt } = filter
    const rows = await this.#rows()
      .where((is) =>
        is.and([
          ...Object.entries(equal).flatMap(([column, value]) =>
            value === undefined ? [] : [is(column as keyof typeof equal, '=', value)],
          ),
          ...(tenantId === undefined ? [] : [isOfTenant(is, tenantId)]),
          ...(activeAt === undefined
            ? []
            : [is('valid_until', '>', activeAt), is('revoked_at', 'is', null)]),
        ]),
      )
      .orderBy('position', 'desc')
      .limit(limitOf(filter))
      .execute()
    return rows.map(toMandate)
  }

  async revoke(id: string, { at, by }: Revocation): Promise<boolean> {
    const mandate = await this.get(id)
    if (mandate === null) return false
    const record = await this.#audit.record(
      eventOf({ ...mandate, revoked: { at, by } }, 'revoked'),
      {
        onlyIf: {
          key: `mandate ${id}`,
          holds: ({ queries }) =>
            queries
              .selectFrom('airlock_mandates')
              .select('id')
              .where('id', '=', id)
              .where('revoked_at', 'is', null),
        },
        with: (_, chained) => [
          this.#database.queries
            .updateTable('airlock_mandates')
            .set({ revoked_at: at, revoked_by: by })
            .where('id', '=', id)
            .where(chained.is),
        ],
      },
    )
    return record !== null
  }

  #rows() {
    return this.#database.queries
      .selectFrom('airlock_mandates')
      .select(['mandate_json', 'revoked_at', 'revoked_by'])
  }
}

/** A grant or a delegation for the audit. What is personal in it is its giver's. */
function eventOf(mandate: ApprovalMandate, what: 'given' | 'revoked'): AuditEvent {
  const { id, kind, granter, until } = mandate
  const runId = mandate.kind === 'grant' ? mandate.runId : undefined
  return {
    ...{ kind: `${kind}.${what}`, owner: granter, place: `mandate ${id} ${what}` },
    ...(runId === undefined ? {} : { runId }),
    facts: { id, until },
    personal: JSON.parse(JSON.stringify(mandate)),
  }
}

function isOfTenant(
  is: ExpressionBuilder<Tables, 'airlock_mandates'>,
  tenantId: string | null,
): ExpressionWrapper<Tables, 'airlock_mandates', SqlBool> {
  return tenantId === null ? is('tenant_id', 'is', null) : is('tenant_id', '=', tenantId)
}

function toMandate({
  mandate_json,
  revoked_at,
  revoked_by,
}: Pick<MandateTable, 'mandate_json' | 'revoked_at' | 'revoked_by'>): ApprovalMandate {
  const mandate: ApprovalMandate = JSON.parse(mandate_json)
  if (revoked_at === null) return mandate
  return { ...mandate, revoked: { at: revoked_at, by: revoked_by ?? '' } }
}
