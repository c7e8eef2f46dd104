import type { Approver } from '../../harness/index.ts'
import { AuthorizationError, RateLimitError } from '../errors.ts'
import type { AuthUser } from '../security/auth-user.ts'
import type { Operation } from './operation.ts'

/** Something that belongs to somebody: a run, an approval request, an audit record. */
export interface AuthorizedResource {
  /** The user for whom it exists; absent when it has no owner. */
  readonly ownerId?: string
  /** The tenant it belongs to; absent when it belongs to none. */
  readonly tenantId?: string
  /** Who may decide it, for approval requests: those already added by escalation included. */
  readonly approvers?: readonly Approver[]
}

/**
 * May this caller do this, to this? Knows nothing of HTTP, so one policy answers for every way in,
 * and for a run that resumes long after its connection is gone.
 */
export interface AuthorizationRequest {
  /** `null` is nobody: a caller without credentials. */
  readonly user: AuthUser | null
  readonly operation: Operation
  /** The endpoint concerned, if one is. */
  readonly endpoint?: { readonly name: string; readonly isPublic: boolean }
  /** The thing concerned; absent for operations that make or list things. */
  readonly resource?: AuthorizedResource
}

/**
 * Decides what callers may do. Extend `ProductionAuthorizationPolicy` to change a part of it; extend
 * this class to decide everything yourself.
 */
export abstract class AuthorizationPolicy {
  /** Whether an app with this policy must refuse to listen anywhere but on this machine. */
  readonly requiresLoopback: boolean = false

  /** Whether the caller may perform the operation. A rejection denies. */
  abstract checkPermission(request: AuthorizationRequest): Promise<boolean>

  /** Whether the caller has not asked too often. Called only for what is permitted. A rejection denies. */
  abstract checkRateLimit(request: AuthorizationRequest): Promise<boolean>

  /**
   * Asks both questions in order. Usually not overridden.
   *
   * @throws {AuthorizationError} If the operation is not permitted.
   * @throws {RateLimitError} If it is permitted, and the caller asked too often.
   */
  async authorize(request: AuthorizationRequest): Promise<void> {
    // Compared with true: a subclass in JavaScript that returns something truthy has not said yes.
    if ((await this.checkPermission(request)) !== true) throw new AuthorizationError()
    if ((await this.checkRateLimit(request)) !== true) {
      throw new RateLimitError('Too many requests; wait before trying again')
    }
  }
}
