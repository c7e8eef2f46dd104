import type { Compilable, Kysely } from 'kysely'

/**
 * Each answer of each person, what approvers have said for later, and who is told of what: nobody's answer
 * replaces another's, and no notice is lost with the process that would have sent it.
 */
export function approvalDecisions({ schema }: Kysely<unknown>): readonly Compilable[] {
  const approvals = () => schema.alterTable('airlock_approvals')
  return [
    approvals().addColumn('version', 'integer', (column) => column.notNull().defaultTo(0)),
    approvals().addColumn('change_id', 'text'),

    schema
      .createTable('airlock_approval_votes')
      .addColumn('approval_id', 'text', (column) => column.notNull())
      .addColumn('nth', 'integer', (column) => column.notNull())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('approver_id', 'text', (column) => column.notNull())
      .addColumn('decided_at', 'bigint', (column) => column.notNull())
      .addColumn('vote_json', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('airlock_approval_votes_key', ['approval_id', 'nth'])
      .addUniqueConstraint('airlock_approval_votes_once', [
        'approval_id',
        'revision',
        'approver_id',
      ]),

    schema
      .createTable('airlock_mandates')
      .addColumn('position', 'bigserial', (column) => column.primaryKey())
      .addColumn('id', 'text', (column) => column.notNull().unique())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('tenant_id', 'text')
      .addColumn('granter_id', 'text', (column) => column.notNull())
      .addColumn('substitute_id', 'text')
      .addColumn('run_id', 'text')
      .addColumn('session_id', 'text')
      .addColumn('valid_until', 'bigint', (column) => column.notNull())
      .addColumn('revoked_at', 'bigint')
      .addColumn('revoked_by', 'text')
      .addColumn('mandate_json', 'text', (column) => column.notNull()),
    index(schema, 'airlock_mandates', 'granter_id'),
    index(schema, 'airlock_mandates', 'substitute_id'),
    index(schema, 'airlock_mandates', 'run_id'),
    index(schema, 'airlock_mandates', 'session_id'),

    schema
      .createTable('airlock_approval_events')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('approval_id', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('happened_at', 'bigint', (column) => column.notNull())
      .addColumn('notice_json', 'text', (column) => column.notNull()),
    index(schema, 'airlock_approval_events', 'happened_at'),

    schema
      .createTable('airlock_outbox')
      .addColumn('event_id', 'text', (column) => column.notNull())
      .addColumn('notifier', 'text', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('next_at', 'bigint', (column) => column.notNull())
      .addColumn('gave_up_at', 'bigint')
      .addColumn('last_error', 'text')
      .addPrimaryKeyConstraint('airlock_outbox_key', ['event_id', 'notifier']),
    index(schema, 'airlock_outbox', 'next_at'),
  ]
}

function index(schema: Kysely<unknown>['schema'], table: string, column: string): Compilable {
  return schema.createIndex(`${table}_by_${column}`).on(table).column(column)
}
