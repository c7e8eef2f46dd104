import { afterEach, describe, expect, it } from 'vitest'
import {
  type AgenticApp,
  ApprovalRule,
  type AuthorizationRequest,
  defineTool,
  jsonSchema,
  Operation,
  type Policy,
  ProductionAuthorizationPolicy,
} from '../../src/index.ts'
import { createTestApp, testUser } from '../../src/testing/index.ts'
import { countingTool } from '../support/counting-tool.ts'
import { admin, author, createTill } from '../support/till.ts'

const apps: AgenticApp[] = []

function keep<T extends { readonly app: AgenticApp }>(held: T): T {
  apps.push(held.app)
  return held
}

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

async function approve(app: AgenticApp, runId: string, approver = admin): Promise<number> {
  let decided = 0
  for (;;) {
    const outcome = await app.runs.wait(runId)
    if (outcome.approvalId === undefined) return decided
    await app.approvals.resolve(outcome.approvalId, { approve: true, approver })
    decided += 1
  }
}

describe('an approval', () => {
  it('of one rule covers nothing that another rule asks about', async () => {
    const pay = countingTool()
    const app = createTestApp([])
    apps.push(app)
    const dev = testUser('dev', { roles: ['dev'] })
    app.agentEndpoint({
      name: 'it',
      public: true,
      execute: true,
      tools: [pay.tool],
      approval: [
        new ApprovalRule({
          name: 'brought',
          requireForActions: ['execute'],
          approvers: [{ role: 'dev' }],
          allowSelf: true,
        }),
        new ApprovalRule({
          name: 'money',
          requireForTools: ['pay'],
          approvers: [{ role: 'finance' }],
        }),
      ],
    })
    const code = 'return await tools.pay({ amount: 99999 })'
    const { runId, approvalId = '' } = await app.execute({ endpoint: 'it', code, user: dev })
    await app.approvals.resolve(approvalId, { approve: true, approver: dev })
    const waiting = await app.runs.wait(runId)
    expect(waiting.status).toBe('pending_approval')
    expect(await app.approvals.get(waiting.approvalId ?? '')).toMatchObject({ rule: 'money' })
    expect(pay.calls).toEqual([])
  })

  it('of a program covers a constant call once, however often the run goes on', async () => {
    const { app, pay } = keep(
      createTill({ program: '', rule: { requireForActions: ['write', 'execute'] } }),
    )
    const code = `await tools.pay({ amount: 500 })
for (const amount of [1, 500, 500]) await tools.pay({ amount })
return 'done'`
    const { runId } = await app.execute({ endpoint: 'till', code, user: author })
    const decided = await approve(app, runId)
    expect(pay.calls.map(({ amount }) => amount)).toEqual([500, 1, 500, 500])
    // The program with its one constant call, and each of the three computed ones.
    expect(decided).toBe(4)
  })

  it('is for the argument that was shown, though the schema would make another one now', async () => {
    const sent: { id: number }[] = []
    let nextId = 0
    const send = defineTool({
      name: 'send',
      description: 'Sends',
      input: {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: () => {
            nextId += 1
            return { value: { id: nextId } }
          },
        },
      },
      inputJsonSchema: { type: 'object' },
      readOnly: false,
      run: (letter) => sent.push(letter as { id: number }),
    })
    const app = createTestApp(['```js\nreturn await tools.send({})\n```'])
    apps.push(app)
    app.agentEndpoint({
      name: 'it',
      public: true,
      tools: [send],
      approval: [
        new ApprovalRule({
          name: 'gate',
          requireForActions: ['write'],
          approvers: [{ role: 'admin' }],
        }),
      ],
    })
    const { runId } = await app.run({ endpoint: 'it', intent: 'Send', user: author })
    expect(await approve(app, runId)).toBe(1)
    expect(sent).toEqual([{ id: 1 }])
  })

  it('is not used up by a call that was still being judged when the run came to wait', async () => {
    const slow: Policy = {
      name: 'slow',
      async evaluateToolCall({ argument }) {
        const { amount } = argument as { amount: number }
        if (amount === 1) await new Promise((resolve) => setTimeout(resolve, 150))
        return []
      },
    }
    const pay = countingTool()
    const app = createTestApp([
      '```js\nreturn await Promise.all([tools.pay({ amount: 1 }), tools.pay({ amount: 2 })])\n```',
    ])
    apps.push(app)
    app.agentEndpoint({
      name: 'it',
      public: true,
      tools: [pay.tool],
      policies: [slow],
      approval: [
        new ApprovalRule({
          name: 'gate',
          requireForActions: ['write'],
          approvers: [{ role: 'admin' }],
        }),
      ],
    })
    const { runId } = await app.run({ endpoint: 'it', intent: 'Pay both', user: author })
    await approve(app, runId)
    expect(await app.runs.get(runId)).toMatchObject({ status: 'completed' })
    expect(pay.calls.map(({ amount }) => amount).sort()).toEqual([1, 2])
  })

  it('does not keep a run waiting for its deadline beside calls that are on their way', async () => {
    const { app, pay } = keep(
      createTill({
        program: `const reads = (async () => { for (let n = 0; n < 5; n += 1) await tools.look({ amount: n }) })()
await Promise.all([tools.pay({ amount: 1 }), tools.pay({ amount: 2 }), reads])
return 'done'`,
      }),
    )
    const started = performance.now()
    const { runId } = await app.run({ endpoint: 'till', intent: 'Pay', user: author })
    await approve(app, runId)
    expect(pay.calls).toHaveLength(2)
    // The endpoint's time is ten seconds.
    expect(performance.now() - started).toBeLessThan(8_000)
  })

  it('leads on a run whose program a handler brought', async () => {
    const pay = countingTool()
    const app = createTestApp([])
    apps.push(app)
    app.agentEndpoint(
      {
        name: 'it',
        public: true,
        tools: [pay.tool],
        approval: [
          new ApprovalRule({
            name: 'gate',
            requireForActions: ['write'],
            approvers: [{ role: 'admin' }],
          }),
        ],
      },
      async (_intent, { execute }) =>
        (await execute({ code: 'return await tools.pay({ amount: 7 })' })).runId,
    )
    const { result } = await app.run({ endpoint: 'it', intent: 'Pay', user: author })
    await approve(app, String(result))
    expect(await app.runs.get(String(result))).toMatchObject({ status: 'completed' })
    expect(pay.calls.map(({ amount }) => amount)).toEqual([7])
  })

  it('of one call does not let it out once another call of the run was refused', async () => {
    const { tool, calls } = countingTool()
    // Both calls are under judgement before either is held.
    const slow: Policy = {
      name: 'slow',
      async evaluateToolCall() {
        await new Promise((resolve) => setTimeout(resolve, 200))
        return []
      },
    }
    const app = createTestApp([
      '```js\nreturn await Promise.allSettled([tools.pay({ amount: 1 }), tools.pay({ amount: 2 })])\n```',
    ])
    apps.push(app)
    app.agentEndpoint({
      name: 'it',
      public: true,
      tools: [tool],
      policies: [slow],
      approval: [
        new ApprovalRule({
          name: 'gate',
          requireForActions: ['write'],
          approvers: [{ role: 'admin' }],
        }),
      ],
    })
    const { runId } = await app.run({ endpoint: 'it', intent: 'Pay', user: author })
    const requests = await app.approvals.list({ runId })
    const of = (amount: number) =>
      requests.find(
        ({ subject }) =>
          subject.kind === 'call' && (subject.argument as { amount: number }).amount === amount,
      )?.id ?? ''
    await app.approvals.resolve(of(2), { approve: false, approver: admin })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'rejected' })
    await app.approvals.resolve(of(1), { approve: true, approver: admin }).catch(() => null)
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'rejected' })
    expect(calls).toEqual([])
  })
})

describe('a run that goes on', () => {
  it('is authorized again with everything that was known of its user', async () => {
    class NeedsScope extends ProductionAuthorizationPolicy {
      override async checkPermission(request: AuthorizationRequest): Promise<boolean> {
        const isSuspended = request.user?.metadata['suspended'] === true
        const mayRun = request.user?.scopes.includes('run') === true && !isSuspended
        return request.operation === Operation.RUN_ENDPOINT
          ? mayRun
          : super.checkPermission(request)
      }
    }
    const { tool, calls } = countingTool()
    const app = createTestApp(['```js\nreturn await tools.pay({ amount: 1 })\n```'], {
      authorization: new NeedsScope(),
    })
    apps.push(app)
    app.agentEndpoint({
      name: 'it',
      public: true,
      tools: [tool],
      approval: [
        new ApprovalRule({
          name: 'gate',
          requireForActions: ['write'],
          approvers: [{ role: 'admin' }],
        }),
      ],
    })
    const user = { ...author, scopes: ['run'], metadata: { suspended: false } }
    const { runId } = await app.run({ endpoint: 'it', intent: 'Pay', user })
    await approve(app, runId)
    expect(await app.runs.get(runId)).toMatchObject({ status: 'completed' })
    expect(calls).toHaveLength(1)
  })
})

describe('a handler', () => {
  it('cannot be made to speak for somebody else by what it passes on', async () => {
    const app = createTestApp(['```js\nreturn data ?? null\n```'])
    apps.push(app)
    app.agentEndpoint({ name: 'it', public: true }, async (intent, { runIntent }) => {
      const { runId } = await runIntent('A fixed intent', intent.params as object)
      return runId
    })
    const params = { user: { userId: 'root', roles: ['admin'] }, intent: 'Mine', data: { n: 1 } }
    const { result } = await app.run({ endpoint: 'it', intent: 'x', params, user: author })
    expect(await app.runs.get(String(result))).toMatchObject({ result: { n: 1 } })
    const seen = await app.fetch(new Request(`http://test/runs/${result}`))
    expect(seen.status).not.toBe(200)
  })

  it('is not called for a caller who has left, and its failure later harms nobody', async () => {
    const rejections: unknown[] = []
    const onRejection = (reason: unknown) => rejections.push(reason)
    process.on('unhandledRejection', onRejection)
    let isCalled = false
    const app = createTestApp([])
    apps.push(app)
    app.agentEndpoint({ name: 'gone', public: true }, () => {
      isCalled = true
    })
    app.agentEndpoint({ name: 'late', public: true }, async (_intent, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      throw new Error('Too late')
    })
    const gone = AbortSignal.abort()
    await app.run({ endpoint: 'gone', intent: 'x', user: author, signal: gone })
    const leaving = new AbortController()
    setTimeout(() => leaving.abort(), 100)
    const late = await app.run({
      endpoint: 'late',
      intent: 'x',
      user: author,
      signal: leaving.signal,
    })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', onRejection)
    expect(late.status).toBe('cancelled')
    expect(isCalled).toBe(false)
    expect(rejections).toEqual([])
  })
})

describe('judging', () => {
  it('that never ends is ended with the run', async () => {
    const stuck: Policy = { name: 'stuck', evaluateProgram: () => new Promise(() => {}) }
    const app = createTestApp([])
    apps.push(app)
    const limits = { timeoutMs: 500 }
    app.agentEndpoint({ name: 'it', public: true, execute: true, policies: [stuck], limits })
    const outcome = await app.execute({ endpoint: 'it', code: 'return 1', user: author })
    expect(outcome).toMatchObject({ status: 'timed_out', error: { code: 'ERR_SANDBOX_TIMEOUT' } })
  })

  it('of tool calls is bounded in what is on its way and never answered', async () => {
    const slow = defineTool({
      name: 'slow',
      description: 'Never answers',
      input: jsonSchema({}),
      readOnly: true,
      run: (_text, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        ),
    })
    const app = createTestApp([])
    apps.push(app)
    const limits = { maxMessageBytes: 500_000 }
    app.agentEndpoint({ name: 'it', public: true, execute: true, tools: [slow], limits })
    const code = `const text = 'x'.repeat(400_000), all = []
while (all.length < 200) all.push(tools.slow(text))
await Promise.all(all)`
    const outcome = await app.execute({ endpoint: 'it', code, user: author })
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'ERR_SANDBOX_LIMIT' } })
    expect(outcome.toolCalls.length).toBeLessThan(5)
  })

  it('of tool calls is bounded in what all of them move', async () => {
    const big = defineTool({
      name: 'big',
      description: 'Answers with a lot',
      input: jsonSchema({ type: 'object' }),
      readOnly: true,
      run: () => 'x'.repeat(400_000),
    })
    const app = createTestApp([])
    apps.push(app)
    const limits = { maxMessageBytes: 500_000 }
    app.agentEndpoint({ name: 'it', public: true, execute: true, tools: [big], limits })
    const code = 'for (let n = 0; n < 10; n += 1) await tools.big()\nreturn 1'
    expect(await app.execute({ endpoint: 'it', code, user: author })).toMatchObject({
      status: 'failed',
      error: { code: 'ERR_SANDBOX_LIMIT' },
    })
  })
})
