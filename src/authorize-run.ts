import type { AuthorizationPolicy } from './authorization/authorization-policy.ts'
import { Operation } from './authorization/operation.ts'
import { AuthorizationError } from './errors.ts'
import type { LiveRun } from './live-run.ts'
import type { Store } from './store/open-store.ts'
import type { RollbackOf } from './store/run-store.ts'

/** What authorizing needs. */
export interface AuthorizingMeans {
  readonly store: Store
  readonly authorization: AuthorizationPolicy
}

type Asked = Omit<LiveRun, 'signal'>

/**
 * May this user have this run, as of now? Asked when it begins and each time it goes on.
 *
 * @throws {AuthorizationError} They may not.
 * @throws {RateLimitError} They may, and asked too often.
 */
export async function authorizeRun(run: Asked, means: AuthorizingMeans): Promise<void> {
  const { endpoint, record, user } = run
  if (record.rollback !== undefined) return authorizeRollback(run, record.rollback, means)
  if (record.entrance === 'execute' && !endpoint.acceptsPrograms) {
    throw new AuthorizationError('This endpoint takes no programs')
  }
  await means.authorization.authorize({
    user,
    operation: record.entrance === 'execute' ? Operation.EXECUTE_PROGRAM : Operation.RUN_ENDPOINT,
    endpoint: { name: endpoint.name, isPublic: endpoint.isPublic },
  })
}

/** Whoever may undo a run is a question about that run, not about the one that undoes it. */
async function authorizeRollback(
  { endpoint, user }: Asked,
  { runId }: RollbackOf,
  { store, authorization }: AuthorizingMeans,
): Promise<void> {
  const requester = (await store.runs.get(runId))?.requester ?? null
  await authorization.authorize({
    user,
    operation: Operation.ROLLBACK_RUN,
    endpoint: { name: endpoint.name, isPublic: endpoint.isPublic },
    resource: {
      ...(requester === null ? {} : { ownerId: requester.userId }),
      ...(requester?.tenantId === undefined ? {} : { tenantId: requester.tenantId }),
    },
  })
}
