import {
  ApprovalError,
  type ApprovalRequest,
  type ApprovalWorkflow,
  canSee,
  type IsolationFacts,
  type JsonValue,
  SandboxError,
} from '../../harness/index.ts'
import { declareTools } from '../../runtime/index.ts'
import type { AgentEndpoint } from '../agent-endpoint.ts'
import type { Approvals } from '../approvals.ts'
import type {
  AuthorizationPolicy,
  AuthorizationRequest,
} from '../authorization/authorization-policy.ts'
import { Operation } from '../authorization/operation.ts'
import { currentOutcome } from '../current-outcome.ts'
import { AuthorizationError, RequestError } from '../errors.ts'
import type { RunPath } from '../run-intent.ts'
import type { AuthUser } from '../security/auth-user.ts'
import type { Authenticator } from '../security/authenticator.ts'
import type { Store } from '../store/open-store.ts'
import type { AppPort } from './app-port.ts'

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
    readonly approvals: ApprovalWorkflow
  }>
  readonly approvals: Approvals
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

  const mayReadApproval = async (user: AuthUser | null, request: ApprovalRequest) =>
    canSee(request, user) &&
    (await may({ user, operation: Operation.READ_APPROVAL, resource: resourceOf(request) }))

  const endpointOf = (name: string) => {
    const endpoint = endpoints.get(name)
    if (endpoint !== undefined) return endpoint
    throw new RequestError('ERR_ENDPOINT_NOT_FOUND', 'There is no such endpoint')
  }

  const approvalOf = async (user: AuthUser | null, id: string) => {
    const request = await (await started()).approvals.get(id)
    if (request !== null && (await mayReadApproval(user, request))) return request
    throw new ApprovalError('ERR_APPROVAL_NOT_FOUND', 'There is no such approval request for you')
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

    async getRun(user, runId) {
      const run = await (await started()).store.runs.get(runId)
      const mayRead =
        run !== null &&
        (await may({ user, operation: Operation.READ_RUN, resource: resourceOf(run) }))
      if (!mayRead) throw new RequestError('ERR_RUN_NOT_FOUND', 'There is no such run of yours')
      return currentOutcome(run)
    },

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

    async listApprovals(user, { state, limit }) {
      await authorization.authorize({ user, operation: Operation.LIST_APPROVALS })
      if (user === null) return []
      const filter = {
        ...(state === undefined ? {} : { states: [state] }),
        ...(limit === undefined ? {} : { limit }),
        visibleTo: user,
      }
      const { approvals } = await started()
      return approvals.list(filter, (request) => mayReadApproval(user, request))
    },

    getApproval: approvalOf,

    async resolveApproval(user, id, decision) {
      const request = await approvalOf(user, id)
      if (user === null) throw new AuthorizationError()
      await authorization.authorize({
        user,
        operation: Operation.RESOLVE_APPROVAL,
        resource: resourceOf(request),
      })
      return options.approvals.resolve(id, { ...decision, approver: user })
    },

    async listTraces(user, filter) {
      await authorization.authorize({ user, operation: Operation.READ_AUDIT })
      const { audit } = (await started()).store
      // A record's owner is all that a policy can judge it by, so it is asked once about each of them.
      const owners = []
      for (const owner of await audit.owners(filter)) {
        const resource = resourceOf({ requester: owner })
        if (await may({ user, operation: Operation.READ_AUDIT, resource })) owners.push(owner)
      }
      return audit.list({ ...filter, owners })
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

function resourceOf(thing: {
  readonly requester: { readonly userId: string; readonly tenantId?: string } | null
  readonly approvers?: ApprovalRequest['approvers']
  readonly escalation?: ApprovalRequest['escalation']
  readonly state?: string
}) {
  const { requester, approvers, escalation, state } = thing
  return {
    ...(requester === null ? {} : { ownerId: requester.userId }),
    ...(requester?.tenantId === undefined ? {} : { tenantId: requester.tenantId }),
    ...(approvers === undefined
      ? {}
      : {
          approvers: state === 'pending' ? approvers : [...approvers, ...(escalation?.to ?? [])],
        }),
  }
}
