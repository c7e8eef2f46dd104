import type { Compilable, Kysely } from 'kysely'

/** Which process works on a run, and until when its word counts. */
export function runLeases({ schema }: Kysely<unknown>): readonly Compilable[] {
  return [
    schema.alterTable('airlock_runs').addColumn('lease_owner', 'text'),
    schema
      .alterTable('airlock_runs')
      .addColumn('lease_until', 'bigint', (column) => column.notNull().defaultTo(0)),
  ]
}
