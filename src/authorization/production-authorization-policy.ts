import { ConfigurationError, isApprover } from '../../harness/index.ts'
import type { AuthUser } from '../security/auth-user.ts'
import {
  AuthorizationPolicy,
  type AuthorizationRequest,
  type AuthorizedResource,
} from './authorization-policy.ts'
import { ALL_OPERATIONS, Operation } from './operation.ts'

/** Who may do what. Whatever is not listed is denied. */
export interface ProductionAuthorizationPolicyOptions {
  /**
   * Operations per role, on everything in the user's tenant. Added to `{ admin: every operation }`;
   * name `admin` to replace that.
   */
  readonly roles?: { readonly [role: string]: readonly Operation[] }
  /**
   * Operations of every authenticated user, on what is their own. Replaces the default: everything.
   */
  readonly authenticated?: readonly Operation[]
}

/** What a caller without credentials may do, and only where the endpoint says that it is public. */
const ANONYMOUS: readonly Operation[] = [Operation.RUN_ENDPOINT, Operation.EXECUTE_PROGRAM]

/**
 * Closed by default. A caller without credentials may use public endpoints and nothing else. An
 * authenticated user may run endpoints, bring programs where the endpoint takes them, and see their own
 * runs with their audit records and the approvals that concern them: those they asked for or are listed
 * to decide. The role `admin` may do everything to everything in the same tenant.
 *
 * Tenants are walls for every role. A user without a tenant reaches resources without a tenant only,
 * and among those, as everywhere, only their own unless a role gives them the operation. Rates are
 * not limited unless `checkRateLimit` is overridden.
 *
 * @throws {ConfigurationError} At construction, if an operation does not exist.
 *
 * @example
 * ```ts
 * class MachinePolicy extends ProductionAuthorizationPolicy {
 *   override async checkPermission(request: AuthorizationRequest): Promise<boolean> {
 *     const isMachine = request.user?.metadata['type'] === 'm2m'
 *     if (isMachine && request.operation === Operation.RESOLVE_APPROVAL) return false
 *     return super.checkPermission(request)
 *   }
 * }
 *
 * new MachinePolicy({ roles: { auditor: [Operation.READ_AUDIT, Operation.READ_RUN] } })
 * ```
 */
export class ProductionAuthorizationPolicy extends AuthorizationPolicy {
  readonly #roles: ReadonlyMap<string, ReadonlySet<Operation>>
  readonly #authenticated: ReadonlySet<Operation>

  constructor(options: ProductionAuthorizationPolicyOptions = {}) {
    super()
    const roles = Object.entries({ admin: ALL_OPERATIONS, ...options.roles })
    this.#roles = new Map(roles.map(([role, operations]) => [role, readOperations(operations)]))
    this.#authenticated = readOperations(options.authenticated ?? ALL_OPERATIONS)
  }

  override async checkPermission(request: AuthorizationRequest): Promise<boolean> {
    const { user, operation, endpoint, resource } = request
    if (user === null) return ANONYMOUS.includes(operation) && endpoint?.isPublic === true
    // First of all questions about a resource, so that no role ever answers it differently.
    if (resource !== undefined && resource.tenantId !== user.tenantId) return false
    if (user.roles.some((role) => this.#roles.get(role)?.has(operation))) return true
    if (!this.#authenticated.has(operation)) return false
    return resource === undefined || concerns(resource, user)
  }

  override async checkRateLimit(_request: AuthorizationRequest): Promise<boolean> {
    return true
  }
}

function readOperations(operations: readonly Operation[]): ReadonlySet<Operation> {
  if (!Array.isArray(operations) || !operations.every((name) => ALL_OPERATIONS.includes(name))) {
    throw new ConfigurationError(
      'ProductionAuthorizationPolicy needs lists of operations, for example [Operation.READ_RUN]',
    )
  }
  return new Set(operations)
}

function concerns(resource: AuthorizedResource, user: AuthUser): boolean {
  if (resource.ownerId === user.userId) return true
  return (resource.approvers ?? []).some((approver) => isApprover(approver, user))
}
