import type { Requester } from '../harness/index.ts'

/**
 * Whose programs may share a sandbox process: one caller's at one endpoint and one way in (`caller`,
 * the default), one user's (`user`), one tenant's (`tenant`), or nobody's (`none`).
 */
export type TrustDomain = 'caller' | 'user' | 'tenant' | 'none'

/** The names of the {@link TrustDomain}s, narrowest first. */
export const TRUST_DOMAINS: readonly TrustDomain[] = ['none', 'caller', 'user', 'tenant']

/**
 * The key of a run's trust domain: equal keys may share a process.
 *
 * @returns Undefined for a run that is alone: without an identity, or without the tenant that would be shared.
 */
export function trustDomainOf(
  within: TrustDomain,
  run: {
    readonly requester: Requester | null
    readonly endpoint: string
    readonly entrance: 'intent' | 'execute'
  },
): string | undefined {
  const { requester, endpoint, entrance } = run
  if (requester === null || within === 'none') return undefined
  const { userId, tenantId } = requester
  switch (within) {
    case 'caller':
      return JSON.stringify([tenantId ?? null, userId, endpoint, entrance])
    case 'user':
      return JSON.stringify([tenantId ?? null, userId])
    case 'tenant':
      return tenantId === undefined || tenantId === '' ? undefined : JSON.stringify([tenantId])
  }
}
