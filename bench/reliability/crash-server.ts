// Started by crash-rounds.ts, and killed by it: an app whose tools write down every call in a database of
// their own, which is the witness. Prints the address once it listens.
import { DatabaseSync } from 'node:sqlite'

type Library = typeof import('../../src/index.ts')

const [library = '', store = '', witnessPath = ''] = process.argv.slice(2)
const {
  AgenticApp,
  APIKeyHeader,
  ApprovalRule,
  Authenticator,
  defineTool,
  DevelopmentAuthorizationPolicy,
  jsonSchema,
}: Library = await import(library)

const witness = new DatabaseSync(witnessPath, { timeout: 5_000 })
witness.exec(`PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS deliveries (tool TEXT, call TEXT, key TEXT, run_id TEXT, seq INTEGER);
  CREATE TABLE IF NOT EXISTS effects (key TEXT PRIMARY KEY, call TEXT)`)
const deliver = witness.prepare('INSERT INTO deliveries VALUES (?, ?, ?, ?, ?)')
const effect = witness.prepare('INSERT INTO effects VALUES (?, ?) ON CONFLICT (key) DO NOTHING')

function tool(name: string, idempotent: boolean) {
  return defineTool({
    name,
    description: `Counts a call of ${name}`,
    input: jsonSchema<{ call: string }>({
      type: 'object',
      properties: { call: { type: 'string' } },
      required: ['call'],
      additionalProperties: false,
    }),
    readOnly: false,
    idempotent,
    async run({ call }, { idempotencyKey, runId, seq }) {
      deliver.run(name, call, idempotencyKey, runId, seq)
      effect.run(idempotencyKey, call)
      // Long enough to be killed in, before the answer is on record.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10))
      return { call }
    },
  })
}

// The key is the user's name; its letters are the role.
const auth = new Authenticator({
  scheme: new APIKeyHeader({ name: 'X-API-Key' }),
  verify: ({ credentials }) => ({ userId: credentials, roles: [credentials.replace(/\d+$/, '')] }),
})
const app = new AgenticApp({
  title: 'Crash',
  store,
  auth,
  authorization: new DevelopmentAuthorizationPolicy(),
  sandbox: { isolation: { minimum: 'best' }, pool: { min: 2 } },
  maxTraces: 1_000_000,
  // What is tried is what is kept, and a checker only takes time from it.
  typeCheck: 'off',
  limits: { timeoutMs: 60_000 },
})
const tools = [tool('count', true), tool('pay', false)]
app.agentEndpoint({ name: 'free', execute: true, tools })
app.agentEndpoint({
  name: 'gate',
  execute: true,
  tools,
  approval: [
    new ApprovalRule({
      name: 'writes',
      requireForActions: ['write'],
      approvers: [{ role: 'chief' }],
      timeoutMs: 3_600_000,
    }),
  ],
})
const { url } = await app.listen({ port: 0 })
process.stdout.write(`listening ${url}\n`)
