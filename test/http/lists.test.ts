import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ApprovalRule, ApprovalWorkflow, type ExecutionTrace } from '../../harness/index.ts'
import {
  type AgenticApp,
  type AgenticAppOptions,
  APIKeyHeader,
  Authenticator,
  ProductionAuthorizationPolicy,
} from '../../src/index.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { createTestApp } from '../../src/testing/index.ts'
import { temporaryFolder } from '../src/store/temporary-folder.ts'

// A key is `<user>@<tenant>`, with `+<role>` behind it for a role.
const auth = new Authenticator({
  scheme: new APIKeyHeader({ name: 'X-API-Key' }),
  verify: ({ credentials }) => {
    const [name = '', role] = credentials.split('+')
    const [userId = '', tenantId] = name.split('@')
    return { userId, roles: role === undefined ? [] : [role], ...(tenantId ? { tenantId } : {}) }
  },
})

async function setUp(
  options: Partial<AgenticAppOptions> = {},
): Promise<{ app: AgenticApp; store: Store }> {
  const location = join(temporaryFolder(), 'store.db')
  const app = createTestApp([], { store: location, auth, ...options })
  onTestFinished(() => app.close())
  const store = await openStore(location)
  onTestFinished(() => store.close())
  return { app, store }
}

async function get<T>(app: AgenticApp, path: string, key: string): Promise<T> {
  const request = new Request(`http://test${path}`, { headers: { 'X-API-Key': key } })
  return (await (await app.fetch(request)).json()) as T
}

const rule = new ApprovalRule({
  name: 'gate',
  requireForActions: ['write'],
  approvers: [{ role: 'boss' }],
})

function ask(store: Store, userId: string, tenantId: string) {
  return new ApprovalWorkflow({ store: store.approvals, clock: Date.now }).request({
    runId: 'run-1',
    endpoint: 'shop',
    rule,
    subject: { kind: 'program' },
    action: 'write',
    program: { source: 'a', code: 'b', hash: 'c' },
    plan: [],
    capabilities: [],
    requester: { userId, roles: [], tenantId },
  })
}

function trace(runId: string, userId: string, tenantId: string): ExecutionTrace {
  return {
    runId,
    endpoint: 'shop',
    entrance: 'intent',
    requester: { userId, roles: [], tenantId },
    action: 'read',
    findings: [],
    approvals: [],
    toolCalls: [],
    status: 'completed',
    startedAt: 0,
  }
}

describe('GET /approvals', () => {
  const ids = async (app: AgenticApp, key: string, query = '') =>
    (await get<{ approvals: { id: string }[] }>(app, `/approvals${query}`, key)).approvals.map(
      ({ id }) => id,
    )

  it('shows what concerns a caller behind any number of requests of others', async () => {
    const { app, store } = await setUp()
    const mine = await ask(store, 'ann', 't1')
    const others = Array.from({ length: 1_001 }, () => ask(store, 'eve', 't2'))
    await Promise.all(others)
    for (const key of ['ann@t1', 'bob@t1+boss', 'root@t1+admin']) {
      expect(await ids(app, key)).toEqual([mine.id])
    }
    for (const key of ['ann@t2', 'bob@t1', 'ann', 'bob+boss']) {
      expect(await ids(app, key)).toEqual([])
    }
    expect(await ids(app, 'bob@t2+boss', '?limit=7')).toHaveLength(7)
  })

  it('is filled up behind what the authorization policy refuses', async () => {
    class NotOfEve extends ProductionAuthorizationPolicy {
      override async checkPermission(
        request: Parameters<ProductionAuthorizationPolicy['checkPermission']>[0],
      ): Promise<boolean> {
        return request.resource?.ownerId !== 'eve' && super.checkPermission(request)
      }
    }
    const { app, store } = await setUp({ authorization: new NotOfEve() })
    const mine = await ask(store, 'ann', 't1')
    await Promise.all(Array.from({ length: 30 }, () => ask(store, 'eve', 't1')))
    expect(await ids(app, 'bob@t1+boss', '?limit=3')).toEqual([mine.id])
  })
})

describe('GET /audit', () => {
  const runs = async (app: AgenticApp, key: string, query = '') =>
    (await get<{ traces: ExecutionTrace[] }>(app, `/audit${query}`, key)).traces.map(
      ({ runId }) => runId,
    )

  it('shows what a caller may read behind any number of records of others', async () => {
    const { app, store } = await setUp()
    await store.audit.started(trace('mine', 'ann', 't1'))
    await Promise.all(
      Array.from({ length: 101 }, (_, i) => store.audit.started(trace(`run-${i}`, 'eve', 't2'))),
    )
    await store.audit.started(trace('bobs', 'bob', 't1'))
    expect(await runs(app, 'ann@t1')).toEqual(['mine'])
    expect(await runs(app, 'root@t1+admin')).toEqual(['bobs', 'mine'])
    expect(await runs(app, 'root@t1+admin', '?userId=ann')).toEqual(['mine'])
    for (const key of ['ann', 'ann@t2', 'carl@t1', 'root+admin']) {
      expect(await runs(app, key)).toEqual([])
    }
    expect(await runs(app, 'eve@t2')).toHaveLength(100)
    expect(await runs(app, 'bob@t1', '?userId=ann')).toEqual([])
  })
})
