import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { DataPolicy, type DataPolicyOptions } from '../../../../harness/policy/data-policy.ts'

const { questions, guarded } = JSON.parse(
  readFileSync(new URL('../../../corpus/shop-questions.json', import.meta.url), 'utf8'),
) as {
  readonly questions: readonly { readonly id: string; readonly sql: string }[]
  readonly guarded: readonly {
    readonly id: string
    readonly sql: string
    readonly mentions: readonly string[]
  }[]
}

const options: DataPolicyOptions = {
  readableTables: ['orders', 'order_items', 'products', 'customers', 'refunds', 'tickets'],
  writableTables: ['refunds'],
  restrictedColumns: [
    'customers.email',
    'customers.phone',
    'customers.national_id',
    'customers.card_last4',
  ],
}

const schema = {
  customers: [
    ...['id', 'full_name', 'email', 'phone', 'national_id', 'card_brand', 'card_last4', 'country'],
    ...['city', 'segment', 'marketing_opt_in', 'created_at'],
  ],
  products: ['id', 'sku', 'name', 'category', 'price_cents', 'cost_cents', 'stock', 'active'],
  orders: [
    ...['id', 'customer_id', 'status', 'channel', 'placed_at', 'shipped_at', 'delivered_at'],
    ...['discount_cents', 'shipping_cents', 'total_cents'],
  ],
  order_items: ['order_id', 'line_no', 'product_id', 'quantity', 'unit_price_cents'],
  refunds: ['id', 'order_id', 'amount_cents', 'reason', 'status', 'created_at', 'decided_by'],
  tickets: [
    ...['id', 'customer_id', 'order_id', 'subject', 'body', 'priority', 'status', 'created_at'],
    ...['first_reply_at', 'closed_at', 'csat'],
  ],
}

const policies = {
  'without a schema': new DataPolicy(options),
  'with a schema': new DataPolicy({ ...options, schema }),
}
afterAll(async () => {
  await Promise.all(Object.values(policies).map((policy) => policy.close()))
})

for (const [name, policy] of Object.entries(policies)) {
  describe(`the shop's questions ${name}`, () => {
    it.each(questions)('allows $id', async ({ sql }) => {
      expect(await policy.judgeSql(sql, { dialect: 'sqlite' })).toMatchObject({
        decision: 'allow',
        action: 'read',
      })
    })

    const denied = guarded.filter(({ id }) => ['g01', 'g02', 'g03', 'g04', 'g06'].includes(id))
    it.each(denied)('denies $id and says why', async ({ sql, mentions }) => {
      const { verdict, objections } = await policy.explainSql(sql, { dialect: 'sqlite' })
      expect(verdict.decision).toBe('deny')
      const reasons = objections.map(({ message }) => message).join('; ')
      for (const mention of mentions) expect(reasons).toMatch(new RegExp(mention, 'i'))
    })

    it('allows the refund as a write and denies writes elsewhere', async () => {
      const verdictOf = async (id: string) => {
        const sql = guarded.find((item) => item.id === id)?.sql ?? ''
        return policy.judgeSql(sql, { dialect: 'sqlite' })
      }
      expect(await verdictOf('g07')).toMatchObject({
        decision: 'allow',
        action: 'write',
        tables: { read: ['orders'], written: ['refunds'] },
      })
      expect(await verdictOf('g05')).toMatchObject({ reasonCode: 'table-not-writable' })
      expect(await verdictOf('g08')).toMatchObject({ reasonCode: 'table-not-writable' })
      expect(await verdictOf('g09')).toMatchObject({ decision: 'allow', action: 'read' })
    })
  })
}
