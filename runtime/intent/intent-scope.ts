import type { Action } from '../../harness/index.ts'
import type { Intent } from './intent.ts'

/**
 * What an endpoint is there for. A list that is present allows what it names and nothing else, so an
 * empty one allows nothing; a list that is absent does not restrict.
 */
export interface IntentScope {
  readonly actions?: readonly Action[]
  readonly domains?: readonly string[]
}

/**
 * Says whether an intent is within a scope. An unknown or missing domain is in no list. Ask again
 * with the effective action once the program is known: an intent may call itself milder than it is.
 */
export function isInScope(intent: Pick<Intent, 'action' | 'domain'>, scope: IntentScope): boolean {
  const { actions, domains } = scope
  if (actions !== undefined && !actions.includes(intent.action)) return false
  if (domains === undefined) return true
  return intent.domain !== undefined && domains.includes(intent.domain)
}
