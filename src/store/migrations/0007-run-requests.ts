import type { Compilable, Kysely } from 'kysely'

/**
 * What keeps a run's past straight: who may still write to it, which request began it, what people said of
 * calls whose outcome nobody knew, what its program had seen before each call, and how it is undone.
 */
export function runRequests({ schema }: Kysely<unknown>): readonly Compilable[] {
  const runs = () => schema.alterTable('airlock_runs')
  const journal = () => schema.alterTable('airlock_journal')
  // Many rows may have none, and no two of them the same.
  const unique = (name: string) =>
    schema.createIndex(`airlock_runs_by_${name}`).unique().on('airlock_runs').column(name)
  return [
    runs().addColumn('lease_epoch', 'bigint', (column) => column.notNull().defaultTo(1)),
    runs().addColumn('interruptions', 'integer', (column) => column.notNull().defaultTo(0)),
    runs().addColumn('turns_json', 'text'),
    runs().addColumn('request_scope', 'text'),
    runs().addColumn('request_digest', 'text'),
    runs().addColumn('rollback_of', 'text'),
    runs().addColumn('rollback_json', 'text'),
    runs().addColumn('rollback_claim', 'text'),
    unique('request_scope'),
    unique('rollback_claim'),
    schema.createIndex('airlock_runs_by_rollback_of').on('airlock_runs').column('rollback_of'),

    journal().addColumn('finished_at', 'bigint'),
    journal().addColumn('turns_json', 'text'),
    journal().addColumn('is_released', 'integer', (column) => column.notNull().defaultTo(0)),

    schema
      .createTable('airlock_resolutions')
      .addColumn('run_id', 'text', (column) => column.notNull())
      .addColumn('seq', 'integer', (column) => column.notNull())
      .addColumn('lease_epoch', 'bigint', (column) => column.notNull())
      .addColumn('tenant_id', 'text')
      .addColumn('resolution_id', 'text', (column) => column.notNull())
      .addColumn('resolution_json', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('airlock_resolutions_key', ['run_id', 'seq', 'lease_epoch']),
  ]
}
