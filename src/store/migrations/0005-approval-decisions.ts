import type { Compilable, Kysely } from 'kysely'

/** Nothing yet. */
export function approvalDecisions(_db: Kysely<unknown>): readonly Compilable[] {
  return []
}
