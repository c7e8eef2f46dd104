import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataPolicy } from '../../../../harness/policy/data-policy.ts'
import { hasPostgresql, openPostgresql, type TestDatabase } from './postgresql-for-test.ts'
import {
  ALICE,
  DATABASES,
  denied,
  narrowed,
  openShopPolicy,
  shopPolicy,
} from './row-filter-shop.ts'

const policy = new DataPolicy(shopPolicy)
const open = new DataPolicy(openShopPolicy)
let database: TestDatabase

/** The rows of one statement, in a transaction that is undone, as texts without an order. */
async function run(schema: keyof typeof DATABASES, sql: string, params: unknown): Promise<unknown> {
  const { client } = database
  await client.query(`BEGIN; DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
  try {
    await client.query(DATABASES[schema])
    const values = Array.isArray(params) ? params : []
    const { rows } = await client.query({ text: sql, values, rowMode: 'array' })
    return rows.map((row) => JSON.stringify(row)).sort()
  } catch (error) {
    return error instanceof Error ? error.message : error
  } finally {
    await client.query('ROLLBACK')
  }
}

const postgresqlOnly: Readonly<Record<string, string>> = {
  TABLE: 'TABLE orders',
  ONLY: 'SELECT note FROM ONLY orders',
  'a whole row': 'SELECT o FROM orders o',
  'a whole row as JSON': 'SELECT to_json(orders) FROM orders',
  'fields of a row': 'SELECT (o).note FROM orders o',
  'a lateral join':
    'SELECT p.id, x.note FROM products p, LATERAL (SELECT note FROM orders o WHERE o.customer_id = p.id) x',
  'DISTINCT ON': 'SELECT DISTINCT ON (customer_id) note FROM orders ORDER BY customer_id, id',
  FILTER: 'SELECT count(*) FILTER (WHERE total >= 900000) FROM orders',
  'an array': 'SELECT ARRAY(SELECT note FROM orders)',
  ANY: 'SELECT id FROM products WHERE 900000 = ANY (SELECT total FROM orders)',
  'an intersection': '(SELECT note FROM orders) INTERSECT ALL (SELECT note FROM orders)',
  'brackets around everything': '((SELECT note FROM orders))',
  'WITH RECURSIVE in any order':
    'WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT note FROM orders) SELECT * FROM a',
  'WITH NOT MATERIALIZED':
    'WITH o AS NOT MATERIALIZED (SELECT * FROM orders) SELECT id FROM o WHERE total > 5',
  'a write inside WITH':
    'WITH w AS (INSERT INTO carts (id, qty) SELECT id + 100, total FROM orders RETURNING qty) SELECT * FROM w',
  'a delete with USING':
    'DELETE FROM carts USING orders o WHERE carts.id = o.total - 899999 RETURNING carts.id',
  'an update with FROM it':
    'UPDATE carts SET qty = o.total FROM orders o WHERE o.id % 1000 = carts.id RETURNING carts.id, qty',
  'MERGE that uses it':
    'MERGE INTO carts c USING orders o ON c.id = o.id % 1000 WHEN MATCHED THEN UPDATE SET qty = o.total WHEN NOT MATCHED THEN INSERT (id, qty) VALUES (o.id, o.total)',
  'GROUPING SETS': 'SELECT status, sum(total) FROM orders GROUP BY GROUPING SETS ((status), ())',
  'a Unicode name': 'SELECT note FROM U&"\\006Frders"',
  // A failed conversion of a row that the filter keeps back would show its text in the message.
  'a conversion that fails on rows kept back':
    'SELECT id FROM orders WHERE CAST(note AS integer) > 0',
  'a division by zero on rows kept back': 'SELECT id FROM orders WHERE 100 / total > 1',
}

const postgresqlDenied: Readonly<Record<string, string>> = {
  'its full name': 'SELECT * FROM public.orders',
  'its full name, quoted': 'SELECT * FROM "public"."orders"',
  'its full name in capitals': 'SELECT * FROM PUBLIC.ORDERS',
  'its full name with TABLE': 'TABLE public.orders',
  'its full name beside its bare name':
    'SELECT * FROM orders a JOIN public.orders b ON a.id = b.id',
  // PostgreSQL takes only one WITH there, and it cannot be put into the brackets with certainty.
  'brackets around WITH': '(WITH o AS (SELECT note FROM orders) SELECT * FROM o)',
  'a lock': 'SELECT id FROM orders FOR UPDATE',
  'a lock on it beside another': 'SELECT o.id FROM orders o, products p FOR SHARE OF o',
  'a write inside WITH': 'WITH w AS (DELETE FROM orders RETURNING note) SELECT * FROM w',
  'MERGE into it': 'MERGE INTO orders o USING products p ON o.id = p.id WHEN MATCHED THEN DELETE',
  'WITH of its name that writes':
    'WITH orders AS (DELETE FROM carts RETURNING id) SELECT * FROM orders',
}

describe.skipIf(!(await hasPostgresql()))('row filters on PostgreSQL', () => {
  beforeAll(async () => {
    database = await openPostgresql()
  })
  afterAll(async () => {
    await Promise.all([policy.close(), open.close(), database.close()])
  })

  for (const [name, sql] of Object.entries({ ...narrowed, ...postgresqlOnly })) {
    it(`show only the requester's rows to ${name}`, async () => {
      const rewritten = await policy.rewriteSql(sql, { dialect: 'postgresql', requester: ALICE })
      if (rewritten.decision === 'deny') throw new Error(JSON.stringify(rewritten))
      const seen = await run('shared', rewritten.sql, rewritten.params)
      expect(seen).toBeInstanceOf(Array)
      expect(seen).toEqual(await run('own', rewritten.sql, rewritten.params))
      expect(seen).toEqual(await run('own', sql, []))
      expect(JSON.stringify(seen)).not.toMatch(/FOREIGN|90000/)
    })
  }

  it('test nothing on rows that are kept back, however cheap the test is beside the filter', async () => {
    const costly = new DataPolicy({
      ...shopPolicy,
      rowFilter: { ...shopPolicy.rowFilter, orders: 'lower(upper(tenant_id)) = :tenantId' },
    })
    const sql = 'SELECT id FROM orders WHERE 100 / total > 4'
    const rewritten = await costly.rewriteSql(sql, { dialect: 'postgresql', requester: ALICE })
    await costly.close()
    if (rewritten.decision === 'deny') throw new Error(JSON.stringify(rewritten))
    expect(await run('shared', rewritten.sql, rewritten.params)).toEqual(['[1]', '[2]'])
  })

  it('bind the tenant after the values of the caller', async () => {
    const sql = 'SELECT id, $2::text FROM orders WHERE id = ANY ($1) AND note = $2'
    const options = { dialect: 'postgresql', requester: ALICE } as const
    const rewritten = await policy.rewriteSql(sql, { ...options, params: [[1, 2, 1001], '12'] })
    expect(rewritten).toMatchObject({ params: [[1, 2, 1001], '12', 'acme'] })
    if (rewritten.decision === 'deny') return
    expect(await run('shared', rewritten.sql, rewritten.params)).toEqual(['[2,"12"]'])
  })

  it('deny values that could take the place of the tenant', async () => {
    const sql = 'SELECT id FROM orders WHERE id = $1'
    for (const params of [[1, 'rival'], [], { 1: 1 }]) {
      const options = { dialect: 'postgresql', requester: ALICE, params } as const
      expect(await policy.rewriteSql(sql, options)).toMatchObject({
        decision: 'deny',
        objections: [{ reasonCode: 'row-filter' }],
      })
    }
  })

  for (const [name, sql] of Object.entries({ ...denied, ...postgresqlDenied })) {
    it(`deny ${name}`, async () => {
      const verdict = await open.judgeSql(sql, { dialect: 'postgresql' })
      expect(verdict).toMatchObject({ decision: 'deny', reasonCode: 'row-filter' })
    })
  }
})
