import { DatabaseSync } from 'node:sqlite'
import { defineTool, jsonSchema, type Tool } from '../../src/index.ts'

/** Pays an order back. Changes something, so no program calls it unless a person said yes. */
export function refundTool(database: string): Tool {
  return defineTool({
    name: 'create_refund',
    description: 'Pays an amount of an order back to the customer',
    input: jsonSchema<{ order_id: number; amount_cents: number; reason: string }>({
      type: 'object',
      properties: {
        order_id: { type: 'integer' },
        amount_cents: { type: 'integer', minimum: 1 },
        reason: { type: 'string', maxLength: 500 },
      },
      required: ['order_id', 'amount_cents', 'reason'],
      additionalProperties: false,
    }),
    readOnly: false,
    run({ order_id, amount_cents, reason }) {
      using shop = new DatabaseSync(database, { timeout: 5_000 })
      const order = shop.prepare('SELECT total_cents FROM orders WHERE id = ?').get(order_id)
      if (order === undefined) throw new Error(`There is no order ${order_id}`)
      const paid = shop
        .prepare(
          `SELECT COALESCE(SUM(amount_cents), 0) AS cents FROM refunds
           WHERE order_id = ? AND status <> 'rejected'`,
        )
        .get(order_id)
      const left = Number(order['total_cents']) - Number(paid?.['cents'])
      if (amount_cents > left) throw new Error(`Only ${left} cents of order ${order_id} are left`)
      const { lastInsertRowid } = shop
        .prepare(
          `INSERT INTO refunds (order_id, amount_cents, reason, status, created_at, decided_by)
           VALUES (?, ?, ?, 'approved', '2025-07-01 09:00:00', 'airlock')`,
        )
        .run(order_id, amount_cents, reason)
      return { refund_id: Number(lastInsertRowid), order_id, amount_cents }
    },
  })
}
