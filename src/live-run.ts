import type { AgentEndpoint } from './agent-endpoint.ts'
import type { AuthUser } from './security/auth-user.ts'
import type { RunRecord } from './store/run-store.ts'

/** A run while it goes on: its record, where it belongs, and how it is cancelled. */
export interface LiveRun {
  readonly record: RunRecord
  readonly endpoint: AgentEndpoint
  readonly user: AuthUser | null
  readonly signal: AbortSignal
}
