import { randomBytes } from 'node:crypto'
import type { Compilable } from 'kysely'
import type { TraceOwner } from '../../harness/index.ts'
import type { Database } from '../store/database.ts'
import { ownerKeyOf } from '../store/subject-keys.ts'
import type { Chained } from './chain-statements.ts'

/**
 * The statements that remove what says who somebody was from the columns that rows are found by. What is
 * encrypted in those rows is unreadable without their key and stays.
 */
export function forgetPerson(
  { queries }: Database,
  person: NonNullable<TraceOwner>,
  chained: Chained,
): readonly Compilable[] {
  const { userId, tenantId = null } = person
  // One name for all rows, so that they still belong together; in the same tenant, so that its admins find them.
  const name = `erased-${randomBytes(9).toString('base64url')}`
  const owner = { userId: name, ...(tenantId === null ? {} : { tenantId }) }
  const sessions = queries
    .selectFrom('airlock_sessions')
    .select('session_id')
    .where('user_id', '=', userId)
    .where('tenant_id', 'is not distinct from', tenantId)
  return [
    queries
      .updateTable('airlock_traces')
      .set({ user_id: name, owner_json: ownerKeyOf(owner) })
      .where('owner_json', '=', ownerKeyOf(person))
      .where(chained.is),
    queries
      .updateTable('airlock_runs')
      .set({ user_id: name })
      .where('user_id', '=', userId)
      .where('tenant_id', 'is not distinct from', tenantId)
      .where(chained.is),
    queries
      .deleteFrom('airlock_session_turns')
      .where('session_id', 'in', sessions)
      .where(chained.is),
    queries
      .deleteFrom('airlock_sessions')
      .where('user_id', '=', userId)
      .where('tenant_id', 'is not distinct from', tenantId)
      .where(chained.is),
  ]
}
