import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { type AgenticApp, DataPolicy, sqlTool } from '../../../src/index.ts'
import { openStore } from '../../../src/store/open-store.ts'
import { createTestApp, testUser } from '../../../src/testing/index.ts'
import { temporaryFolder } from '../store/temporary-folder.ts'

const apps: AgenticApp[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

const ann = testUser('ann', { tenantId: 'north' })
const ben = testUser('ben', { tenantId: 'south' })

/** An app whose one table has a row of each tenant, and a function that runs a statement for a user. */
function openShop() {
  const folder = temporaryFolder()
  const file = join(folder, 'shop.db')
  const database = new DatabaseSync(file)
  database.exec(`CREATE TABLE orders (id INTEGER, tenant_id TEXT, total INTEGER);
    INSERT INTO orders VALUES (1, 'north', 10), (2, 'south', 20), (3, 'south', 30)`)
  database.close()
  const store = join(folder, 'store.db')
  const app = createTestApp([], { store })
  apps.push(app)
  app.agentEndpoint({
    name: 'shop',
    execute: true,
    public: true,
    tools: [
      sqlTool({
        name: 'sql',
        dialect: 'sqlite',
        database: file,
        description: 'Reads the shop',
        access: { readableTables: ['orders'] },
      }),
    ],
    policies: [
      new DataPolicy({
        readableTables: ['orders'],
        schema: { orders: ['id', 'tenant_id', 'total'] },
        rowFilter: { orders: 'tenant_id = :tenantId' },
      }),
    ],
  })
  const ask = (user: ReturnType<typeof testUser>, query: string, params: readonly number[] = []) =>
    app.execute({
      endpoint: 'shop',
      code: `return (await tools.sql({ query: data.query, params: data.params })).rows`,
      data: { query, params },
      user,
    })
  return { ask, store }
}

describe('a row filter, from the program to the database', () => {
  it('shows each user the rows of their own tenant', async () => {
    const { ask } = openShop()
    const query = 'SELECT id FROM orders ORDER BY id'
    expect(await ask(ann, query)).toMatchObject({ status: 'completed', result: [{ id: 1 }] })
    expect(await ask(ben, query)).toMatchObject({
      status: 'completed',
      result: [{ id: 2 }, { id: 3 }],
    })
  })

  it('binds the tenant beside what the program binds', async () => {
    const { ask } = openShop()
    const query = 'SELECT sum(total) AS total FROM orders WHERE total > ?'
    expect(await ask(ben, query, [20])).toMatchObject({ result: [{ total: 30 }] })
  })

  it('denies a user without a tenant and a name that would go past the filter', async () => {
    const { ask } = openShop()
    const nobody = await ask(testUser('eve'), 'SELECT id FROM orders')
    expect(nobody).toMatchObject({ status: 'failed', error: { code: 'ERR_TOOL_DENIED' } })
    const past = await ask(ann, 'SELECT id FROM main.orders')
    expect(past).toMatchObject({ status: 'failed', error: { code: 'ERR_TOOL_DENIED' } })
  })

  it('keeps in the journal what was asked for and what reached the database', async () => {
    const { ask, store } = openShop()
    await ask(ann, 'SELECT id FROM orders')
    const beside = await openStore(store)
    const [run] = await beside.runs.list({})
    const [call] = await beside.journal.read(run?.runId ?? '')
    await beside.close()
    expect(call?.argument).toEqual({ query: 'SELECT id FROM orders', params: [] })
    expect(call?.effectiveArgument).toEqual({
      query: expect.stringMatching(/^WITH "orders" AS .*tenant_id.* SELECT id FROM orders$/),
      params: ['north'],
    })
  })
})
