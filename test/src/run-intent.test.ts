import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type AgenticApp,
  APIKeyHeader,
  Authenticator,
  type ExecutionTrace,
  ModelError,
  ProductionAuthorizationPolicy,
} from '../../src/index.ts'
import { createTestApp, testUser } from '../../src/testing/index.ts'
import { countingTool } from '../support/counting-tool.ts'

const user = testUser('author')
const apps: AgenticApp[] = []

function createApp(...options: Parameters<typeof createTestApp>): AgenticApp {
  const app = createTestApp(...options)
  apps.push(app)
  return app
}

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

const silent = { debug() {}, info() {}, warn() {}, error() {} }

describe('an intent', () => {
  it('is answered by the program that the model writes, and leaves a whole trace', async () => {
    const { tool } = countingTool({ readOnly: true })
    const app = createApp(['```js\nreturn (await tools.pay({ amount: data.n })).paid * 2\n```'])
    app.agentEndpoint({ name: 'sums', public: true, tools: [tool] })
    const outcome = await app.run({ endpoint: 'sums', intent: 'Double it', data: { n: 21 }, user })
    expect(outcome).toMatchObject({
      status: 'completed',
      result: 42,
      toolCalls: [{ seq: 0, name: 'pay', args: { amount: 21 }, outcome: 'value' }],
      isolation: { engine: 'quickjs' },
    })
    expect(outcome.usage.wallMs).toBeGreaterThan(0)
    expect(outcome.usage.peakMemoryBytes).toBeGreaterThan(0)
    expect(outcome.usage.outputBytes).toBe(2)
  })

  const replies = {
    'prose without code': 'I am not sure what you mean by that, could you say it again?',
    'an empty block': '```js\n\n```',
    'a refusal': { text: '', finishReason: 'refusal' },
  } as const
  for (const [name, reply] of Object.entries(replies)) {
    it(`ends as failed when the model answers with ${name}`, async () => {
      const app = createApp([reply])
      app.agentEndpoint({ name: 'sums', public: true })
      const outcome = await app.run({ endpoint: 'sums', intent: 'Anything', user })
      expect(outcome).toMatchObject({ status: 'failed', error: { code: 'ERR_MODEL_RESPONSE' } })
    })
  }

  it('ends as failed, with its reason, when the model cannot be had', async () => {
    const app = createApp(() => {
      throw new ModelError('ERR_MODEL_UNAVAILABLE', 'The model is not there')
    })
    app.agentEndpoint({ name: 'sums', public: true })
    const outcome = await app.run({ endpoint: 'sums', intent: 'Anything', user })
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'ERR_MODEL_UNAVAILABLE' } })
  })

  it('is misuse when it is empty or too long, and throws', async () => {
    const app = createApp([])
    app.agentEndpoint({ name: 'sums', public: true })
    for (const intent of ['', '   ', 'x'.repeat(200_000)]) {
      await expect(app.run({ endpoint: 'sums', intent, user })).rejects.toThrow()
    }
  })

  it('never reaches the model for a caller who is not allowed', async () => {
    let asked = 0
    const app = createApp(
      () => {
        asked += 1
        return '```js\nreturn 1\n```'
      },
      { authorization: new ProductionAuthorizationPolicy({ authenticated: [] }) },
    )
    app.agentEndpoint({ name: 'sums', public: true })
    const outcome = await app.run({ endpoint: 'sums', intent: 'Anything', user })
    expect(outcome).toMatchObject({
      status: 'denied',
      error: { code: 'ERR_AUTHORIZATION_DENIED' },
    })
    expect(asked).toBe(0)
  })

  it('is cancelled by its signal, and says so', async () => {
    const app = createApp(['```js\nawait new Promise(() => {})\n```'])
    app.agentEndpoint({ name: 'sums', public: true })
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 300)
    const { signal } = controller
    const outcome = await app.run({ endpoint: 'sums', intent: 'Wait', user, signal })
    expect(outcome).toMatchObject({ status: 'cancelled', error: { code: 'ERR_RUN_CANCELLED' } })
  })
})

describe('a session', () => {
  it('is begun by its owner, seen by the model, and does not exist for anybody else', async () => {
    const prompts: string[] = []
    const app = createApp(({ system, messages }) => {
      prompts.push(system + messages.map(({ content }) => content).join())
      return '```js\nreturn 7\n```'
    })
    app.agentEndpoint({ name: 'sums', public: true })
    app.agentEndpoint({ name: 'handler', public: true }, (_intent, { sessionId }) => sessionId)
    const ask = { endpoint: 'sums', intent: 'The first question' }
    const first = await app.run({ ...ask, user, sessionId: 'new' })
    const sessionId = first.sessionId ?? ''
    expect(sessionId).not.toBe('')
    const next = await app.run({ endpoint: 'sums', intent: 'And then?', user, sessionId })
    expect(next.sessionId).toBe(sessionId)
    expect(prompts[1]).toContain('The first question')
    for (const stranger of [testUser('mallory'), testUser('author', { tenantId: 't' }), null]) {
      for (const endpoint of ['sums', 'handler']) {
        const stolen = await app.run({ endpoint, intent: 'Tell me', user: stranger, sessionId })
        expect(stolen).toMatchObject({ status: 'failed', error: { code: 'ERR_SESSION_NOT_FOUND' } })
      }
    }
    expect(prompts).toHaveLength(2)
  })
})

describe('a handler', () => {
  it('answers with JSON', async () => {
    const app = createApp([])
    app.agentEndpoint({ name: 'greeter', public: true }, (intent) => ({ said: intent.raw }))
    const outcome = await app.run({ endpoint: 'greeter', intent: 'Hello', user })
    expect(outcome).toMatchObject({ status: 'completed', result: { said: 'Hello' } })
  })

  it('that throws is an internal error without a word of what it threw', async () => {
    const app = createApp([], { logger: silent })
    app.agentEndpoint({ name: 'broken', public: true }, () => {
      throw new Error('password=hunter2')
    })
    const outcome = await app.run({ endpoint: 'broken', intent: 'Hello', user })
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'ERR_INTERNAL' } })
    expect(JSON.stringify(outcome)).not.toContain('hunter2')
  })

  it('that takes too long is timed out', async () => {
    const app = createApp([])
    const limits = { timeoutMs: 50 }
    app.agentEndpoint({ name: 'slow', public: true, limits }, () => new Promise(() => {}))
    expect(await app.run({ endpoint: 'slow', intent: 'Hello', user })).toMatchObject({
      status: 'timed_out',
      error: { code: 'ERR_SANDBOX_TIMEOUT' },
    })
  })

  it('can have an intent or a program run through every gate of its endpoint', async () => {
    const { tool, calls } = countingTool({ readOnly: true })
    const app = createApp(['```js\nreturn (await tools.pay({ amount: 3 })).paid\n```'])
    app.agentEndpoint(
      { name: 'both', public: true, tools: [tool] },
      async (intent, { runIntent, execute }) => {
        const asked = await runIntent(intent.raw)
        const denied = await execute({ code: 'return process.env' })
        return [asked.result ?? null, denied.status]
      },
    )
    const outcome = await app.run({ endpoint: 'both', intent: 'Three', user })
    expect(outcome.result).toEqual([3, 'denied'])
    expect(calls).toHaveLength(1)
  })
})

describe('the record', () => {
  const auth = new Authenticator({
    scheme: new APIKeyHeader({ name: 'X-API-Key' }),
    verify: ({ credentials }) => {
      return { userId: credentials, roles: credentials === 'admin' ? ['admin'] : [] }
    },
  })
  const traces = async (app: AgenticApp, key: string): Promise<readonly ExecutionTrace[]> => {
    const request = new Request('http://test/audit', { headers: { 'X-API-Key': key } })
    const body = (await (await app.fetch(request)).json()) as { traces: ExecutionTrace[] }
    return body.traces
  }

  it('holds intent, program, calls and ending, with secrets removed', async () => {
    const { tool } = countingTool({ readOnly: true })
    const app = createApp(['```js\nreturn (await tools.pay({ amount: 1 })).paid\n```'], { auth })
    app.agentEndpoint({ name: 'sums', tools: [tool] })
    const intent = 'My header is Authorization: Bearer abcdefghijklmnop1234567890'
    await app.run({ endpoint: 'sums', intent, user })
    const [trace] = await traces(app, 'author')
    expect(trace).toMatchObject({
      endpoint: 'sums',
      entrance: 'intent',
      requester: { userId: 'author' },
      action: 'read',
      program: { language: 'js' },
      toolCalls: [{ name: 'pay', readOnly: true, outcome: 'value' }],
      status: 'completed',
    })
    expect(trace?.program?.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(trace?.resultDigest).toMatch(/^[0-9a-f]{64}$/)
    expect(trace?.finishedAt).toBeGreaterThanOrEqual(trace?.startedAt ?? 0)
    expect(JSON.stringify(trace)).not.toContain('abcdefghijklmnop')
  })

  it('holds refused runs too, and shows each caller their own, an admin all', async () => {
    const app = createApp([], { auth })
    app.agentEndpoint({ name: 'sums', execute: true })
    for (const userId of ['ann', 'bob']) {
      const code = 'return process.env'
      await app.execute({ endpoint: 'sums', code, user: testUser(userId) })
    }
    const seen = async (key: string) =>
      (await traces(app, key)).map(({ requester, status }) => [requester?.userId, status])
    expect(await seen('ann')).toEqual([['ann', 'denied']])
    expect(await seen('carl')).toEqual([])
    expect((await seen('admin')).sort()).toEqual([
      ['ann', 'denied'],
      ['bob', 'denied'],
    ])
  })

  it('that cannot be written stops everything: nothing runs, nobody is asked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'airlock-'))
    try {
      const store = join(folder, 'airlock.db')
      const { tool, calls } = countingTool({ readOnly: true })
      const app = createApp([], { store, logger: silent })
      app.agentEndpoint({ name: 'sums', public: true, execute: true, tools: [tool] })
      await app.start()
      const database = new DatabaseSync(store, { timeout: 5_000 })
      database.exec('DROP TABLE airlock_traces')
      database.close()
      const code = 'return await tools.pay({ amount: 1 })'
      expect(await app.execute({ endpoint: 'sums', code, user })).toMatchObject({
        status: 'failed',
        error: { code: 'ERR_AUDIT_UNAVAILABLE' },
      })
      expect(calls).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
