// In a project of your own these come from 'airlock-runtime'.
import {
  AgenticApp,
  APIKeyHeader,
  ApprovalRule,
  Authenticator,
  type AuthUser,
  CodePolicy,
  constantTimeEqual,
  DataPolicy,
  type LanguageModel,
  ProductionAuthorizationPolicy,
  ResourcePolicy,
  RuntimePolicy,
  sqlTool,
} from '../../src/index.ts'
import { refundTool } from './refund-tool.ts'

/** What the shop's app is made from. */
export interface ShopOptions {
  readonly model: LanguageModel
  /** The shop's SQLite file. */
  readonly database: string
  /** Where the app keeps runs, approvals and audit; `':memory:'` for tests. */
  readonly store: string
  /** Who is behind which API key. */
  readonly keys: readonly { readonly key: string; readonly user: AuthUser }[]
}

/** What may be asked for: for the policy, which says no and why, and for the database behind it. */
const ACCESS = {
  readableTables: ['orders', 'order_items', 'products', 'customers', 'refunds', 'tickets'],
  writableTables: ['refunds'],
  restrictedColumns: [
    'customers.email',
    'customers.phone',
    'customers.national_id',
    'customers.card_last4',
  ],
}

/** A shop whose staff ask questions in plain language. */
export function createShopApp({ model, database, store, keys }: ShopOptions): AgenticApp {
  const auth = new Authenticator({
    scheme: new APIKeyHeader({ name: 'X-API-Key' }),
    verify: ({ credentials }) =>
      keys.find(({ key }) => constantTimeEqual(key, credentials))?.user ?? null,
  })
  const app = new AgenticApp({
    title: 'Shop',
    model,
    auth,
    authorization: new ProductionAuthorizationPolicy(),
    store,
    policies: [new CodePolicy(), new ResourcePolicy(), new RuntimePolicy()],
    // A demo takes what this machine gives and says what that is; production keeps the default, `kernel`.
    sandbox: { isolation: { minimum: 'best' } },
  })
  app.agentEndpoint({
    name: 'analytics',
    description:
      'Answers questions about a web shop in SQLite. Today is 2025-07-01. Money is integer cents, times are UTC text. ' +
      'Tables: customers(id, full_name, country, city, segment, created_at), ' +
      'products(id, sku, name, category, price_cents, cost_cents, stock, active), ' +
      'orders(id, customer_id, status, channel, placed_at, shipped_at, delivered_at, discount_cents, shipping_cents, total_cents), ' +
      'order_items(order_id, line_no, product_id, quantity, unit_price_cents), ' +
      'refunds(id, order_id, amount_cents, reason, status, created_at), ' +
      'tickets(id, customer_id, order_id, subject, body, priority, status, created_at, first_reply_at, closed_at, csat)',
    tools: [
      sqlTool({
        name: 'sql',
        dialect: 'sqlite',
        database,
        description: 'Reads the shop database',
        access: ACCESS,
      }),
      refundTool(database),
    ],
    policies: [new DataPolicy({ ...ACCESS, denyDdl: true, maxResultRows: 10_000 })],
    approval: [
      new ApprovalRule({
        name: 'write_gate',
        requireForActions: ['write'],
        approvers: [{ role: 'admin' }],
        timeoutMs: 1_800_000,
      }),
    ],
    execute: true,
  })
  app.agentEndpoint({ name: 'greeter', public: true }, async (intent, context) => ({
    hello: context.user?.username ?? 'you',
    said: intent.raw,
  }))
  return app
}
