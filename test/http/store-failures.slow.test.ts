import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { APIKeyHeader, Authenticator } from '../../src/index.ts'
import { createTestApp } from '../../src/testing/index.ts'
import { TEST_SECRETS } from '../src/store/each-engine.ts'
import { temporaryFolder } from '../src/store/temporary-folder.ts'
import { countingTool } from '../support/counting-tool.ts'
import { OwnPostgresql, postgresqlPrograms } from '../support/own-postgresql.ts'
import { canMount, remount, smallDisk } from '../support/small-disk.ts'

const auth = new Authenticator({
  scheme: new APIKeyHeader({ name: 'X-API-Key' }),
  verify: ({ credentials }) => ({ userId: credentials, roles: ['admin'] }),
})

interface Body {
  readonly code?: string
  readonly runId?: string
  readonly status?: string
}

/** An app over a store, and the calls that its one tool really got. */
function appAt(store: string) {
  vi.stubEnv('AIRLOCK_AUDIT_KEY', TEST_SECRETS.signingKey)
  vi.stubEnv('AIRLOCK_MASTER_KEY', TEST_SECRETS.masterKey)
  onTestFinished(() => void vi.unstubAllEnvs())
  const app = createTestApp([], { store, auth, logger: silent })
  onTestFinished(() => app.close())
  const pay = countingTool()
  app.agentEndpoint({
    name: 'till',
    execute: true,
    tools: [pay.tool],
    // How long an answer takes is not what is tried here.
    typeCheck: 'off',
    limits: { timeoutMs: 60_000 },
  })
  const send = async (path: string, body?: object) => {
    const headers = { 'X-API-Key': 'ada', 'Content-Type': 'application/json' }
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const response = await app.fetch(new Request(`http://test${path}`, { headers, ...init }))
    const answer = (await response.json()) as Body
    return {
      status: response.status,
      retryAfter: response.headers.get('Retry-After'),
      body: answer,
    }
  }
  const order = (text = '') =>
    send('/agent/till/execute', {
      code: `return await tools.pay({ amount: 1 })`,
      data: { text },
    })
  return { send, order, calls: pay.calls }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

const UNAVAILABLE = ['ERR_AUDIT_UNAVAILABLE', 'ERR_STORE_UNAVAILABLE']

/** Refused for the time being, and nothing was run. */
async function expectRefusal(
  { order, calls }: Pick<ReturnType<typeof appAt>, 'order' | 'calls'>,
  options: { readonly isTemporary: boolean } = { isTemporary: true },
): Promise<void> {
  const before = calls.length
  const { status, body, retryAfter } = await order()
  expect(status).toBe(503)
  expect(UNAVAILABLE).toContain(body.code)
  if (options.isTemporary) expect(Number(retryAfter)).toBeGreaterThan(0)
  else expect(retryAfter).toBeNull()
  expect(calls).toHaveLength(before)
}

describe.skipIf(!canMount)('an app on a disk that is full', () => {
  it('runs nothing, still answers what it knows, and goes on when there is room', async () => {
    const disk = smallDisk(6)
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(1024 * 1024, 1))
    const app = appAt(join(disk, 'store.db'))
    const first = await app.order()
    expect(first).toMatchObject({ status: 200 })
    let last = first
    for (let n = 0; last.status === 200 && n < 400; n++) last = await app.order('x'.repeat(100_000))
    expect(last.status).toBe(503)
    await expectRefusal(app)
    expect(await app.send(`/runs/${first.body.runId}`)).toMatchObject({
      status: 200,
      body: { status: 'completed' },
    })
    rmSync(ballast)
    await expect.poll(async () => (await app.order()).status, { timeout: 60_000 }).toBe(200)
  })
})

describe('an app whose file is locked by somebody else', () => {
  it('runs nothing, and goes on when the lock is gone', async () => {
    const location = join(temporaryFolder(), 'store.db')
    const app = appAt(location)
    expect(await app.order()).toMatchObject({ status: 200 })
    const holder = new DatabaseSync(location)
    onTestFinished(() => holder.close())
    holder.exec('BEGIN IMMEDIATE')
    await expectRefusal(app)
    holder.exec('ROLLBACK')
    expect(await app.order()).toMatchObject({ status: 200 })
  })
})

describe.skipIf(!canMount)('an app on a file system that is read only', () => {
  it('starts once it can be written, and says until then that it cannot', async () => {
    const disk = smallDisk(4)
    remount(disk, 'ro')
    const app = appAt(join(disk, 'store.db'))
    const { status, body } = await app.order()
    expect(status).toBe(503)
    expect(UNAVAILABLE).toContain(body.code)
    remount(disk, 'rw')
    await expect.poll(async () => (await app.order()).status, { timeout: 60_000 }).toBe(200)
  })
})

describe.skipIf(postgresqlPrograms() === null)('an app whose PostgreSQL server goes away', () => {
  it('runs nothing, and goes on when the server is back', async () => {
    const server = await OwnPostgresql.start()
    onTestFinished(() => server.remove())
    const app = appAt(server.url)
    const first = await app.order()
    expect(first).toMatchObject({ status: 200 })
    await server.kill()
    await expectRefusal(app)
    expect(await app.send(`/runs/${first.body.runId}`)).toMatchObject({
      status: 503,
      body: { code: 'ERR_STORE_UNAVAILABLE' },
    })
    await server.start()
    await expect.poll(async () => (await app.order()).status, { timeout: 60_000 }).toBe(200)
    expect(await app.send(`/runs/${first.body.runId}`)).toMatchObject({ status: 200 })
  })

  it('starts when the server does', async () => {
    const server = await OwnPostgresql.start()
    onTestFinished(() => server.remove())
    await server.stop()
    const app = appAt(server.url)
    await expectRefusal(app)
    await server.start()
    await expect.poll(async () => (await app.order()).status, { timeout: 60_000 }).toBe(200)
  })
})
