/**
 * For whom a run happens: the part of an authenticated user that the harness needs. Whoever has no tenant
 * is outside every tenant: only what has no tenant either is within their reach.
 */
export interface Requester {
  readonly userId: string
  readonly roles: readonly string[]
  /** Groups of people within the tenant, as the host's directory has them. Absent means none. */
  readonly groups?: readonly string[]
  readonly tenantId?: string
}

/** What a run may do to the world, from mildest to strictest; `execute` is a program the caller brought. */
export type Action = 'read' | 'write' | 'execute'

const STRICTNESS: Readonly<Record<Action, number>> = { read: 0, write: 1, execute: 2 }

/** The strictest of several actions. */
export function strictestAction(...actions: readonly Action[]): Action {
  return actions.reduce((a, b) => (STRICTNESS[b] > STRICTNESS[a] ? b : a), 'read')
}
