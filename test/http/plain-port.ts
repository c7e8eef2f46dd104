import {
  ApprovalError,
  type ApprovalMandate,
  type ApprovalRequest,
  type ExecutionTrace,
  NO_USAGE,
} from '../../harness/index.ts'
import { RequestError } from '../../src/errors.ts'
import type { AppPort, RouteGuard } from '../../src/http/app-port.ts'
import { ApprovalStreams } from '../../src/http/approval-stream.ts'
import type { RunOutcome } from '../../src/run-outcome.ts'
import { APIKeyHeader } from '../../src/security/api-key-header.ts'
import { Authenticator } from '../../src/security/authenticator.ts'

/** What a {@link plainPort} was asked, in order. */
export interface PortCall {
  readonly method: string
  readonly args: readonly unknown[]
}

/** The key that every guard of a {@link plainPort} knows. */
export const KEY = 'key-alice'

/** An outcome with everything in it that has no default. */
export function outcomeOf(changes: Partial<RunOutcome> = {}): RunOutcome {
  return {
    runId: 'run-1',
    status: 'completed',
    findings: [],
    toolCalls: [],
    console: [],
    usage: { ...NO_USAGE, wallMs: 1, cpuMs: 1, peakMemoryBytes: 1, outputBytes: 1 },
    ...changes,
  }
}

/** An approval request that waits. */
export const approval: ApprovalRequest = {
  id: 'ap-1',
  runId: 'run-1',
  endpoint: 'shop',
  rule: 'write_gate',
  subject: { kind: 'program' },
  action: 'write',
  program: { source: 'return 1', code: 'return 1', hash: 'h' },
  plan: [],
  capabilities: [],
  requester: { userId: 'alice', roles: [] },
  approvers: [{ role: 'admin' }],
  quorum: 1,
  allowSelf: false,
  state: 'pending',
  createdAt: 1,
  expiresAt: 2,
  digest: 'd',
  votes: [],
  edits: [],
  revision: 0,
  version: 0,
}

const grant: ApprovalMandate = {
  id: 'gra_1',
  kind: 'grant',
  granter: { userId: 'alice', roles: [] },
  endpoint: 'shop',
  rule: 'write_gate',
  tool: 'refund',
  runId: 'run-1',
  approvalId: 'ap-1',
  createdAt: 1,
  until: 2,
}

const trace: ExecutionTrace = {
  runId: 'run-1',
  endpoint: 'shop',
  entrance: 'intent',
  requester: null,
  action: 'read',
  findings: [],
  approvals: [],
  toolCalls: [],
  status: 'completed',
  startedAt: 1,
}

/** An authenticator that knows {@link KEY} and nobody else. */
export const keyAuthenticator: Authenticator = new Authenticator({
  scheme: new APIKeyHeader({ name: 'X-API-Key' }),
  verify: ({ credentials }) => (credentials === KEY ? { userId: 'alice' } : null),
})

/**
 * An app of plain objects: endpoints `shop` (a key is needed) and `greeter` (public), and answers that
 * can be replaced one by one. Everything it is asked is in `calls`.
 */
export function plainPort(
  changes: Partial<AppPort> = {},
): AppPort & { readonly calls: PortCall[] } {
  const calls: PortCall[] = []
  const guards = new Map<string, RouteGuard>([
    ['shop', { authenticator: keyAuthenticator, isPublic: false }],
    ['greeter', { authenticator: keyAuthenticator, isPublic: true }],
    ['open', { authenticator: null, isPublic: true }],
    ['broken', { authenticator: null, isPublic: false }],
  ])
  const record = <T>(method: string, args: readonly unknown[], answer: T): Promise<T> => {
    calls.push({ method, args })
    return Promise.resolve(answer)
  }
  return {
    calls,
    title: 'Test',
    maxBodyBytes: 4_096,
    maxIntentLength: 1_000,
    appGuard: { authenticator: keyAuthenticator, isPublic: false },
    guardOf: (name) => guards.get(name) ?? null,
    runIntent: (request) => record('runIntent', [request], outcomeOf({ result: 42 })),
    execute: (request) => record('execute', [request], outcomeOf({ result: 43 })),
    getRun(user, runId) {
      if (runId !== 'run-1') throw new RequestError('ERR_RUN_NOT_FOUND', 'There is no such run')
      return record('getRun', [user, runId], outcomeOf({ result: 42 }))
    },
    listRuns: (user, filter) => record('listRuns', [user, filter], [outcomeOf({ result: 42 })]),
    resolveRun: (user, id, said) =>
      record('resolveRun', [user, id, said], outcomeOf({ status: 'running' })),
    planRollback: (user, id) =>
      record('planRollback', [user, id], { undo: [], stay: [], failed: [], undone: [] }),
    rollbackRun: (user, id, partial) =>
      record('rollbackRun', [user, id, partial], outcomeOf({ result: { undone: [] } })),
    capabilities: (user) => record('capabilities', [user], { endpoints: [] }),
    listApprovals: (user, filter) => record('listApprovals', [user, filter], [approval]),
    getApproval(user, id) {
      if (id !== 'ap-1')
        throw new ApprovalError('ERR_APPROVAL_NOT_FOUND', 'There is no such request')
      return record('getApproval', [user, id], approval)
    },
    resolveApproval: (user, id, decision) => {
      const state = decision.approve ? 'approved' : 'rejected'
      return record('resolveApproval', [user, id, decision], { ...approval, state } as const)
    },
    streams: new ApprovalStreams(),
    followApprovals: async () => () => {},
    listMandates: (user, kind) => record('listMandates', [user, kind], []),
    grant: (user, id, input) => record('grant', [user, id, input], { ...grant }),
    delegate: (user, input) => record('delegate', [user, input], { ...grant }),
    revokeMandate: async (user, id) => {
      await record('revokeMandate', [user, id], undefined)
    },
    listTraces: (user, filter) =>
      record('listTraces', [user, filter], { traces: [trace], next: null }),
    ...changes,
  }
}
