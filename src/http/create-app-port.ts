import {
  type ApprovalMandates,
  type ApprovalWorkflow,
  type IsolationFacts,
  type JsonValue,
  SandboxError,
  type TraceOwner,
} from '../../harness/index.ts'
import { declareTools } from '../../runtime/index.ts'
import type { AgentEndpoint } from '../agent-endpoint.ts'
import type { ApprovalEvents } from '../approval-events.ts'
import type { Approvals } from '../approvals.ts'
import type {
  AuthorizationPolicy,
  AuthorizationRequest,
} from '../authorization/authorization-policy.ts'
import { Operation } from '../authorization/operation.ts'
import { RequestError } from '../errors.ts'
import type { RunPath } from '../run-intent.ts'
import type { Runs } from '../runs.ts'
import type { AuthUser } from '../security/auth-user.ts'
import type { Authenticator } from '../security/authenticator.ts'
import type { Store } from '../store/open-store.ts'
import type { AppPort } from './app-port.ts'
import { createApprovalPort } from './approval-port.ts'
import type { ApprovalStreams } from './approval-stream.ts'
import { createRunPort } from './run-port.ts'

/** What the port is made from. */
export interface AppPortOptions {
  readonly title: string
  readonly maxBodyBytes: number
  readonly maxIntentLength: number
  readonly auth: Authenticator | null
  readonly authorization: AuthorizationPolicy
  readonly endpoints: ReadonlyMap<string, AgentEndpoint>
  readonly started: () => Promise<{
    readonly store: Store
    readonly path: RunPath
    readonly opened: { readonly workflow: ApprovalWorkflow; readonly mandates: ApprovalMandates }
  }>
  readonly approvals: Approvals
  readonly events: ApprovalEvents
  readonly streams: ApprovalStreams
  readonly runs: Runs
  readonly isolation: () => Promise<IsolationFacts>
}

/** Connects the HTTP routes with an app. Everything a caller may not see does not exist for them. */
export function createAppPort(options: AppPortOptions): AppPort {
  const { authorization, endpoints, started } = options

  // Compared with true, as `authorize` does: something truthy from a subclass is not a yes.
  const may = async (request: AuthorizationRequest) =>
    (await authorization.checkPermission(request)) === true

  const mayRun = (user: AuthUser | null, endpoint: AgentEndpoint, operation: Operation) =>
    may({
      user,
      operation,
      endpoint: { name: endpoint.name, isPublic: endpoint.isPublic },
    })

  const endpointOf = (name: string) => {
    const endpoint = endpoints.get(name)
    if (endpoint !== undefined) return endpoint
    throw new RequestError('ERR_ENDPOINT_NOT_FOUND', 'There is no such endpoint')
  }

  return {
    title: options.title,
    maxBodyBytes: options.maxBodyBytes,
    maxIntentLength: options.maxIntentLength,
    appGuard: { authenticator: options.auth, isPublic: false },

    guardOf(name) {
      const endpoint = endpoints.get(name)
      if (endpoint === undefined) return null
      return { authenticator: endpoint.authenticator, isPublic: endpoint.isPublic }
    },

    async runIntent({ endpoint, ...request }) {
      return (await started()).path.intent(endpointOf(endpoint), request)
    },

    async execute({ endpoint, ...request }) {
      return (await started()).path.execute(endpointOf(endpoint), request)
    },

    ...createRunPort(options),

    async capabilities(user) {
      await authorization.authorize({ user, operation: Operation.READ_CAPABILITIES })
      const visible = []
      for (const endpoint of endpoints.values()) {
        if (!(await mayRun(user, endpoint, Operation.RUN_ENDPOINT))) continue
        const mayExecute =
          endpoint.acceptsPrograms && (await mayRun(user, endpoint, Operation.EXECUTE_PROGRAM))
        const writes = endpoint.tools.some(({ readOnly }) => !readOnly)
        visible.push({
          name: endpoint.name,
          description: endpoint.description,
          tools: declareTools(endpoint.tools),
          actions: ['read', ...(writes ? ['write'] : []), ...(mayExecute ? ['execute'] : [])],
          limits: { ...endpoint.limits },
          isolation: await verified(() => endpoint.sandbox.probe()),
        })
      }
      const isolation = await verified(options.isolation)
      return { title: options.title, endpoints: visible, isolation }
    },

    ...createApprovalPort(options),
    streams: options.streams,

    async listTraces(user, search) {
      await authorization.authorize({ user, operation: Operation.READ_AUDIT })
      const { audit } = (await started()).store
      // A record's owner is all that a policy can judge it by, so it is asked once about each of them.
      const mayRead = (owner: TraceOwner) => {
        const resource = resourceOf({ requester: owner })
        return may({ user, operation: Operation.READ_AUDIT, resource })
      }
      return audit.search({ ...search, mayRead })
    },
  }
}

/** Facts as everybody who runs a program is told them; `null` where no program can run at all. */
async function verified(probe: () => Promise<IsolationFacts>): Promise<JsonValue> {
  try {
    const { level, engine, driver, layers, missing } = await probe()
    return { level, engine, driver, layers, missing: missing.map((layer) => ({ ...layer })) }
  } catch (error) {
    if (error instanceof SandboxError) return null
    throw error
  }
}

function resourceOf({
  requester,
}: {
  readonly requester: { readonly userId: string; readonly tenantId?: string } | null
}) {
  return {
    ...(requester === null ? {} : { ownerId: requester.userId }),
    ...(requester?.tenantId === undefined ? {} : { tenantId: requester.tenantId }),
  }
}
