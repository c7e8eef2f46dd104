import { describe, expect, it, onTestFinished } from 'vitest'
import {
  ApprovalRule,
  type AuthorizationRequest,
  ProductionAuthorizationPolicy,
} from '../../src/index.ts'
import { createTestApp, testUser } from '../../src/testing/index.ts'
import { countingTool } from '../support/counting-tool.ts'
import { LEFT, leaveRun } from '../support/interrupted-run.ts'

const ann = testUser('ann')
const admin = testUser('admin', { roles: ['admin'] })

/** Lets in whoever is on a list that changes. */
class ListedPolicy extends ProductionAuthorizationPolicy {
  readonly barred = new Set<string>()
  readonly limited = new Set<string>()

  override async checkPermission(request: AuthorizationRequest): Promise<boolean> {
    if (this.barred.has(request.user?.userId ?? '')) return false
    return super.checkPermission(request)
  }

  override async checkRateLimit({ user }: AuthorizationRequest): Promise<boolean> {
    return !this.limited.has(user?.userId ?? '')
  }
}

const PAY = 'return await tools.pay({ amount: data ?? 3 })'

function till(store = ':memory:', barred: readonly string[] = []) {
  const policy = new ListedPolicy()
  for (const user of barred) policy.barred.add(user)
  const pay = countingTool()
  const app = createTestApp([], { store, authorization: policy })
  onTestFinished(() => app.close())
  app.agentEndpoint({
    ...{
      name: 'till',
      public: true,
      execute: true,
      typeCheck: 'off',
      limits: { timeoutMs: 60_000 },
    },
    tools: [pay.tool, countingTool({ name: 'look', readOnly: true }).tool],
    approval: [
      new ApprovalRule({
        ...{ name: 'gate', requireForTools: ['pay'], approvers: [{ role: 'admin' }] },
      }),
    ],
  })
  return { app, policy, pay }
}

describe('a run that waited for an approval', () => {
  async function waiting() {
    const parts = till()
    const { runId } = await parts.app.execute({ endpoint: 'till', code: PAY, user: ann })
    const approve = async () => {
      for (;;) {
        const open = await parts.app.approvals.list({ runId, state: 'pending' })
        for (const { id } of open) {
          await parts.app.approvals.resolve(id, { approve: true, approver: admin })
        }
        const outcome = await parts.app.runs.wait(runId)
        if (outcome.status !== 'pending_approval') return outcome
      }
    }
    return { ...parts, approve }
  }

  it('goes on while its requester still may', async () => {
    const { approve, pay } = await waiting()
    expect(await approve()).toMatchObject({ status: 'completed' })
    expect(pay.calls).toHaveLength(1)
  })

  it('ends as denied, with nothing called, when its requester may not any more', async () => {
    const { approve, policy, pay } = await waiting()
    policy.barred.add('ann')
    expect(await approve()).toMatchObject({
      status: 'denied',
      error: { code: 'ERR_AUTHORIZATION_DENIED' },
    })
    expect(pay.calls).toEqual([])
  })

  it('is counted by the rate limit as of now', async () => {
    const { approve, policy, pay } = await waiting()
    policy.limited.add('ann')
    expect(await approve()).toMatchObject({ error: { code: 'ERR_RATE_LIMITED' } })
    expect(pay.calls).toEqual([])
  })
})

describe('a run whose process died', () => {
  const LOOK = 'return [await tools.look({ amount: 1 }), await tools.look({ amount: 2 })]'
  const left = () =>
    leaveRun({
      ...{ program: LOOK, user: ann },
      calls: [{ tool: 'look', argument: { amount: 1 }, readOnly: true, answer: 'seen' }],
    })

  async function recover(store: string, barred: readonly string[]) {
    const { app } = till(store, barred)
    await app.start()
    await expect
      .poll(async () => (await app.runs.get(LEFT))?.status, { timeout: 60_000 })
      .not.toBe('running')
    return app.runs.get(LEFT)
  }

  it('goes on while its requester still may', async () => {
    expect(await recover(await left(), [])).toMatchObject({
      status: 'completed',
      result: ['seen', { paid: 2 }],
    })
  })

  it('ends as denied when its requester may not any more', async () => {
    expect(await recover(await left(), ['ann'])).toMatchObject({
      status: 'denied',
      error: { code: 'ERR_AUTHORIZATION_DENIED' },
    })
  })
})
