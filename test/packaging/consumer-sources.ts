/** What a user writes in JavaScript: one tool, one endpoint, one program of their own. */
export const consumerProgram = `
import { AgenticApp, DevelopmentAuthorizationPolicy, defineTool, jsonSchema } from 'airlock-runtime'

const orders = defineTool({
  name: 'orders',
  description: 'Lists the orders of a customer',
  input: jsonSchema({
    type: 'object',
    properties: { customer: { type: 'string' } },
    required: ['customer'],
    additionalProperties: false,
  }),
  readOnly: true,
  run: async ({ customer }) => [{ customer, totalCents: 1450 }, { customer, totalCents: 2200 }],
})

const app = new AgenticApp({
  title: 'Consumer',
  store: ':memory:',
  authorization: new DevelopmentAuthorizationPolicy(),
  sandbox: { isolation: { minimum: 'process' } },
})
app.agentEndpoint({ name: 'shop', public: true, execute: true, tools: [orders] })

const good = await app.execute({
  endpoint: 'shop',
  language: 'ts',
  code: \`
    enum Unit { Cent = 1 }
    const rows: { totalCents: number }[] = await tools.orders({ customer: data.name })
    return { sum: rows.reduce((sum, row) => sum + row.totalCents * Unit.Cent, 0), name: data.name }
  \`,
  data: { name: 'Ada' },
})
const bad = await app.execute({ endpoint: 'shop', code: "return require('node:fs').readdirSync('/')" })
await app.close()
console.log(JSON.stringify({ good, bad }))
`

/** What a user's type check sees. Exact types, and one line that must not compile. */
export const consumerTypes = `
import { AgenticApp, type AuthUser, ScriptedModel, defineTool, jsonSchema, sqlTool } from 'airlock-runtime'
import * as harness from 'airlock-runtime/harness'
import * as runtime from 'airlock-runtime/runtime'
import * as testing from 'airlock-runtime/testing'

const add = defineTool({
  name: 'add',
  description: 'Adds',
  input: jsonSchema<{ a: number; b: number }>({ type: 'object' }),
  readOnly: true,
  run: async ({ a, b }) => a + b,
})
const user: AuthUser = { userId: 'u1', username: 'Ada', roles: [], scopes: [], metadata: {} }
const app = new AgenticApp({
  title: 'Types',
  model: new ScriptedModel(['return 1']),
  store: ':memory:',
  sandbox: { isolation: { minimum: 'process' } },
})
app.agentEndpoint({ name: 'sums', public: true, tools: [add] })
const outcome = await app.run({ endpoint: 'sums', intent: 'Add', user })
const status: 'completed' | 'pending_approval' | string = outcome.status
// @ts-expect-error unknown options are refused by the types as well
new AgenticApp({ title: 'Types', store: ':memory:', colour: 'red' })
export { harness, runtime, sqlTool, status, testing }
`
