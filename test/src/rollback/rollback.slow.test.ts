import { describe, expect, it, onTestFinished } from 'vitest'
import { ApprovalRule, defineTool, jsonSchema, type Policy } from '../../../src/index.ts'
import { createTestApp, testUser } from '../../../src/testing/index.ts'

const ann = testUser('ann')
const admin = testUser('admin', { roles: ['admin'] })

const number = jsonSchema<{ n: number }>({
  type: 'object',
  properties: { n: { type: 'integer' } },
  required: ['n'],
})

interface Shop {
  readonly approval?: readonly ApprovalRule[]
  readonly policies?: readonly Policy[]
  readonly failing?: Set<number>
}

function shop({ approval = [], policies = [], failing = new Set() }: Shop = {}) {
  const effects: string[] = []
  const keys: string[] = []
  const pay = defineTool({
    ...{ name: 'pay', description: 'Pays', input: number, output: number, readOnly: false },
    run: ({ n }) => {
      effects.push(`pay ${n}`)
      return { n: n * 10 }
    },
    revert: ({ n }, answer, { idempotencyKey }) => {
      if (failing.has(n)) throw new Error('The bank is closed')
      effects.push(`take back ${n}, ${answer.n}`)
      keys.push(idempotencyKey)
    },
  })
  const mail = defineTool({
    ...{ name: 'mail', description: 'Mails', input: number, readOnly: false },
    run: ({ n }) => void effects.push(`mail ${n}`),
  })
  const look = defineTool({
    ...{ name: 'look', description: 'Looks', input: number, readOnly: true },
    run: ({ n }) => n,
  })
  const app = createTestApp()
  onTestFinished(() => app.close())
  app.agentEndpoint({
    ...{
      name: 'shop',
      public: true,
      execute: true,
      typeCheck: 'off',
      limits: { timeoutMs: 60_000 },
    },
    tools: [pay, mail, look],
    approval,
    policies,
  })
  const run = async (code: string) =>
    (await app.execute({ endpoint: 'shop', code, user: ann })).runId
  return { app, effects, keys, run }
}

const PAY = `await tools.pay({ n: 1 })
await tools.look({ n: 5 })
await tools.pay({ n: 2 })
return 'paid'`

describe('a rollback', () => {
  it('undoes what was done, the latest first, with what was given and answered', async () => {
    const { app, effects, keys, run } = shop()
    const runId = await run(PAY)
    expect(await app.runs.rollbackPlan(runId)).toEqual({
      undo: [
        { seq: 2, tool: 'pay' },
        { seq: 0, tool: 'pay' },
      ],
      ...{ stay: [], failed: [], undone: [] },
    })
    const undone = await app.runs.rollback(runId, { user: ann })
    expect(undone).toMatchObject({ status: 'completed', result: { undone: [2, 0] } })
    expect(effects).toEqual(['pay 1', 'pay 2', 'take back 2, 20', 'take back 1, 10'])
    expect(keys).toEqual([`${runId}:2:revert`, `${runId}:0:revert`])
  })

  it('undoes nothing twice', async () => {
    const { app, effects, run } = shop()
    const runId = await run(PAY)
    const both = await Promise.allSettled([
      app.runs.rollback(runId, { user: ann }),
      app.runs.rollback(runId, { user: ann }),
    ])
    expect(both.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0)
    expect(await app.runs.rollback(runId, { user: ann })).toMatchObject({ result: { undone: [] } })
    expect(effects.filter((effect) => effect.startsWith('take back'))).toHaveLength(2)
  })

  it('says before it begins that something would stay, and leaves all of it alone', async () => {
    const { app, effects, run } = shop()
    const runId = await run('await tools.pay({ n: 1 }); await tools.mail({ n: 2 }); return 1')
    const refused = await app.runs.rollback(runId, { user: ann })
    expect(refused).toMatchObject({
      status: 'failed',
      error: {
        code: 'ERR_ROLLBACK_INCOMPLETE',
        message: expect.stringContaining('call 1 of "mail"'),
      },
    })
    expect(effects).toEqual(['pay 1', 'mail 2'])
    const partial = await app.runs.rollback(runId, { user: ann, partial: true })
    expect(partial).toMatchObject({ status: 'completed', result: { undone: [0] } })
    expect(effects.at(-1)).toBe('take back 1, 10')
  })

  it('goes on where an earlier one failed', async () => {
    const failing = new Set([1])
    const { app, effects, run } = shop({ failing })
    const runId = await run(PAY)
    expect(await app.runs.rollback(runId, { user: ann })).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('The bank is closed') },
    })
    failing.clear()
    expect(await app.runs.rollbackPlan(runId)).toMatchObject({
      undone: [{ seq: 2 }],
      undo: [{ seq: 0 }],
    })
    expect(await app.runs.rollback(runId, { user: ann })).toMatchObject({ result: { undone: [0] } })
    expect(effects.filter((effect) => effect.startsWith('take'))).toHaveLength(2)
  })

  it('is for whoever may: not for a stranger, and not for a run that goes on', async () => {
    const { app, effects, run } = shop()
    const runId = await run(PAY)
    for (const user of [testUser('eve'), null, testUser('ann', { tenantId: 'acme' })]) {
      expect(await app.runs.rollback(runId, { user })).toMatchObject({ status: 'denied' })
    }
    expect(effects).toEqual(['pay 1', 'pay 2'])
    expect(await app.runs.rollback(runId, { user: admin })).toMatchObject({ status: 'completed' })
    await expect(app.runs.rollback('run_x', { user: admin })).rejects.toMatchObject({
      code: 'ERR_RUN_NOT_FOUND',
    })
  })

  it('passes the policies of now, with the argument that the call had', async () => {
    const closed = { isOn: false }
    const policy: Policy = {
      name: 'Till',
      evaluateToolCall: ({ tool, argument }) =>
        closed.isOn && tool.name === 'pay' && (argument as { n: number }).n === 1
          ? [
              {
                ruleId: 'closed',
                source: 'Till',
                severity: 'violation',
                message: 'No refunds of 1',
              },
            ]
          : [],
    }
    const { app, effects, run } = shop({ policies: [policy] })
    const runId = await run(PAY)
    closed.isOn = true
    expect(await app.runs.rollback(runId, { user: ann })).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('No refunds of 1') },
    })
    expect(effects.filter((effect) => effect.startsWith('take'))).toEqual(['take back 2, 20'])
  })

  it('waits for the approvals of its tools; who approves reads what will be undone', async () => {
    const gate = new ApprovalRule({
      ...{ name: 'gate', requireForActions: ['write'], approvers: [{ role: 'admin' }] },
    })
    const { app, effects, run } = shop({ approval: [gate] })
    const runId = await run(PAY)
    await approveAll(app, runId)
    expect(effects).toEqual(['pay 1', 'pay 2'])
    const waiting = await app.runs.rollback(runId, { user: ann })
    expect(waiting.status).toBe('pending_approval')
    const [request] = await app.approvals.list({ runId: waiting.runId })
    expect(request?.program.source).toContain('tools.pay({"n":2}) // undoes call 2')
    expect(effects).toEqual(['pay 1', 'pay 2'])
    await approveAll(app, waiting.runId)
    expect(await app.runs.get(waiting.runId)).toMatchObject({ result: { undone: [2, 0] } })
    expect(effects.slice(2)).toEqual(['take back 2, 20', 'take back 1, 10'])
  })

  it('hands over arguments that would mean something else in a program as data', async () => {
    const { app, effects, run } = shop()
    const runId = await run(
      `await tools.pay(JSON.parse('{"n":1,"__proto__":{"n":7},"constructor":"x"}')); return 1`,
    )
    expect(await app.runs.rollback(runId, { user: ann })).toMatchObject({ status: 'completed' })
    expect(effects).toEqual(['pay 1', 'take back 1, 10'])
  })
})

async function approveAll(app: ReturnType<typeof shop>['app'], runId: string): Promise<void> {
  for (;;) {
    const outcome = await app.runs.wait(runId)
    if (outcome.status !== 'pending_approval') return
    for (const { id, state } of await app.approvals.list({ runId })) {
      if (state === 'pending') await app.approvals.resolve(id, { approve: true, approver: admin })
    }
  }
}
