import type { Compilable, Kysely } from 'kysely'

/** What reached a tool where a policy narrowed the argument of the program. */
export function effectiveArguments({ schema }: Kysely<unknown>): readonly Compilable[] {
  return [schema.alterTable('airlock_journal').addColumn('effective_json', 'text')]
}
