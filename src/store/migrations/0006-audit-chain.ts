import type { Compilable, Kysely } from 'kysely'

/**
 * The chain of audit records with its checkpoints and keys, the index that traces are searched by, and
 * the keys that personal data is encrypted with. Traces of before are kept aside until they are chained.
 */
export function auditChain(db: Kysely<unknown>): readonly Compilable[] {
  return [...chainTables(db), ...traceTables(db), subjectTable(db)]
}

function chainTables(db: Kysely<unknown>): readonly Compilable[] {
  const { schema } = db
  return [
    schema
      .createTable('airlock_audit_head')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('chain_id', 'text', (column) => column.notNull())
      .addColumn('position', 'bigint', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('total_bytes', 'bigint', (column) => column.notNull())
      .addColumn('floor', 'bigint', (column) => column.notNull()),
    schema
      .createTable('airlock_audit_records')
      .addColumn('position', 'bigserial', (column) => column.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('run_id', 'text')
      .addColumn('payload', 'text')
      .addColumn('payload_digest', 'text', (column) => column.notNull())
      .addColumn('previous_hash', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('total_bytes', 'bigint', (column) => column.notNull()),
    searched(db, 'airlock_audit_records', 'run_id'),
    schema
      .createTable('airlock_audit_checkpoints')
      .addColumn('position', 'bigserial', (column) => column.primaryKey())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('key_id', 'text', (column) => column.notNull())
      .addColumn('signature', 'text', (column) => column.notNull()),
    schema
      .createTable('airlock_audit_keys')
      .addColumn('key_id', 'text', (column) => column.primaryKey())
      .addColumn('position', 'bigint', (column) => column.notNull())
      .addColumn('public_key', 'text', (column) => column.notNull())
      .addColumn('previous_key_id', 'text')
      .addColumn('signature', 'text'),
  ]
}

function traceTables(db: Kysely<unknown>): readonly Compilable[] {
  const { schema } = db
  return [
    schema.alterTable('airlock_traces').renameTo('airlock_unchained_traces'),
    schema
      .createTable('airlock_traces')
      .addColumn('position', 'bigserial', (column) => column.primaryKey())
      .addColumn('run_id', 'text', (column) => column.notNull().unique())
      .addColumn('record_position', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('tenant_id', 'text')
      .addColumn('user_id', 'text')
      .addColumn('owner_json', 'text', (column) => column.notNull())
      .addColumn('endpoint', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('verdict', 'text'),
    // Each with the position behind it: a page is read off the index from where the one before ended.
    searched(db, 'airlock_traces', 'at'),
    searched(db, 'airlock_traces', 'owner_json'),
    searched(db, 'airlock_traces', 'user_id'),
    searched(db, 'airlock_traces', 'endpoint'),
    searched(db, 'airlock_traces', 'status'),
    searched(db, 'airlock_traces', 'verdict'),
    schema
      .createTable('airlock_trace_names')
      .addColumn('position', 'bigint', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('airlock_trace_names_key', ['position', 'name']),
    searched(db, 'airlock_trace_names', 'name'),
  ]
}

function subjectTable(db: Kysely<unknown>): Compilable {
  return db.schema
    .createTable('airlock_subjects')
    .addColumn('subject_id', 'text', (column) => column.primaryKey())
    .addColumn('owner_json', 'text', (column) => column.unique())
    .addColumn('wrapped_key', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('erased_at', 'bigint')
}

function searched(db: Kysely<unknown>, table: string, column: string): Compilable {
  return db.schema.createIndex(`${table}_search_${column}`).on(table).columns([column, 'position'])
}
