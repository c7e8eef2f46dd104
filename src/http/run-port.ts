import type { AuthorizationPolicy } from '../authorization/authorization-policy.ts'
import { Operation } from '../authorization/operation.ts'
import { currentOutcome } from '../current-outcome.ts'
import { AuthorizationError, RequestError } from '../errors.ts'
import type { Runs } from '../runs.ts'
import type { AuthUser } from '../security/auth-user.ts'
import type { Store } from '../store/open-store.ts'
import type { RunRecord } from '../store/run-store.ts'
import type { AppPort } from './app-port.ts'

/** What the part about runs is made from. */
export interface RunPortOptions {
  readonly authorization: AuthorizationPolicy
  readonly started: () => Promise<{ readonly store: Store }>
  readonly runs: Runs
}

type RunPort = Pick<AppPort, 'getRun' | 'listRuns' | 'resolveRun' | 'planRollback' | 'rollbackRun'>

/** The part of the port that is about runs. A run that a caller may not see does not exist for them. */
export function createRunPort({ authorization, started, runs }: RunPortOptions): RunPort {
  const mayDo = async (user: AuthUser | null, operation: Operation, run: RunRecord) =>
    (await authorization.checkPermission({ user, operation, resource: resourceOf(run) })) === true

  const runOf = async (user: AuthUser | null, runId: string) => {
    const run = await (await started()).store.runs.get(runId)
    if (run !== null && (await mayDo(user, Operation.READ_RUN, run))) return run
    throw new RequestError('ERR_RUN_NOT_FOUND', 'There is no such run of yours')
  }

  const authorize = async (user: AuthUser | null, operation: Operation, runId: string) => {
    const resource = resourceOf(await runOf(user, runId))
    await authorization.authorize({ user, operation, resource })
  }

  return {
    async getRun(user, runId) {
      return currentOutcome(await runOf(user, runId))
    },

    async listRuns(user, { status, limit = 100 }) {
      const { store } = await started()
      const statuses = status === undefined ? {} : { statuses: [status] }
      const seen = []
      let before: { readonly before?: string } = {}
      // A caller who may see few of them must not have the whole store read.
      for (let looked = 0; looked < MAX_LOOKED_AT; looked += PAGE) {
        const page = await store.runs.list({ ...statuses, ...before, limit: PAGE })
        for (const run of page) {
          if (await mayDo(user, Operation.READ_RUN, run)) seen.push(currentOutcome(run))
          if (seen.length === limit) return seen
        }
        const last = page.at(-1)
        if (last === undefined || page.length < PAGE) return seen
        before = { before: last.runId }
      }
      return seen
    },

    async resolveRun(user, runId, said) {
      await runOf(user, runId)
      if (user === null) throw new AuthorizationError()
      return runs.resolve(runId, { ...said, operator: user })
    },

    async planRollback(user, runId) {
      await authorize(user, Operation.ROLLBACK_RUN, runId)
      return runs.rollbackPlan(runId)
    },

    async rollbackRun(user, runId, partial) {
      await runOf(user, runId)
      return runs.rollback(runId, { user, partial })
    },
  }
}

const PAGE = 500

/** How many of the newest runs a list is made from. */
const MAX_LOOKED_AT = 10_000

function resourceOf({ requester }: RunRecord) {
  return {
    ...(requester === null ? {} : { ownerId: requester.userId }),
    ...(requester?.tenantId === undefined ? {} : { tenantId: requester.tenantId }),
  }
}
