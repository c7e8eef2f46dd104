import { AuthorizationPolicy } from './authorization-policy.ts'

/**
 * Allows everything to everybody, nobody included. For a developer's own machine: an app with this
 * policy refuses to listen on any address that other machines can reach.
 *
 * @example
 * ```ts
 * const app = new AgenticApp({
 *   title: 'Scratch',
 *   store: ':memory:',
 *   model,
 *   authorization: new DevelopmentAuthorizationPolicy(),
 * })
 * ```
 */
export class DevelopmentAuthorizationPolicy extends AuthorizationPolicy {
  override readonly requiresLoopback = true

  override async checkPermission(): Promise<boolean> {
    return true
  }

  override async checkRateLimit(): Promise<boolean> {
    return true
  }
}
