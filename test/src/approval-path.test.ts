import { afterEach, describe, expect, it } from 'vitest'
import type { AgenticApp } from '../../src/index.ts'
import { createTestApp } from '../../src/testing/index.ts'
import { admin, author, createTill, PAY, type Till, type TillOptions } from '../support/till.ts'

const apps: AgenticApp[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

function createApp(options: TillOptions): Till {
  const till = createTill(options)
  apps.push(till.app)
  return till
}

describe('a tool call that needs approval', () => {
  it('waits without having run, goes on when approved, and repeats nothing', async () => {
    const { app, run, pay, look } = createApp({ program: PAY })
    const waiting = await run()
    expect(waiting.status).toBe('pending_approval')
    expect(pay.calls).toEqual([])
    const request = await app.approvals.get(waiting.approvalId ?? '')
    expect(request?.subject).toMatchObject({ kind: 'call', tool: 'pay', argument: { amount: 21 } })

    await app.approvals.resolve(request?.id ?? '', { approve: true, approver: admin })
    const outcome = await app.runs.wait(waiting.runId)
    expect(outcome).toMatchObject({
      status: 'completed',
      result: { seen: { paid: 1, times: 1 }, paid: { paid: 21, times: 1 } },
    })
    expect(look.calls).toHaveLength(1)
    expect(pay.calls).toHaveLength(1)
    expect(outcome.toolCalls.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'look value',
      'pay value',
    ])
  })

  it('ends as rejected with the reason when somebody says no', async () => {
    const { app, run, pay } = createApp({ program: PAY })
    const { approvalId = '', runId } = await run()
    await app.approvals.resolve(approvalId, { approve: false, approver: admin, reason: 'too much' })
    expect(await app.runs.wait(runId)).toMatchObject({
      status: 'rejected',
      error: { code: 'ERR_APPROVAL_REJECTED', message: 'An approver said no: too much' },
    })
    expect(pay.calls).toEqual([])
  })
})

describe('a program that the caller brings', () => {
  it('is refused where the endpoint does not say execute: true', async () => {
    const app = createTestApp()
    apps.push(app)
    app.agentEndpoint({ name: 'closed', public: true })
    expect(await app.execute({ endpoint: 'closed', code: 'return 1', user: author })).toMatchObject(
      { status: 'denied', error: { code: 'ERR_AUTHORIZATION_DENIED' } },
    )
  })
})
