import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { SqlRules } from '../../../../harness/policy/sql/sql-verdict.ts'
import type { SqlDialect } from '../../../../harness/sandbox/tool-host.ts'
import { judgeFor, rulesWith } from './judge-for-test.ts'

/** `grant` says what may be written; `blind` means that no schema is given. */
interface Construct {
  readonly sql: string
  readonly grant?: 'write' | 'ddl'
  readonly blind?: boolean
}

const constructs = JSON.parse(
  readFileSync(new URL('../../../corpus/sql-constructs.json', import.meta.url), 'utf8'),
) as Record<SqlDialect, Record<'allow' | 'deny', readonly Construct[]>>

const schema = {
  customers: ['id', 'name', 'email', 'city', 'ssn', 'credit_card', 'created_at'],
  orders: ['id', 'customer_id', 'status', 'total', 'placed_at', 'note'],
  order_items: ['order_id', 'product_id', 'qty', 'price'],
  products: ['id', 'sku', 'name', 'category', 'price', 'attrs'],
  employees: ['id', 'name', 'dept', 'manager_id', 'salary', 'password_hash'],
  carts: ['id', 'customer_id', 'product_id', 'qty'],
  audit_log: ['id', 'at', 'actor', 'action', 'detail'],
  api_keys: ['id', 'owner', 'token'],
  secrets: ['id', 'label', 'value'],
  'order details': ['id', 'line note'],
}

function rulesFor({ grant, blind }: Construct): SqlRules {
  const writable = {
    write: ['carts', 'audit_log', 'customers'],
    ddl: ['carts', 'scratch', 'customers'],
  }
  return rulesWith({
    readableTables: [
      ...['customers', 'orders', 'order_items', 'products', 'employees', 'carts', 'order details'],
    ],
    writableTables: grant === undefined ? [] : writable[grant],
    restrictedColumns: [
      'customers.ssn',
      'customers.credit_card',
      'employees.salary',
      '*.password_hash',
    ],
    schema: blind ? null : schema,
    denyDdl: grant !== 'ddl',
  })
}

for (const [dialect, halves] of Object.entries(constructs)) {
  describe(`SQL constructs of ${dialect}`, () => {
    const decide = async (construct: Construct) => {
      const judge = await judgeFor(dialect as SqlDialect, rulesFor(construct))
      return judge(construct.sql).verdict
    }

    it.each(halves.deny)('denies $sql', async (construct) => {
      expect((await decide(construct)).decision).toBe('deny')
    })

    it.each(halves.allow)('allows $sql', async (construct) => {
      expect(await decide(construct)).toMatchObject({ decision: 'allow' })
    })
  })
}
