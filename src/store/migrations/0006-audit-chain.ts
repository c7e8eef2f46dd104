import type { Compilable, Kysely } from 'kysely'

/** Nothing yet. */
export function auditChain(_db: Kysely<unknown>): readonly Compilable[] {
  return []
}
