import { describe, expect, it, onTestFinished } from 'vitest'
import { APIKeyHeader, Authenticator, defineTool, jsonSchema } from '../../src/index.ts'
import { createTestApp, testUser } from '../../src/testing/index.ts'
import { LEFT, type LeftRun, leaveRun } from '../support/interrupted-run.ts'

const ann = testUser('ann')
const ops = testUser('ops', { roles: ['admin'] })
const other = testUser('other')

// The key is the user's id and role.
const auth = new Authenticator({
  scheme: new APIKeyHeader({ name: 'X-API-Key' }),
  verify: ({ credentials }) => ({ userId: credentials, roles: [credentials] }),
})

const PAY_TWICE = `const paid = await Promise.all([tools.pay({ n: 1 }), tools.pay({ n: 2 })])
const seen = await tools.look({ n: 3 })
return { paid, seen }`

const LEFT_PAYING: LeftRun = {
  program: PAY_TWICE,
  user: ann,
  calls: [
    { tool: 'pay', argument: { n: 1 } },
    { tool: 'pay', argument: { n: 2 } },
  ],
}

async function recovered(left: LeftRun = LEFT_PAYING) {
  const effects: string[] = []
  const number = jsonSchema<{ n: number }>({
    type: 'object',
    properties: { n: { type: 'integer' } },
    required: ['n'],
    additionalProperties: false,
  })
  const tool = (name: string, readOnly: boolean) =>
    defineTool({
      ...{ name, description: name, input: number, output: number, readOnly },
      run: ({ n }, { idempotencyKey }) => {
        effects.push(`${name} ${n} ${idempotencyKey}`)
        return { n }
      },
    })
  const app = createTestApp([], { store: await leaveRun(left), auth })
  onTestFinished(() => app.close())
  const tools = [tool('pay', false), tool('look', true)]
  app.agentEndpoint({
    name: 'till',
    public: true,
    execute: true,
    tools,
    typeCheck: 'off',
    limits: { timeoutMs: 60_000 },
  })
  await app.start()
  await expect
    .poll(async () => (await app.runs.get(LEFT))?.status, { timeout: 20_000 })
    .not.toBe('running')
  return { app, effects }
}

describe('a run that died with calls on their way', () => {
  it('waits, lists all of them, and has repeated none', async () => {
    const { app, effects } = await recovered()
    expect(await app.runs.get(LEFT)).toMatchObject({
      status: 'outcome_unknown',
      unknownCalls: [
        { seq: 0, name: 'pay', args: { n: 1 } },
        { seq: 1, name: 'pay', args: { n: 2 } },
      ],
      error: { code: 'ERR_RUN_OUTCOME_UNKNOWN' },
    })
    expect(effects).toEqual([])
  })

  it('goes on when each is resolved: one happened, one is made again under its key', async () => {
    const { app, effects } = await recovered()
    const half = await app.runs.resolve(LEFT, {
      ...{ outcome: 'happened', seq: 1, answer: { n: 20 }, operator: ops, reason: 'Bank says so' },
    })
    expect(half.status).toBe('outcome_unknown')
    await app.runs.resolve(LEFT, { outcome: 'repeat', seq: 0, operator: ops })
    const ended = await app.runs.wait(LEFT)
    expect(ended).toMatchObject({
      status: 'completed',
      result: { paid: [{ n: 1 }, { n: 20 }], seen: { n: 3 } },
    })
    expect(effects).toEqual([`pay 1 ${LEFT}:0`, `look 3 ${LEFT}:2`])
  })

  it('ends when an operator says so, with who said it on record', async () => {
    const { app, effects } = await recovered()
    const ended = await app.runs.resolve(LEFT, {
      ...{ outcome: 'end', operator: ops, reason: 'Nobody knows' },
    })
    expect(ended).toMatchObject({
      status: 'cancelled',
      error: { code: 'ERR_RUN_OUTCOME_UNKNOWN', message: expect.stringContaining('Nobody knows') },
    })
    expect(effects).toEqual([])
  })

  it('refuses an answer that the tool could not have given, and takes the right one', async () => {
    const { app } = await recovered()
    const said = { outcome: 'happened', seq: 0, operator: ops } as const
    for (const answer of [{ n: 'x' }, { n: 1, extra: 2 }, null, 'x'.repeat(9_999_999)]) {
      await expect(app.runs.resolve(LEFT, { ...said, answer })).rejects.toMatchObject({
        code: 'ERR_REQUEST_INVALID',
      })
    }
    await app.runs.resolve(LEFT, { ...said, answer: { n: 9 } })
  })

  it('is not resolved by whoever asked for it, by anybody without the right, or twice', async () => {
    const { app } = await recovered()
    const said = { outcome: 'repeat', seq: 0 } as const
    const denied = { code: 'ERR_AUTHORIZATION_DENIED' }
    for (const operator of [ann, { ...ann, roles: ['admin'] }, other]) {
      await expect(app.runs.resolve(LEFT, { ...said, operator })).rejects.toMatchObject(denied)
    }
    const tenant = testUser('ops', { roles: ['admin'], tenantId: 'acme' })
    await expect(app.runs.resolve(LEFT, { ...said, operator: tenant })).rejects.toMatchObject(
      denied,
    )
    const conflict = { code: 'ERR_RUN_CONFLICT' }
    const attempts = Array.from({ length: 20 }, () =>
      app.runs.resolve(LEFT, { ...said, operator: ops }).then(
        () => 'won',
        (error: { code: string }) => error.code,
      ),
    )
    const outcomes = await Promise.all(attempts)
    expect(outcomes.filter((outcome) => outcome === 'won')).toHaveLength(1)
    expect(new Set(outcomes)).toEqual(new Set(['won', 'ERR_RUN_CONFLICT']))
    await expect(
      app.runs.resolve(LEFT, { outcome: 'repeat', seq: 7, operator: ops }),
    ).rejects.toMatchObject(conflict)
    await expect(
      app.runs.resolve('run_x', { outcome: 'end', operator: ops }),
    ).rejects.toMatchObject({ code: 'ERR_RUN_NOT_FOUND' })
  })

  it('is resolved over HTTP by an operator, and who said what is on its audit record', async () => {
    const { app } = await recovered()
    const as = (key: string, path: string, body?: object) =>
      app.fetch(
        new Request(`http://test${path}`, {
          headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
          ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        }),
      )
    const path = `/runs/${LEFT}/resolve`
    const said = { outcome: 'happened', seq: 0, answer: { n: 1 }, reason: 'Seen it' }
    expect((await as('other', path, said)).status).toBe(404)
    expect((await as('ann', path, said)).status).toBe(403)
    expect((await as('admin', path, { outcome: 'perhaps' })).status).toBe(400)
    const waiting = await (await as('admin', '/runs?status=outcome_unknown')).json()
    expect(waiting).toMatchObject({ runs: [{ runId: LEFT }] })
    expect((await as('admin', path, said)).status).toBe(200)
    expect((await as('admin', path, said)).status).toBe(409)
    expect((await as('admin', path, { outcome: 'repeat', seq: 1 })).status).toBe(200)
    await app.runs.wait(LEFT)
    const { traces } = (await (await as('admin', `/audit?runId=${LEFT}`)).json()) as {
      readonly traces: readonly object[]
    }
    expect(traces[0]).toMatchObject({
      status: 'completed',
      resolutions: [
        { seq: 0, outcome: 'happened', operatorId: 'admin', reason: 'Seen it' },
        { seq: 1, outcome: 'repeat', operatorId: 'admin' },
      ],
    })
  })

  it('repeats what is readOnly by itself and asks for the rest alone', async () => {
    const { app, effects } = await recovered({
      program: 'return await Promise.all([tools.look({ n: 1 }), tools.pay({ n: 2 })])',
      user: ann,
      calls: [
        { tool: 'look', argument: { n: 1 }, readOnly: true },
        { tool: 'pay', argument: { n: 2 } },
      ],
    })
    expect(await app.runs.get(LEFT)).toMatchObject({ unknownCalls: [{ seq: 1, name: 'pay' }] })
    await app.runs.resolve(LEFT, { outcome: 'happened', seq: 1, answer: { n: 2 }, operator: ops })
    expect(await app.runs.wait(LEFT)).toMatchObject({ result: [{ n: 1 }, { n: 2 }] })
    expect(effects).toEqual([`look 1 ${LEFT}:0`])
  })
})
