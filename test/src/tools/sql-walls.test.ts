import { describe, expect, it } from 'vitest'
import { describeEachDialect } from './each-dialect.ts'
import { ACCESS, failed } from './sql-shops.ts'

const writes = {
  insert: "INSERT INTO log VALUES ('x')",
  'an insert that answers rows': "INSERT INTO log VALUES ('x') RETURNING line",
  'an insert behind WITH': "WITH a AS (SELECT 'x') INSERT INTO log SELECT * FROM a",
  update: "UPDATE customers SET name = 'x'",
  delete: 'DELETE FROM log',
  'a new table': 'CREATE TABLE a(b INTEGER)',
  'a temporary table': 'CREATE TEMP TABLE a(b INTEGER)',
  'a dropped table': 'DROP TABLE orders',
} as const

/** None of these is stopped by a policy here. */
const outOfReach = {
  'a restricted column': 'SELECT ssn FROM customers',
  'everything of its table': 'SELECT * FROM customers',
  'it in a filter': "SELECT 1 AS a FROM customers WHERE ssn = '000-1'",
  'it in an order': 'SELECT id FROM customers ORDER BY ssn',
  'it in a join': 'SELECT 1 AS a FROM customers c JOIN guesses g ON c.ssn = g.ssn',
  'it with USING': 'SELECT 1 AS a FROM customers JOIN guesses USING (ssn)',
  'it with a quoted USING': 'SELECT 1 AS a FROM "customers" JOIN guesses USING /**/ ( "ssn" )',
  'it in a natural join': 'SELECT 1 AS a FROM customers NATURAL JOIN guesses',
  'it in a natural left join':
    'SELECT count(guesses.value) AS a FROM customers NATURAL LEFT JOIN guesses',
  'it in a subquery': 'SELECT (SELECT max(ssn) FROM customers) AS a',
  'it in a union': 'SELECT note FROM orders UNION SELECT ssn FROM customers',
  'it behind a query named like a view':
    'WITH customer_names AS (SELECT ssn FROM customers) SELECT * FROM customer_names',
  'it behind a quoted query named like a view':
    'WITH RECURSIVE "customer_names"(x) AS (SELECT ssn FROM customers) SELECT x FROM customer_names',
  'a table': 'SELECT value FROM secrets',
  'the number of its rows': 'SELECT count(*) AS n FROM secrets',
  'whether it has rows': 'SELECT EXISTS (SELECT 1 FROM secrets) AS a',
  'it beside another one': 'SELECT 1 AS a FROM orders, secrets',
  'a table with USING': 'SELECT 1 AS a FROM guesses JOIN secrets USING (value)',
  'a table in a natural join': 'SELECT 1 AS a FROM guesses NATURAL JOIN secrets',
  'a view': 'SELECT value FROM secret_values',
  'the number of its lines': 'SELECT count(*) AS n FROM secret_values',
  'a view with USING': 'SELECT 1 AS a FROM guesses JOIN secret_values USING (value)',
} as const

const writesOutOfReach = {
  'an insert into a table that may be read': 'INSERT INTO orders(id) VALUES (9)',
  'an update of it': 'UPDATE orders SET total = 0',
  'a delete from it': 'DELETE FROM orders',
  'an insert of a restricted column': "INSERT INTO customers(id, ssn) VALUES (9, 'x')",
  'an insert without a list of columns': "INSERT INTO customers VALUES (9, 'x', 'y')",
  'an insert of nothing but defaults': 'INSERT INTO customers DEFAULT VALUES',
  'an update of a restricted column': "UPDATE customers SET ssn = 'x'",
  'an update that reads one': 'UPDATE customers SET name = ssn',
  'an upsert that takes it as its target':
    "INSERT INTO customers(id, name) VALUES (1, 'x') ON CONFLICT (ssn) DO UPDATE SET name = 'y'",
  'what an insert answers': "INSERT INTO customers(id, name) VALUES (9, 'x') RETURNING *",
  'a copy of a secret': 'INSERT INTO log SELECT value FROM secrets',
  'a new table': 'CREATE TABLE a(b INTEGER)',
  'a dropped table': 'DROP TABLE log',
  'a changed table': 'ALTER TABLE log ADD COLUMN b INTEGER',
} as const

// No policy stands before any of these.
await describeEachDialect('the walls of sqlTool', (shopOf) => {
  describe('with mode read', () => {
    const run = (query: string) => shopOf().ask('read', query)

    for (const [name, query] of Object.entries(writes)) {
      it(`refuse ${name}`, async () => {
        await expect(run(query)).rejects.toMatchObject(failed)
      })
    }

    for (const [name, query] of Object.entries(outOfReach)) {
      it(`hide ${name}`, async () => {
        await expect(run(query)).rejects.toMatchObject(failed)
      })
    }

    it('could reach all of it as the owner', async () => {
      for (const query of Object.values(outOfReach)) {
        await expect(shopOf().admin(`EXPLAIN ${query}`)).resolves.not.toHaveLength(0)
      }
    })

    it('changed nothing in all of this', async () => {
      const query = 'SELECT (SELECT count(*) FROM log) AS l, (SELECT sum(total) FROM orders) AS t'
      expect((await shopOf().admin(query)).map((row) => Object.values(row).map(Number))).toEqual([
        [0, 400],
      ])
    })

    it('has every wall up, and says so after trying them', async () => {
      const walls = await shopOf().open({ access: ACCESS }).walls()
      expect(walls.filter(({ isUp }) => !isUp)).toEqual([])
      expect(walls.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['read-only', 'statement-timeout', 'session', 'tables-and-columns']),
      )
    })

    it('says what is not up', async () => {
      const down = async (access?: typeof ACCESS) => {
        const walls = await shopOf()
          .open(access === undefined ? {} : { access })
          .walls()
        return walls.filter(({ isUp }) => !isUp)
      }
      expect(await down()).toMatchObject([
        { name: 'tables-and-columns', remedy: expect.stringContaining('access') },
      ])
      const misspelt = { ...ACCESS, restrictedColumns: ['customers.ssn', 'customers.snn'] }
      expect(await down(misspelt)).toMatchObject([
        { name: 'tables-and-columns', remedy: expect.stringContaining('customers.snn') },
      ])
    })
  })

  describe('with mode read-write', () => {
    const run = (query: string) => shopOf().ask('read-write', query)

    for (const [name, query] of Object.entries(writesOutOfReach)) {
      it(`refuse ${name}`, async () => {
        await expect(run(query)).rejects.toMatchObject(failed)
      })
    }

    for (const [name, query] of Object.entries(outOfReach)) {
      it(`hide ${name}`, async () => {
        await expect(run(query)).rejects.toMatchObject(failed)
      })
    }

    it('could do all of it as the owner', async () => {
      const rows = Object.entries(writesOutOfReach).filter(
        ([, query]) => !/^(?:CREATE|DROP|ALTER)/.test(query),
      )
      for (const [, query] of rows) {
        await expect(shopOf().admin(`EXPLAIN ${query}`)).resolves.not.toHaveLength(0)
      }
    })

    it('changed nothing but what it may', async () => {
      const rows = await shopOf().admin(
        "SELECT (SELECT count(*) FROM log) AS l, (SELECT count(*) FROM customers WHERE name IN ('Ada', 'Bob')) AS c",
      )
      expect(rows.map((row) => Object.values(row).map(Number))).toEqual([[0, 2]])
    })

    it('has every wall up that is there for it', async () => {
      const walls = await shopOf().open({ mode: 'read-write', access: ACCESS }).walls()
      expect(walls.filter(({ isUp }) => !isUp)).toEqual([])
      expect(walls.map(({ name }) => name)).not.toContain('read-only')
    })
  })
})
