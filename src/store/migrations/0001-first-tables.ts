import type { Compilable, CreateTableBuilder, Kysely } from 'kysely'

/** Runs, their journals and approvals, traces and sessions. */
export function firstTables(db: Kysely<unknown>): readonly Compilable[] {
  const { schema } = db
  return [
    ordered(schema.createTable('airlock_approvals'))
      .addColumn('id', 'text', (column) => column.notNull().unique())
      .addColumn('tenant_id', 'text')
      .addColumn('user_id', 'text')
      .addColumn('run_id', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('escalate_at', 'bigint')
      .addColumn('program_digest', 'text', (column) => column.notNull())
      .addColumn('request_json', 'text', (column) => column.notNull())
      .addColumn('decision_json', 'text'),
    index(db, 'airlock_approvals', ['run_id']),
    index(db, 'airlock_approvals', ['state', 'expires_at']),
    index(db, 'airlock_approvals', ['tenant_id', 'user_id']),

    schema
      .createTable('airlock_approvers')
      .addColumn('approval_id', 'text', (column) => column.notNull())
      .addColumn('approver', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('airlock_approvers_key', ['approval_id', 'approver']),

    schema
      .createTable('airlock_programs')
      .addColumn('run_id', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('shown_json', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('airlock_programs_key', ['run_id', 'digest']),

    schema
      .createTable('airlock_journal')
      .addColumn('run_id', 'text', (column) => column.notNull())
      .addColumn('seq', 'integer', (column) => column.notNull())
      .addColumn('tenant_id', 'text')
      .addColumn('tool', 'text', (column) => column.notNull())
      .addColumn('argument_json', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('read_only', 'integer', (column) => column.notNull())
      .addColumn('idempotency_key', 'text', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('answer_json', 'text')
      .addColumn('finished_order', 'integer')
      .addPrimaryKeyConstraint('airlock_journal_key', ['run_id', 'seq']),

    ordered(schema.createTable('airlock_runs'))
      .addColumn('run_id', 'text', (column) => column.notNull().unique())
      .addColumn('tenant_id', 'text')
      .addColumn('user_id', 'text')
      .addColumn('endpoint', 'text', (column) => column.notNull())
      .addColumn('entrance', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('requester_json', 'text', (column) => column.notNull())
      .addColumn('user_json', 'text', (column) => column.notNull())
      .addColumn('intent_json', 'text')
      .addColumn('session_id', 'text')
      .addColumn('program_json', 'text')
      .addColumn('data_json', 'text', (column) => column.notNull())
      .addColumn('determinism_json', 'text', (column) => column.notNull())
      .addColumn('outcome_json', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull()),
    index(db, 'airlock_runs', ['status']),
    index(db, 'airlock_runs', ['user_id']),

    ordered(schema.createTable('airlock_traces'))
      .addColumn('run_id', 'text', (column) => column.notNull().unique())
      .addColumn('tenant_id', 'text')
      .addColumn('user_id', 'text')
      .addColumn('owner_json', 'text', (column) => column.notNull())
      .addColumn('endpoint', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('trace_json', 'text', (column) => column.notNull()),
    index(db, 'airlock_traces', ['owner_json']),

    schema
      .createTable('airlock_sessions')
      .addColumn('session_id', 'text', (column) => column.primaryKey())
      .addColumn('tenant_id', 'text')
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull()),

    ordered(schema.createTable('airlock_session_turns'))
      .addColumn('session_id', 'text', (column) => column.notNull())
      .addColumn('tenant_id', 'text')
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .addColumn('bytes', 'integer', (column) => column.notNull()),
    index(db, 'airlock_session_turns', ['session_id']),
  ]
}

/** Adds the column that rows are listed by: one more with each row, the oldest lowest. */
function ordered<T extends string, C extends string>(
  table: CreateTableBuilder<T, C>,
): CreateTableBuilder<T, C | 'position'> {
  // On SQLite this is written `integer`, which numbers the rows there.
  return table.addColumn('position', 'bigserial', (column) => column.primaryKey())
}

function index(db: Kysely<unknown>, table: string, columns: readonly string[]): Compilable {
  return db.schema
    .createIndex(`${table}_by_${columns.join('_')}`)
    .on(table)
    .columns([...columns])
}
