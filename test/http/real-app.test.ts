import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProcessDriver } from '../../harness/sandbox/isolation/sealing.ts'
import { type AgenticApp, APIKeyHeader, ApprovalRule, Authenticator } from '../../src/index.ts'
import { createTestApp, type FixedClock, fixedClock } from '../../src/testing/index.ts'
import { countingTool } from '../support/counting-tool.ts'

let app: AgenticApp
let clock: FixedClock

// The key is the user's id; its first letters are the role.
const auth = new Authenticator({
  scheme: new APIKeyHeader({ name: 'X-API-Key' }),
  verify: ({ credentials }) => ({ userId: credentials, roles: [credentials.replace(/\d+$/, '')] }),
})

beforeAll(() => {
  clock = fixedClock()
  app = createTestApp(() => '```js\nreturn await tools.pay({ amount: 3 })\n```', {
    auth,
    clock: clock.now,
  })
  app.agentEndpoint({
    name: 'till',
    description: 'Pays',
    tools: [countingTool().tool],
    execute: true,
    limits: { timeoutMs: 5_000 },
    approval: [
      new ApprovalRule({
        name: 'gate',
        requireForActions: ['write'],
        approvers: [{ role: 'clerk' }],
        timeoutMs: 10_000,
        escalateTo: [{ role: 'boss' }],
        escalateAfterMs: 5_000,
      }),
    ],
  })
  app.agentEndpoint({ name: 'open', public: true }, () => 'hello')
})

afterAll(() => app.close())

/** The parts of answers that these tests look at. */
interface Body {
  readonly approvalId: string
  readonly runId: string
  readonly approvals: readonly { readonly id: string }[]
  readonly endpoints: readonly { readonly tools: string; readonly isolation: unknown }[]
  readonly isolation: unknown
  readonly error: { readonly message: string }
}

async function send(key: string, path: string, body?: object) {
  const response = await app.fetch(
    new Request(`http://test${path}`, {
      headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    }),
  )
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Body,
  }
}

async function hold(): Promise<{ approvalId: string; runId: string }> {
  const held = await send('user1', '/agent/till', { intent: 'Pay' })
  expect(held.status).toBe(202)
  expect(held.headers.get('Location')).toBe(`/approvals/${held.body.approvalId}`)
  return held.body
}

async function settled(runId: string) {
  await app.runs.wait(runId)
  return (await send('user1', `/runs/${runId}`)).body
}

describe('capabilities', () => {
  it('are the endpoints of the caller with tools, actions, limits and isolation', async () => {
    const { body } = await send('user1', '/capabilities')
    expect(body.endpoints).toMatchObject([
      {
        name: 'till',
        description: 'Pays',
        actions: ['read', 'write', 'execute'],
        limits: { timeoutMs: 5_000 },
      },
      { name: 'open' },
    ])
    expect(body.endpoints[0]?.tools).toContain('pay(')
    const facts = await app.isolation()
    expect(['process', 'namespaced', 'kernel']).toContain(facts.level)
    expect(body.isolation).toEqual(facts)
    expect(body.endpoints[0]?.isolation).toEqual(facts)
  })

  it('say of each endpoint whether its programs can run here', async () => {
    const weak = new ProcessDriver(process.getuid?.() === 0 ? 65_534 : null)
    const weakHost = createTestApp([], {
      auth,
      sandbox: { isolation: { minimum: 'process', drivers: [weak] }, pool: { min: 1 } },
    })
    weakHost.agentEndpoint({ name: 'lax' })
    weakHost.agentEndpoint({ name: 'strict', sandbox: { isolation: { minimum: 'kernel' } } })
    const headers = { 'X-API-Key': 'user1' }
    const response = await weakHost.fetch(new Request('http://test/capabilities', { headers }))
    const { isolation, endpoints } = (await response.json()) as Body
    expect(isolation).toMatchObject({ level: 'process', driver: 'process' })
    expect(endpoints).toMatchObject([
      { name: 'lax', isolation: { level: 'process' } },
      { name: 'strict', isolation: null },
    ])
    await weakHost.close()
  })
})

describe('an approval over HTTP', () => {
  it('approved: the run goes on and its result can be fetched', async () => {
    const { approvalId, runId } = await hold()
    const resolved = await send('clerk1', `/approvals/${approvalId}/resolve`, { approve: true })
    expect(resolved).toMatchObject({ status: 200, body: { state: 'approved' } })
    expect(await settled(runId)).toMatchObject({ status: 'completed', result: { paid: 3 } })
    const again = await send('clerk1', `/approvals/${approvalId}/resolve`, { approve: true })
    expect(again).toMatchObject({ status: 409, body: { code: 'ERR_APPROVAL_CONFLICT' } })
  })

  it('rejected: the run says so, with the reason', async () => {
    const { approvalId, runId } = await hold()
    const decision = { approve: false, reason: 'no budget' }
    const resolved = await send('clerk1', `/approvals/${approvalId}/resolve`, decision)
    expect(resolved).toMatchObject({ status: 200, body: { state: 'rejected' } })
    const run = await settled(runId)
    expect(run).toMatchObject({ status: 'rejected', error: { code: 'ERR_APPROVAL_REJECTED' } })
    expect(run.error.message).toContain('no budget')
  })

  it('escalated: the new approver sees it from that moment on, and decides', async () => {
    const { approvalId, runId } = await hold()
    const unseen = await send('boss1', `/approvals/${approvalId}`)
    expect(unseen).toMatchObject({ status: 404, body: { code: 'ERR_APPROVAL_NOT_FOUND' } })
    clock.advance(5_000)
    const listed = await send('boss1', '/approvals?state=escalated')
    expect(listed.body.approvals.map(({ id }) => id)).toContain(approvalId)
    const resolved = await send('boss1', `/approvals/${approvalId}/resolve`, { approve: true })
    expect(resolved.status).toBe(200)
    expect(await settled(runId)).toMatchObject({ status: 'completed' })
  })

  it('expired: nobody can decide any more, and the run says so', async () => {
    const { approvalId, runId } = await hold()
    clock.advance(10_000)
    const listed = await send('clerk1', '/approvals?state=expired')
    expect(listed.body.approvals.map(({ id }) => id)).toContain(approvalId)
    const late = await send('clerk1', `/approvals/${approvalId}/resolve`, { approve: true })
    expect(late).toMatchObject({ status: 410, body: { code: 'ERR_APPROVAL_EXPIRED' } })
    expect(await settled(runId)).toMatchObject({ status: 'expired' })
  })

  it('of somebody else does not exist, nor does the run', async () => {
    const { approvalId, runId } = await hold()
    for (const path of [`/approvals/${approvalId}`, `/runs/${runId}`]) {
      expect((await send('user2', path)).status).toBe(404)
    }
    const decided = await send('user1', `/approvals/${approvalId}/resolve`, { approve: true })
    expect(decided.status).toBe(403)
  })
})
