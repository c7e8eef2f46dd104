import type { Compilable, Kysely } from 'kysely'

/** The programs of a run that failed and were sent back to the model. */
export function runAttempts({ schema }: Kysely<unknown>): readonly Compilable[] {
  return [schema.alterTable('airlock_runs').addColumn('attempts_json', 'text')]
}
