import { SessionError, type SessionTurn } from '../runtime/index.ts'
import type { RunOutcome } from './run-outcome.ts'
import type { RunRecord } from './store/run-store.ts'
import type { SessionStore } from './store/session-store.ts'

/** What a caller gives as session id to begin one. */
const NEW_SESSION = 'new'

/**
 * The turns before a run in its session.
 *
 * @throws {SessionError} When there is no such session of the requester's; somebody else's is the same
 * as none.
 */
export async function turnsOf(
  { sessionId, requester }: RunRecord,
  sessions: SessionStore,
): Promise<readonly SessionTurn[]> {
  if (sessionId === undefined) return []
  if (requester === null)
    throw new SessionError('A session belongs to a user, and nobody is asking')
  if (sessionId === NEW_SESSION) return []
  const session = await sessions.get(sessionId, requester)
  if (session === null) throw new SessionError('There is no such session of yours')
  return session.turns
}

/** Adds the turns of a completed run to its session, or begins one with them. */
export async function rememberTurns(
  { sessionId, requester, intent }: RunRecord,
  outcome: RunOutcome,
  sessions: SessionStore,
): Promise<RunOutcome> {
  if (sessionId === undefined || requester === null || intent === undefined) return outcome
  if (outcome.status !== 'completed') return outcome
  const kept = await sessions.append(
    sessionId === NEW_SESSION ? null : sessionId,
    requester,
    { role: 'user', content: intent.raw },
    { role: 'assistant', content: JSON.stringify(outcome.result) },
  )
  return kept === null ? outcome : { ...outcome, sessionId: kept }
}
