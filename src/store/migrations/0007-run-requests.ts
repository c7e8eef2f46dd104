import type { Compilable, Kysely } from 'kysely'

/** Nothing yet. */
export function runRequests(_db: Kysely<unknown>): readonly Compilable[] {
  return []
}
