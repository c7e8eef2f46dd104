import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import {
  AgenticApp,
  APIKeyHeader,
  ApprovalRule,
  Authenticator,
  CodePolicy,
  DataPolicy,
  defineTool,
  jsonSchema,
  ProductionAuthorizationPolicy,
  ResourcePolicy,
  RuntimePolicy,
  ScriptedModel,
  sqlTool,
} from '../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'airlock-'))
afterAll(() => rmSync(folder, { recursive: true }))

const analyst = { userId: 'ana', roles: ['analyst'] }
const adminUser = { userId: 'ada', roles: ['admin'] }

// What somebody writes who has read the first page of the documentation, whole and in one piece.
describe('the public face', () => {
  it('works as it is shown', async () => {
    const database = new DatabaseSync(join(folder, 'shop.db'))
    database.exec(`CREATE TABLE orders (id INTEGER PRIMARY KEY, placed_at TEXT, total_cents INTEGER);
      CREATE TABLE refunds (id INTEGER PRIMARY KEY, order_id INTEGER, amount_cents INTEGER);
      INSERT INTO orders VALUES (1, '2025-01-03', 1000), (2, '2025-01-09', 500), (3, '2025-02-01', 700)`)
    const refundTool = defineTool({
      name: 'create_refund',
      description: 'Pays an order back',
      input: jsonSchema<{ order_id: number; amount_cents: number }>({
        type: 'object',
        properties: { order_id: { type: 'integer' }, amount_cents: { type: 'integer' } },
        required: ['order_id', 'amount_cents'],
        additionalProperties: false,
      }),
      readOnly: false,
      run: ({ order_id, amount_cents }) => {
        const insert = database.prepare(
          'INSERT INTO refunds (order_id, amount_cents) VALUES (?, ?)',
        )
        return { refund: Number(insert.run(order_id, amount_cents).lastInsertRowid) }
      },
    })
    const auth = new Authenticator({
      scheme: new APIKeyHeader({ name: 'X-API-Key' }),
      verify: async ({ credentials }) => {
        if (credentials === 'analyst-key') return analyst
        return credentials === 'admin-key' ? adminUser : null
      },
    })
    const model = new ScriptedModel([
      '```ts\nreturn (await tools.sql({ query: "SELECT substr(placed_at, 1, 7) AS month, SUM(total_cents) AS cents FROM orders GROUP BY 1 ORDER BY 1" })).rows\n```',
    ])
    const app = new AgenticApp({
      title: 'Shop',
      model,
      auth,
      authorization: new ProductionAuthorizationPolicy(),
      store: join(folder, 'data', 'airlock.db'),
      policies: [new CodePolicy(), new ResourcePolicy(), new RuntimePolicy()],
      sandbox: { isolation: { minimum: 'best' } },
    })
    app.agentEndpoint({
      name: 'analytics',
      description: 'Answers questions about orders',
      tools: [sqlTool({ name: 'sql', dialect: 'sqlite', database }), refundTool],
      policies: [
        new DataPolicy({
          readableTables: ['orders', 'order_items', 'products', 'customers', 'refunds', 'tickets'],
          writableTables: ['refunds'],
          restrictedColumns: [
            'customers.email',
            'customers.phone',
            'customers.national_id',
            'customers.card_last4',
          ],
          denyDdl: true,
          maxResultRows: 10_000,
        }),
      ],
      approval: [
        new ApprovalRule({
          name: 'write_gate',
          requireForActions: ['write', 'execute'],
          approvers: [{ role: 'admin' }],
          timeoutMs: 1_800_000,
        }),
      ],
      execute: true,
      limits: {
        timeoutMs: 10_000,
        memoryMb: 256,
        maxOutputBytes: 1_048_576,
        maxToolCalls: 1_000,
        maxProgramBytes: 262_144,
      },
    })
    app.agentEndpoint({ name: 'greeter', public: true }, async (intent, context) => ({
      hello: context.user?.username ?? 'you',
      said: intent.raw,
    }))

    const server = await app.listen({ port: 0 })
    const greeting = await fetch(`${server.url}/agent/greeter`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"intent":"Hello"}',
    })
    expect(await greeting.json()).toMatchObject({ result: { hello: 'you', said: 'Hello' } })

    const outcome = await app.run({
      endpoint: 'analytics',
      intent: 'Revenue by month?',
      user: analyst,
    })
    expect(outcome).toMatchObject({
      status: 'completed',
      result: [
        { month: '2025-01', cents: 1_500 },
        { month: '2025-02', cents: 700 },
      ],
    })

    const code = `const { rows: [order] } = await tools.sql({ query: 'SELECT total_cents FROM orders WHERE id = 1' })
return await tools.create_refund({ order_id: 1, amount_cents: order.total_cents as number })`
    const own = await app.execute({ endpoint: 'analytics', code, language: 'ts', user: analyst })
    expect(own.status).toBe('pending_approval')
    for (let asked = 0; asked < 2; asked += 1) {
      const [pending] = await app.approvals.list({ state: 'pending' })
      if (pending === undefined) throw new Error('Nothing is pending')
      const over = await fetch(`${server.url}/approvals/${pending.id}/resolve`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-API-Key': 'admin-key' },
        body: '{"approve":true,"reason":"checked"}',
      })
      expect(over.status).toBe(200)
      await app.runs.wait(own.runId)
    }
    const run = await fetch(`${server.url}/runs/${own.runId}`, {
      headers: { 'X-API-Key': 'analyst-key' },
    })
    expect(await run.json()).toMatchObject({ status: 'completed', result: { refund: 1 } })
    const row = database.prepare('SELECT * FROM refunds').get()
    expect(row).toMatchObject({ order_id: 1, amount_cents: 1_000 })
    await app.close()
    database.close()
  }, 30_000)
})
