import { describe, expect, it } from 'vitest'
import { describeEachDialect } from './each-dialect.ts'
import { ask, failed } from './sql-shops.ts'

const answers = {
  rows: [
    'SELECT id, note FROM orders ORDER BY id LIMIT 2',
    [
      { id: 1, note: 'first' },
      { id: 2, note: null },
    ],
  ],
  'no rows': ['SELECT id FROM orders WHERE 1 = 0', []],
  'a query in WITH': ['WITH a(x) AS (VALUES (1), (2)) SELECT max(x) AS m FROM a', [{ m: 2 }]],
  'values alone': ['VALUES (1)', [{ column1: 1 }]],
  'a view': ['SELECT name FROM customer_names ORDER BY id', [{ name: 'Ada' }, { name: 'Bob' }]],
  'a view under an alias': [
    'SELECT v.name FROM customer_names AS v WHERE v.id = 1',
    [{ name: 'Ada' }],
  ],
  'a query in WITH over a view': [
    'WITH a AS (SELECT id FROM customer_names) SELECT count(*) AS n FROM a',
    [{ n: 2 }],
  ],
  'a join with USING': [
    'SELECT count(*) AS n FROM orders JOIN customer_names USING (id)',
    [{ n: 2 }],
  ],
  'what is not restricted of a table that has restricted columns': [
    'SELECT c.name FROM customers c WHERE c.id = 2',
    [{ name: 'Bob' }],
  ],
  'a large integer as a string': [
    'SELECT 9007199254740991 AS a, 9007199254740993 AS b',
    [{ a: 9007199254740991, b: '9007199254740993' }],
  ],
  'a fraction': ['SELECT 1.5 AS a', [{ a: 1.5 }]],
  'a column called __proto__': ['SELECT 1 AS "__proto__"', [JSON.parse('{"__proto__":1}')]],
  'a statement behind comments': ['-- all\n/* of */ SELECT 1 AS a', [{ a: 1 }]],
  'a statement before a semicolon and comments': ['SELECT 1 AS a; ; -- done\n', [{ a: 1 }]],
  'semicolons inside a string': ["SELECT 'a; b' AS a", [{ a: 'a; b' }]],
  'text beyond the basic plane': ["SELECT '🦊' AS a", [{ a: '🦊' }]],
} as const

const refused = {
  'two statements': 'SELECT 1; SELECT 2',
  'two statements, the second a write': "SELECT 1; INSERT INTO log VALUES ('x')",
  'a second statement behind comments': 'SELECT 1; -- x\n /* y */ DELETE FROM log',
  'a transaction': 'BEGIN',
  'the end of a transaction': 'COMMIT',
  'an explanation': 'EXPLAIN SELECT 1',
  'a setting': 'SET search_path = pg_catalog',
  'no statement': ' -- nothing',
  'an unfinished string': "SELECT 'a",
  'a NUL character': 'SELECT 1 \0; DELETE FROM log',
  'half a character': "SELECT '\uD800'",
  'a table that does not exist': 'SELECT 1 FROM missing',
  'a statement with a mistake': 'SELEC 1',
} as const

await describeEachDialect('sqlTool', (shopOf) => {
  const run = (query: string, params?: readonly (string | number | boolean | null)[]) =>
    shopOf().ask('read', query, params)

  for (const [name, [query, rows]] of Object.entries(answers)) {
    it(`answers ${name}`, async () => {
      expect(await run(query)).toEqual({ rows, truncated: false, changes: 0 })
    })
  }

  for (const [name, query] of Object.entries(refused)) {
    it(`refuses ${name}`, async () => {
      await expect(run(query)).rejects.toMatchObject(failed)
      await expect(shopOf().ask('read-write', query)).rejects.toMatchObject(failed)
    })
  }

  it('takes values for placeholders', async () => {
    const [first, second] = [shopOf().placeholder(1), shopOf().placeholder(2)]
    const query = `SELECT id FROM orders WHERE total > ${first} AND note = ${second}`
    expect(await run(query, [60, 'first'])).toMatchObject({ rows: [{ id: 1 }] })
    expect(await run(query, [60, "first' OR '1'='1"])).toMatchObject({ rows: [] })
    expect(await run(query, [60, null])).toMatchObject({ rows: [] })
  })

  it('refuses more and fewer values than placeholders', async () => {
    const query = `SELECT id FROM orders WHERE id = ${shopOf().placeholder(1)}`
    await expect(run(query, [1, 2])).rejects.toThrow(/number of .*params/i)
    await expect(run(query, [])).rejects.toThrow(/number of .*params/i)
  })

  describe('with mode read-write', () => {
    const write = (query: string) => shopOf().ask('read-write', query)

    it('says how many rows a write changed, or answers the rows it returns', async () => {
      const insert = "INSERT INTO log VALUES ('a'), ('b')"
      expect(await write(insert)).toEqual({ rows: [], truncated: false, changes: 2 })
      expect(await write("INSERT INTO log VALUES ('c') RETURNING line")).toEqual({
        rows: [{ line: 'c' }],
        truncated: false,
        changes: 1,
      })
      const update = "UPDATE log SET line = 'x' WHERE line = 'a'"
      expect(await write(update)).toMatchObject({ changes: 1 })
      expect(await write('SELECT count(*) AS n FROM log')).toEqual({
        rows: [{ n: 3 }],
        truncated: false,
        changes: 0,
      })
      expect(await write('DELETE FROM log')).toMatchObject({ changes: 3 })
    })

    it('writes all rows where it answers few', async () => {
      const small = shopOf().open({ mode: 'read-write', maxResultRows: 1 })
      const insert = "INSERT INTO log VALUES ('1'), ('2'), ('3') RETURNING line"
      expect(await ask(small, insert)).toEqual({
        rows: [{ line: '1' }],
        truncated: true,
        changes: shopOf().dialect === 'sqlite' ? 3 : null,
      })
      expect(await write('DELETE FROM log')).toMatchObject({ changes: 3 })
    })

    it('writes the columns that are not restricted', async () => {
      const insert = "INSERT INTO customers(id, name) VALUES (8, 'Eve')"
      expect(await write(insert)).toMatchObject({ changes: 1 })
      expect(await write("UPDATE customers SET name = 'Eva' WHERE id = 8")).toMatchObject({
        changes: 1,
      })
      expect(await write('DELETE FROM customers WHERE id = 8')).toMatchObject({ changes: 1 })
    })

    it('is not repeated by anybody who does not know what came of it', () => {
      const { readOnly, idempotent, sql } = shopOf().open({ mode: 'read-write' })
      const { dialect: name } = shopOf()
      expect({ readOnly, idempotent }).toEqual({ readOnly: false, idempotent: false })
      expect(sql).toEqual({ dialect: name, argument: 'query', parameters: 'params' })
    })
  })

  describe('when it fails', () => {
    const messageOf = async (query: string, mode: 'read' | 'read-write' = 'read') => {
      const error = await shopOf()
        .ask(mode, query)
        .then(
          () => new Error('It ran'),
          (reason: unknown) => reason,
        )
      return error instanceof Error ? error.message : String(error)
    }

    it('names what is missing and what was probably meant', async () => {
      expect(await messageOf('SELECT totl FROM orders')).toMatch(/totl.*total/)
      expect(await messageOf('SELECT 1 FROM ordrs')).toContain('ordrs')
      expect(await messageOf('SELECT 1 FORM orders')).toMatch(/syntax|near/)
    })

    it('suggests no column that is out of reach', async () => {
      expect(await messageOf('SELECT snn FROM customers')).not.toMatch(/\bssn\b/)
    })

    it('quotes no value of a row', async () => {
      const fails =
        shopOf().dialect === 'sqlite'
          ? "SELECT json_extract('{}', name) FROM customer_names"
          : 'SELECT name::integer FROM customer_names'
      const message = await messageOf(fails)
      expect(message).not.toContain('Ada')
      expect(message.length).toBeGreaterThan(10)
    })

    it('names the rule that a write breaks, and no value', async () => {
      const message = await messageOf('INSERT INTO log(line) VALUES (NULL)', 'read-write')
      expect(message).toMatch(/null/i)
      expect(message).toContain('line')
      const twice = await messageOf("INSERT INTO customers(id, name) VALUES (1, 'x')", 'read-write')
      expect(twice).toMatch(/unique/i)
      expect(twice).not.toMatch(/\(1\)|Ada/)
    })
  })
})
