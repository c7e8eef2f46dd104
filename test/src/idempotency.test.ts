import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type AgenticApp, APIKeyHeader, Authenticator } from '../../src/index.ts'
import { createTestApp, fixedClock } from '../../src/testing/index.ts'
import { temporaryFolder } from './store/temporary-folder.ts'

const HOUR_MS = 3_600_000

// The key is tenant and user.
const auth = new Authenticator({
  scheme: new APIKeyHeader({ name: 'X-API-Key' }),
  verify: ({ credentials }) => {
    const [tenantId = '', userId = ''] = credentials.split('/')
    return { userId, roles: [], tenantId }
  },
})

/** An app whose handler counts, and can be made to wait. */
function counting(store = ':memory:') {
  const clock = fixedClock()
  const state = { runs: 0, gate: Promise.resolve() }
  const app = createTestApp([], { auth, store, clock: clock.now })
  onTestFinished(() => app.close())
  for (const name of ['count', 'count-2']) {
    app.agentEndpoint({ name }, async () => {
      state.runs += 1
      await state.gate
      return { run: state.runs }
    })
  }
  app.agentEndpoint({ name: 'open', public: true }, () => 'hello')
  return { app, clock, state }
}

interface Sent {
  readonly as?: string | null
  readonly path?: string
  readonly body?: object
}

async function send(app: AgenticApp, key: string | null, options: Sent = {}) {
  const { as = 'acme/ann', path = '/agent/count', body = { intent: 'Count' } } = options
  const response = await app.fetch(
    new Request(`http://test${path}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(as === null ? {} : { 'X-API-Key': as }),
        ...(key === null ? {} : { 'Idempotency-Key': key }),
      },
      body: JSON.stringify(body),
    }),
  )
  const text = await response.text()
  return { status: response.status, text, json: JSON.parse(text) as Record<string, unknown> }
}

describe('a request with an Idempotency-Key', () => {
  it('is answered the same when it is sent again, and runs once', async () => {
    const { app, state } = counting()
    const first = await send(app, 'k1')
    expect(first).toMatchObject({ status: 200, json: { result: { run: 1 } } })
    expect(await send(app, 'k1')).toEqual(first)
    expect(state.runs).toBe(1)
    expect(await send(app, 'k2')).toMatchObject({ status: 200, json: { result: { run: 2 } } })
    expect(await send(app, null)).toMatchObject({ json: { result: { run: 3 } } })
  })

  it('is another one for another user, tenant or endpoint', async () => {
    const { app, state } = counting()
    await send(app, 'k')
    await send(app, 'k', { as: 'acme/bob' })
    await send(app, 'k', { as: 'other/ann' })
    await send(app, 'k', { path: '/agent/count-2' })
    expect(state.runs).toBe(4)
    await send(app, 'k', { as: 'acme/bob' })
    expect(state.runs).toBe(4)
  })

  it('is refused with another body, whatever the order of its properties', async () => {
    const { app, state } = counting()
    await send(app, 'k', { body: { intent: 'Count', params: { a: 1, b: 2 } } })
    const same = await send(app, 'k', { body: { params: { b: 2, a: 1 }, intent: 'Count' } })
    expect(same.status).toBe(200)
    expect(await send(app, 'k', { body: { intent: 'Other' } })).toMatchObject({
      ...{ status: 422, json: { code: 'ERR_IDEMPOTENCY_MISMATCH' } },
    })
    expect(state.runs).toBe(1)
  })

  it('makes one run of many at once; the others are told that it goes on', async () => {
    const { app, state } = counting()
    const gate = Promise.withResolvers<void>()
    state.gate = gate.promise
    const first = Promise.all(Array.from({ length: 50 }, () => send(app, 'k')))
    await expect.poll(() => state.runs, { timeout: 10_000 }).toBe(1)
    expect(await send(app, 'k')).toMatchObject({
      ...{ status: 409, json: { code: 'ERR_IDEMPOTENCY_IN_PROGRESS' } },
    })
    gate.resolve()
    const statuses = (await first).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(49)
    expect(state.runs).toBe(1)
    expect(await send(app, 'k')).toMatchObject({ status: 200, json: { result: { run: 1 } } })
  })

  it('is remembered across a restart, for 24 hours', async () => {
    const store = join(temporaryFolder(), 'store.db')
    const before = counting(store)
    const first = await send(before.app, 'k')
    await before.app.close()
    const after = counting(store)
    expect(await send(after.app, 'k')).toEqual(first)
    after.clock.advance(24 * HOUR_MS - 1)
    expect(await send(after.app, 'k')).toEqual(first)
    after.clock.advance(1)
    expect((await send(after.app, 'k')).text).not.toBe(first.text)
    expect(after.state.runs).toBe(1)
  })

  it('outlives the connection that brought it', async () => {
    const { app, state } = counting()
    const gate = Promise.withResolvers<void>()
    state.gate = gate.promise
    const controller = new AbortController()
    const lost = app.fetch(
      new Request('http://test/agent/count', {
        ...{ method: 'POST', signal: controller.signal, body: '{"intent":"Count"}' },
        headers: {
          ...{ 'Content-Type': 'application/json', 'X-API-Key': 'acme/ann' },
          'Idempotency-Key': 'k',
        },
      }),
    )
    await expect.poll(() => state.runs, { timeout: 10_000 }).toBe(1)
    controller.abort()
    gate.resolve()
    await lost
    expect(await send(app, 'k')).toMatchObject({ status: 200, json: { result: { run: 1 } } })
  })

  it('needs a caller who is known, and a key that can be read in one way', async () => {
    const { app } = counting()
    const invalid = { status: 400, json: { code: 'ERR_REQUEST_INVALID' } }
    expect(await send(app, 'k', { as: null, path: '/agent/open' })).toMatchObject(invalid)
    expect((await send(app, null, { as: null, path: '/agent/open' })).status).toBe(200)
    for (const key of ['', 'x'.repeat(256), 'a,b', 'a b', 'ä']) {
      expect(await send(app, key)).toMatchObject(invalid)
    }
    expect((await send(app, 'x'.repeat(255))).status).toBe(200)
    expect((await send(app, '"8e03978e-40d5-43dd-bc93-6894a57f9324"')).status).toBe(200)
  })
})
