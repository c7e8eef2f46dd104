import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type AgenticApp, ApprovalRule, defineTool } from '../../src/index.ts'
import { createTestApp, fixedClock, testUser } from '../../src/testing/index.ts'
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
  it('ends as expired when nobody decides in time', async () => {
    const clock = fixedClock()
    const { app, run, pay } = createApp({
      program: PAY,
      clock: clock.now,
      rule: { timeoutMs: 1_000 },
    })
    const { approvalId = '', runId } = await run()
    clock.advance(1_000)
    await expect(
      app.approvals.resolve(approvalId, { approve: true, approver: admin }),
    ).rejects.toMatchObject({ code: 'ERR_APPROVAL_EXPIRED' })
    expect(await app.runs.wait(runId)).toMatchObject({
      status: 'expired',
      error: { code: 'ERR_APPROVAL_EXPIRED' },
    })
    expect(pay.calls).toEqual([])
  })

  it('can be decided by the escalation approvers once it has escalated, not before', async () => {
    const clock = fixedClock()
    const { app, run, pay } = createApp({
      program: PAY,
      clock: clock.now,
      rule: { escalateTo: [{ userId: 'boss' }], escalateAfterMs: 500, timeoutMs: 1_000 },
    })
    const { approvalId = '', runId } = await run()
    const decision = { approve: true, approver: testUser('boss') }
    await expect(app.approvals.resolve(approvalId, decision)).rejects.toMatchObject({
      code: 'ERR_APPROVAL_NOT_FOUND',
    })
    clock.advance(600)
    await app.approvals.resolve(approvalId, decision)
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'completed' })
    expect(pay.calls).toHaveLength(1)
  })

  it('has exactly one winner of many decisions at once', async () => {
    const { app, run, pay } = createApp({ program: PAY })
    const { approvalId = '', runId } = await run()
    const decisions = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        app.approvals.resolve(approvalId, { approve: index % 2 === 0, approver: admin }),
      ),
    )
    expect(decisions.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await app.runs.wait(runId)
    expect(pay.calls.length).toBeLessThanOrEqual(1)
  })

  const strangers = {
    'somebody who is not listed': [testUser('mallory'), 'ERR_APPROVAL_NOT_FOUND'],
    'an admin of another tenant, for a run of a tenant': [
      testUser('admin', { roles: ['admin'], tenantId: 'other' }),
      'ERR_APPROVAL_NOT_FOUND',
    ],
  } as const
  for (const [name, [approver, code]] of Object.entries(strangers)) {
    it(`cannot be decided by ${name}`, async () => {
      const { app } = createApp({ program: PAY })
      const user = testUser('author', { tenantId: 'ours' })
      const { approvalId = '' } = await app.run({ endpoint: 'till', intent: 'Pay', user })
      await expect(
        app.approvals.resolve(approvalId, { approve: true, approver }),
      ).rejects.toMatchObject({ code })
    })
  }

  it('cannot be decided by the requester, approver or not, unless the rule says so', async () => {
    const requester = testUser('ada', { roles: ['admin'] })
    const { app } = createApp({ program: PAY })
    const { approvalId = '' } = await app.run({ endpoint: 'till', intent: 'Pay', user: requester })
    await expect(
      app.approvals.resolve(approvalId, { approve: true, approver: requester }),
    ).rejects.toMatchObject({ code: 'ERR_AUTHORIZATION_DENIED' })

    const relaxed = createApp({ program: PAY, rule: { allowSelf: true } })
    const second = await relaxed.app.run({ endpoint: 'till', intent: 'Pay', user: requester })
    await relaxed.app.approvals.resolve(second.approvalId ?? '', {
      approve: true,
      approver: requester,
    })
    expect(await relaxed.app.runs.wait(second.runId)).toMatchObject({ status: 'completed' })
  })

  it('is asked for each call by itself', async () => {
    const { app, run, pay } = createApp({
      program: `const out = []
for (const amount of [1, 2]) out.push((await tools.pay({ amount })).paid)
return out`,
    })
    let outcome = await run()
    let asked = 0
    while (outcome.approvalId !== undefined) {
      expect(pay.calls).toHaveLength(asked)
      asked += 1
      await app.approvals.resolve(outcome.approvalId, { approve: true, approver: admin })
      outcome = await app.runs.wait(outcome.runId)
    }
    expect(outcome.result).toEqual([1, 2])
    expect(asked).toBe(2)
    expect(new Set(pay.calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2)
  })

  it('is found again when the schema of its tool fills in defaults', async () => {
    const sent: unknown[] = []
    const app = createTestApp(['```js\nreturn await tools.send({ to: "ann" })\n```'])
    apps.push(app)
    app.agentEndpoint({
      name: 'post',
      public: true,
      tools: [
        defineTool({
          name: 'send',
          description: 'Sends a letter',
          input: z.object({ to: z.string(), copies: z.number().default(1) }),
          readOnly: false,
          run: (letter) => sent.push(letter),
        }),
      ],
      approval: [
        new ApprovalRule({
          name: 'write_gate',
          requireForActions: ['write'],
          approvers: [{ role: 'admin' }],
        }),
      ],
    })
    const { approvalId = '', runId } = await app.run({
      endpoint: 'post',
      intent: 'x',
      user: author,
    })
    const request = await app.approvals.resolve(approvalId, { approve: true, approver: admin })
    expect(request.subject).toMatchObject({ argument: { to: 'ann', copies: 1 } })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'completed' })
    expect(sent).toEqual([{ to: 'ann', copies: 1 }])
  })

  it('survives a restart of the app, decided before or after it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'airlock-'))
    try {
      const store = join(folder, 'airlock.db')
      const first = createApp({ program: PAY, store })
      const { approvalId = '', runId } = await first.run()
      await first.app.close()
      const second = createApp({ program: PAY, store })
      await second.app.approvals.resolve(approvalId, { approve: true, approver: admin })
      expect(await second.app.runs.wait(runId)).toMatchObject({ status: 'completed' })
      expect(first.look.calls).toHaveLength(1)
      expect(second.look.calls).toHaveLength(0)
      expect(second.pay.calls).toHaveLength(1)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a program that the caller brings', () => {
  const rule = { requireForActions: ['execute'] as const }

  it('waits as a whole where the rule is for execute, and runs when approved', async () => {
    const { app, look } = createApp({ program: '', rule })
    const code = 'return (await tools.look({ amount: 1 })).times'
    const waiting = await app.execute({ endpoint: 'till', code, user: author })
    expect(waiting.status).toBe('pending_approval')
    expect(look.calls).toEqual([])
    const request = await app.approvals.get(waiting.approvalId ?? '')
    expect(request).toMatchObject({ subject: { kind: 'program' }, action: 'execute' })
    await app.approvals.resolve(request?.id ?? '', { approve: true, approver: admin })
    expect(await app.runs.wait(waiting.runId)).toMatchObject({ status: 'completed', result: 1 })
  })

  it('has its constant calls approved with it, and the computed ones asked about', async () => {
    const { app, pay } = createApp({
      program: '',
      rule: { requireForActions: ['write', 'execute'] },
    })
    const code = `const first = await tools.pay({ amount: 5 })
const second = await tools.pay({ amount: first.paid + 1 })
return second.paid`
    const program = await app.execute({ endpoint: 'till', code, user: author })
    await app.approvals.resolve(program.approvalId ?? '', { approve: true, approver: admin })
    const call = await app.runs.wait(program.runId)
    expect(pay.calls.map(({ amount }) => amount)).toEqual([5])
    const request = await app.approvals.get(call.approvalId ?? '')
    expect(request?.subject).toMatchObject({ kind: 'call', argument: { amount: 6 } })
    await app.approvals.resolve(request?.id ?? '', { approve: true, approver: admin })
    expect(await app.runs.wait(program.runId)).toMatchObject({ status: 'completed', result: 6 })
    expect(pay.calls.map(({ amount }) => amount)).toEqual([5, 6])
  })
})
