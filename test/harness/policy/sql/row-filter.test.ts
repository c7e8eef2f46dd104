import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../../harness/json-value.ts'
import { DataPolicy } from '../../../../harness/policy/data-policy.ts'
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
afterAll(async () => {
  await Promise.all([policy.close(), open.close()])
})

function run(database: keyof typeof DATABASES, sql: string, params: unknown): unknown {
  using connection = new DatabaseSync(':memory:')
  connection.exec(DATABASES[database])
  try {
    const statement = connection.prepare(sql)
    const values = Array.isArray(params) ? (params as SQLInputValue[]) : []
    const rows = Array.isArray(params)
      ? statement.all(...values)
      : statement.all(params as Record<string, SQLInputValue>)
    return rows.map((row) => JSON.stringify(Object.values(row))).sort()
  } catch (error) {
    return error instanceof Error ? error.message : error
  }
}

const sqliteOnly: Readonly<Record<string, string>> = {
  'a bracketed name': 'SELECT note FROM [orders]',
  'a name in backticks': 'SELECT note FROM `Orders`',
  'a name as a string': "SELECT note FROM 'orders'",
  'a table after IN': 'SELECT (1, 2, 3, 4, 5, 6) IN orders',
  'a table after IN in a write':
    'DELETE FROM carts WHERE (1, 2, 3, 4, 5, 6) IN orders RETURNING id',
  'an intersection': 'SELECT note FROM orders INTERSECT SELECT note FROM orders',
  REPLACE: 'REPLACE INTO carts (id, qty) SELECT id, total FROM orders RETURNING qty',
  'a natural join': 'SELECT count(*) FROM customers NATURAL JOIN orders',
  'a function in FROM': 'SELECT value FROM orders, json_each(json_array(orders.total))',
  // An overflow in a condition on a row that the filter keeps back would tell that the row is there.
  'an error on a row that is kept back':
    'SELECT id FROM orders WHERE CASE WHEN total >= 900000 THEN abs(-9223372036854775807 - 1) ELSE 1 END',
  'an error on malformed text that is kept back': "SELECT json_extract(note, '$') FROM orders",
}

const sqliteDenied: Readonly<Record<string, string>> = {
  'its full name': 'SELECT * FROM main.orders',
  'its full name, quoted': 'SELECT * FROM "main"."orders"',
  'its full name in capitals': 'SELECT * FROM MAIN.ORDERS',
  'its full name after IN': 'SELECT 1 IN main.orders',
  'its full name beside its bare name': 'SELECT * FROM orders a JOIN main.orders b ON a.id = b.id',
  'its full name in a subquery': 'SELECT id, (SELECT max(note) FROM main.orders) FROM orders',
  'a replacement in it': 'REPLACE INTO orders (id, note) VALUES (1001, NULL)',
  'WITH of its name in brackets': 'WITH [ORDERS] AS (SELECT 1 AS id) SELECT * FROM orders',
}

describe('row filters on SQLite', () => {
  for (const [name, sql] of Object.entries({ ...narrowed, ...sqliteOnly })) {
    it(`show only the requester's rows to ${name}`, async () => {
      const rewritten = await policy.rewriteSql(sql, { dialect: 'sqlite', requester: ALICE })
      if (rewritten.decision === 'deny') throw new Error(JSON.stringify(rewritten))
      const seen = run('shared', rewritten.sql, rewritten.params)
      expect(seen).toBeInstanceOf(Array)
      expect(seen).toEqual(run('own', rewritten.sql, rewritten.params))
      expect(seen).toEqual(run('own', sql, []))
      expect(JSON.stringify(seen)).not.toMatch(/FOREIGN|90000/)
    })
  }

  for (const [name, sql] of Object.entries({ ...denied, ...sqliteDenied })) {
    it(`deny ${name}`, async () => {
      const rewritten = await open.rewriteSql(sql, { dialect: 'sqlite', requester: ALICE })
      expect(rewritten).toMatchObject({ objections: [{ reasonCode: 'row-filter' }] })
      expect(await open.judgeSql(sql, { dialect: 'sqlite' })).toMatchObject({
        decision: 'deny',
        reasonCode: 'row-filter',
      })
    })
  }

  const bound: Readonly<Record<string, readonly [sql: string, params: JsonValue, rows: string[]]>> =
    {
      placeholders: ['SELECT note FROM orders WHERE id IN (?, ?)', [2, 1001], ['["12"]']],
      'placeholders before and behind a filtered table': [
        'SELECT ?, note FROM orders WHERE id = ? AND customer_id = ?',
        ['x', 1, 1],
        ['["x","11"]'],
      ],
      'numbered placeholders': [
        'SELECT note, ?2 FROM orders WHERE id = ?1',
        [2, 'x'],
        ['["12","x"]'],
      ],
      'numbered placeholders that are used twice': [
        'SELECT ?1 + ?1, ?2, ? FROM orders WHERE id = ?1',
        [2, 'x', 'y'],
        ['[4,"x","y"]'],
      ],
      'placeholders in a WITH of its own': [
        'WITH o AS (SELECT * FROM orders WHERE total > ?) SELECT id, ? FROM o WHERE id > ?',
        [10, 'x', 2],
        ['[3,"x"]'],
      ],
      'names without their colon': ['SELECT id FROM orders WHERE id = :id', { id: 2 }, ['[2]']],
      'names as they are written': [
        'SELECT id FROM orders WHERE id = $id OR id = @other',
        { $id: 2, '@other': 1001 },
        ['[2]'],
      ],
      'names that the statement does not have': [
        'SELECT id FROM orders WHERE id >= :id',
        { id: 3, airlock_1: 'rival', ':airlock_1': 'rival' },
        ['[3]'],
      ],
    }

  for (const [name, [sql, params, rows]] of Object.entries(bound)) {
    it(`bind the requester's tenant beside ${name}`, async () => {
      const rewritten = await policy.rewriteSql(sql, {
        dialect: 'sqlite',
        requester: ALICE,
        params,
      })
      if (rewritten.decision === 'deny') throw new Error(JSON.stringify(rewritten))
      expect(run('shared', rewritten.sql, rewritten.params)).toEqual(rows)
      expect(rewritten.sql).not.toContain('acme')
    })
  }

  const misfits: Readonly<Record<string, readonly [sql: string, params: JsonValue]>> = {
    'names and numbers together': ['SELECT ?, :a FROM orders', ['x']],
    'a name that is one of ours': ['SELECT :airlock_1 FROM orders', { airlock_1: 'rival' }],
    'a name that is one of ours in capitals': ['SELECT :Airlock_1 FROM orders', { Airlock_1: 'x' }],
    'one name with two signs': ['SELECT :a, @a FROM orders', { ':a': 1, '@a': 2 }],
    'a list for names': ['SELECT :a FROM orders', ['x']],
    'an object for a list': ['SELECT ? FROM orders', { 1: 'x' }],
    'a name that is left out': ['SELECT :a FROM orders', {}],
    'a name that is given twice': ['SELECT :a FROM orders', { a: 1, ':a': 2 }],
  }

  for (const [name, [sql, params]] of Object.entries(misfits)) {
    it(`deny ${name}`, async () => {
      const options = { dialect: 'sqlite', requester: ALICE, params } as const
      expect(await policy.rewriteSql(sql, options)).toMatchObject({
        decision: 'deny',
        objections: [{ reasonCode: 'row-filter' }],
      })
    })
  }

  it('deny whoever has no tenant to filter by', async () => {
    for (const requester of [null, { userId: 'bob', roles: [] }, { ...ALICE, tenantId: '' }]) {
      const options = { dialect: 'sqlite', requester } as const
      expect(await policy.rewriteSql('SELECT id FROM orders', options)).toMatchObject({
        decision: 'deny',
        objections: [{ reasonCode: 'row-filter' }],
      })
    }
  })

  it('bind each value that a condition asks for, every time', async () => {
    const both = new DataPolicy({
      ...shopPolicy,
      rowFilter: {
        ...shopPolicy.rowFilter,
        orders: '(note = :userId OR tenant_id = :tenantId) AND tenant_id IS NOT :userId',
      },
    })
    const options = { dialect: 'sqlite', requester: ALICE, params: [2] } as const
    const sql = 'SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = ?'
    const rewritten = await both.rewriteSql(sql, options)
    await both.close()
    expect(rewritten).toMatchObject({ params: ['acme', 'alice', 'acme', 'alice', 2] })
    if (rewritten.decision === 'deny') return
    expect(run('shared', rewritten.sql, rewritten.params)).toEqual(['[2]'])
  })

  it('deny filtered tables in MySQL, where a name may escape an outer WITH', async () => {
    for (const sql of ['SELECT id FROM orders', 'SELECT id FROM products, customers']) {
      expect(await policy.judgeSql(sql, { dialect: 'mysql' })).toMatchObject({
        decision: 'deny',
        reasonCode: 'row-filter',
      })
    }
    const sql = 'SELECT id FROM products'
    expect(await policy.judgeSql(sql, { dialect: 'mysql' })).toMatchObject({ decision: 'allow' })
  })

  it('leave a statement alone that reads no filtered table', async () => {
    const sql = 'SELECT name FROM products WHERE id = ?'
    const rewritten = await policy.rewriteSql(sql, {
      dialect: 'sqlite',
      requester: null,
      params: [1],
    })
    expect(rewritten).toEqual({ decision: 'allow', sql, params: [1] })
  })
})
