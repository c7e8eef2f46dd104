import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresqlToolOptions } from '../../../src/tools/sql-tool.ts'
import { findPostgresql } from '../../support/services.ts'
import { ACCESS, ask, failed, openPostgresqlShop, type PostgresqlShop } from './sql-shops.ts'

const service = await findPostgresql()
const url = service.isThere ? service.url : ''

const values = {
  'whole numbers': ['SELECT 1::int2 AS a, 2::int4 AS b, 3::int8 AS c', { a: 1, b: 2, c: 3 }],
  'a large one': ['SELECT -9007199254740993::int8 AS a', { a: '-9007199254740993' }],
  'numeric as a number': ['SELECT 12.50::numeric(12,2) AS a, 0.1 AS b', { a: 12.5, b: 0.1 }],
  'an average as a number': ['SELECT avg(x) AS a FROM (VALUES (1), (2), (2)) q(x)', { a: 5 / 3 }],
  'a sum of large integers': ['SELECT sum(x) AS a FROM (VALUES (5::int8)) q(x)', { a: 5 }],
  'a large numeric as a string': [
    'SELECT 12345678901234567890.5 AS a',
    { a: '12345678901234567890.5' },
  ],
  'what is no number': [
    "SELECT 'NaN'::float8 AS a, '-Infinity'::float4 AS b",
    { a: 'NaN', b: '-Infinity' },
  ],
  'numeric that is no number': ["SELECT 'NaN'::numeric AS a", { a: 'NaN' }],
  'a float as short as it is exact': [
    'SELECT 0.1::float4 AS a, 0.1::float8 AS b',
    { a: 0.1, b: 0.1 },
  ],
  'truth values': [
    'SELECT true AS a, false AS b, NULL::boolean AS c',
    { a: true, b: false, c: null },
  ],
  'a date': ["SELECT date '2024-02-29' AS a", { a: '2024-02-29' }],
  'a date before all others': ["SELECT '-infinity'::date AS a", { a: '-infinity' }],
  'a timestamp': ["SELECT timestamp '2024-02-29 03:04:05.5' AS a", { a: '2024-02-29T03:04:05.5' }],
  'an instant in UTC': [
    "SELECT timestamptz '2024-02-29 03:04:05+02' AS a",
    { a: '2024-02-29T01:04:05Z' },
  ],
  'a time': ["SELECT time '03:04:05' AS a", { a: '03:04:05' }],
  'an interval': ["SELECT interval '1 day 2 hours' AS a", { a: 'P1DT2H' }],
  'bytes as base64': ["SELECT '\\x00ff'::bytea AS a", { a: 'AP8=' }],
  'JSON as it is': [
    `SELECT '{"a": [1, null, {"b": "c"}]}'::jsonb AS a, '1'::json AS b`,
    { a: { a: [1, null, { b: 'c' }] }, b: 1 },
  ],
  'large integers in JSON as strings': [
    `SELECT '[12345678901234567890, 1.5]'::jsonb AS a`,
    { a: ['12345678901234567890', 1.5] },
  ],
  'JSON that would be a prototype': [
    `SELECT '{"__proto__": {"a": 1}}'::jsonb AS a`,
    { a: JSON.parse('{"__proto__": {"a": 1}}') },
  ],
  lists: ['SELECT ARRAY[1, NULL, 3] AS a, ARRAY[true] AS b', { a: [1, null, 3], b: [true] }],
  'lists of text': [
    `SELECT ARRAY['a', 'b,"c\\', NULL, '', 'NULL', '{}'] AS a`,
    { a: ['a', 'b,"c\\', null, '', 'NULL', '{}'] },
  ],
  'lists of lists': [
    'SELECT ARRAY[[1, 2], [3, 4]] AS a',
    {
      a: [
        [1, 2],
        [3, 4],
      ],
    },
  ],
  'a list with bounds': ["SELECT '[0:1]={1,2}'::int[] AS a", { a: [1, 2] }],
  'an empty list': ["SELECT '{}'::text[] AS a", { a: [] }],
  'lists of dates and JSON': [
    `SELECT ARRAY[timestamp '2024-01-01'] AS a, ARRAY['{"a":1}'::jsonb] AS b`,
    { a: ['2024-01-01T00:00:00'], b: [{ a: 1 }] },
  ],
  'a uuid': [
    "SELECT '00000000-0000-0000-0000-00000000000a'::uuid AS a",
    { a: '00000000-0000-0000-0000-00000000000a' },
  ],
  'a range and a row as their text': [
    "SELECT int4range(1, 3) AS a, ROW(1, 'b') AS b",
    { a: '[1,3)', b: '(1,b)' },
  ],
  'an empty select list': ['SELECT', {}],
} as const

describe.skipIf(!service.isThere)(`sqlTool on ${service.title}`, () => {
  const state = { shop: null as PostgresqlShop | null }
  const shopOf = (): PostgresqlShop => {
    if (state.shop === null) throw new Error('The shop is not open')
    return state.shop
  }
  /** As the owner of everything, on one connection, so that the next call gets the same one. */
  const openAsOwner = (options: Partial<PostgresqlToolOptions> = {}) => {
    const { hostname, port, username, pathname } = new URL(url)
    const database = {
      host: hostname,
      port: Number(port || 5432),
      user: username,
      database: pathname.slice(1),
      maxConnections: 1,
    }
    return shopOf().openAs({ database, ...options })
  }
  const pid = 'SELECT pg_backend_pid() AS pid'

  beforeAll(async () => {
    state.shop = await openPostgresqlShop(url)
    await state.shop.admin(`
      CREATE SEQUENCE numbers;
      CREATE FUNCTION write_log(text) RETURNS text LANGUAGE sql VOLATILE
        AS 'INSERT INTO ${state.shop.schema}.log VALUES ($1) RETURNING line';
      CREATE FUNCTION complain(text) RETURNS text LANGUAGE plpgsql
        AS 'BEGIN RAISE EXCEPTION ''% is wrong'', $1; END';
      CREATE TABLE late (a INTEGER UNIQUE DEFERRABLE INITIALLY DEFERRED);
      CREATE TABLE "Mixed" ("Id" INTEGER);
      INSERT INTO "Mixed" VALUES (1)`)
  }, 60_000)
  afterAll(() => state.shop?.close(), 60_000)

  for (const [name, [query, row]] of Object.entries(values)) {
    it(`answers ${name}`, async () => {
      expect(await shopOf().ask('read', query)).toMatchObject({ rows: [row] })
    })
  }

  it('binds values of every kind', async () => {
    const query =
      'SELECT $1::int AS a, $2::text AS b, $3::boolean AS c, $4::numeric AS d, $5::text AS e'
    const params = [-0, "it's \\ \u00e9", false, 1e21, null]
    expect(await shopOf().ask('read', query, params)).toMatchObject({
      rows: [{ a: 0, b: "it's \\ \u00e9", c: false, d: '1000000000000000000000', e: null }],
    })
  })

  it('binds a list as one value', async () => {
    const ids = 'SELECT id FROM orders WHERE id = ANY($1) ORDER BY id'
    expect(await shopOf().ask('read', ids, [[1, 3, null]])).toMatchObject({
      rows: [{ id: 1 }, { id: 3 }],
    })
    const texts = ['a', '"', '\\', 'NULL', '{', ',', '', null, "'"]
    expect(await shopOf().ask('read', 'SELECT $1::text[] AS a', [texts])).toMatchObject({
      rows: [{ a: texts }],
    })
  })

  it('finds names in the default schema only, spelled as they are', async () => {
    expect(await ask(openAsOwner(), 'SELECT "Id" FROM "Mixed"')).toMatchObject({
      rows: [{ Id: 1 }],
    })
    await expect(ask(openAsOwner(), 'SELECT id FROM mixed')).rejects.toThrow('mixed')
    await expect(
      ask(openAsOwner({ defaultSchema: 'public' }), 'SELECT 1 FROM "Mixed"'),
    ).rejects.toThrow('Mixed')
  })

  describe('as the owner, with mode read and no policy', () => {
    const written = {
      'an insert in WITH':
        "WITH a AS (INSERT INTO log VALUES ('x') RETURNING line) SELECT * FROM a",
      'a delete in WITH': 'WITH a AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM a',
      'a function that writes': "SELECT write_log('x')",
      'a table from a query': 'SELECT id INTO copied FROM orders',
      'a number of a sequence': "SELECT nextval('numbers')",
      'a lock of rows': 'SELECT id FROM orders FOR UPDATE',
      'a transaction made writable, and a write':
        "SELECT set_config('transaction_read_only', 'off', true), write_log('x')",
    }
    for (const [name, query] of Object.entries(written)) {
      it(`refuses ${name}`, async () => {
        await expect(ask(openAsOwner(), query)).rejects.toMatchObject(failed)
      })
    }

    it('undoes what a transaction for reading lets pass', async () => {
      const marker = 'airlock wall'
      await ask(openAsOwner(), `SELECT lo_from_bytea(0, '${marker}'::bytea)`).catch(() => {})
      const left = await shopOf().admin(
        `SELECT count(*)::int AS n FROM pg_largeobject WHERE data = '${marker}'::bytea`,
      )
      expect(left).toEqual([{ n: 0 }])
    })

    it('changed nothing in all of this', async () => {
      const count =
        'SELECT (SELECT count(*) FROM log)::int AS l, (SELECT count(*) FROM orders)::int AS o'
      expect(await shopOf().admin(count)).toEqual([{ l: 0, o: 3 }])
    })
  })

  describe('on a connection that was used before', () => {
    const leaks = {
      'a setting': [
        "SELECT set_config('search_path', 'pg_catalog', false), set_config('app.user', 'eve', false)",
        "SELECT current_setting('search_path') = 'pg_catalog' AS path, coalesce(current_setting('app.user', true), '') AS eve",
        { path: false, eve: '' },
      ],
      'a time limit': [
        "SELECT set_config('statement_timeout', '0', false)",
        "SELECT current_setting('statement_timeout') AS t",
        { t: '5s' },
      ],
      'another role': [
        "SELECT set_config('role', 'pg_monitor', false)",
        'SELECT current_user = session_user AS own',
        { own: true },
      ],
      'a lock': [
        'SELECT pg_advisory_lock(4711)',
        "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        { n: 0 },
      ],
    } as const
    for (const [name, [leave, look, clean]] of Object.entries(leaks)) {
      it(`does not find ${name} of another call`, async () => {
        for (const mode of ['read', 'read-write'] as const) {
          const tool = openAsOwner({ mode })
          const before = await ask(tool, pid)
          await ask(tool, leave)
          expect(await ask(tool, look)).toMatchObject({ rows: [clean] })
          expect(await ask(tool, pid)).toEqual(before)
        }
      })
    }

    it('does not find a temporary table of another call', async () => {
      const tool = openAsOwner({ mode: 'read-write' })
      const create = 'CREATE TEMP TABLE mine (id TEXT)'
      expect(await ask(tool, create)).toHaveProperty('changes')
      await expect(ask(tool, 'SELECT id FROM mine')).rejects.toThrow('mine')
      expect(await ask(tool, create)).toHaveProperty('changes')
    })
  })

  describe('with a role', () => {
    it('runs statements as that role', async () => {
      const tool = openAsOwner({ role: shopOf().reader })
      expect(await ask(tool, 'SELECT current_user AS a')).toMatchObject({
        rows: [{ a: shopOf().reader }],
      })
      await expect(ask(tool, 'SELECT ssn FROM customers')).rejects.toThrow('permission denied')
      expect(await ask(tool, 'SELECT count(id) AS n FROM customers')).toMatchObject({
        rows: [{ n: 2 }],
      })
    })

    it('says that a role which a statement can leave is no wall before a superuser', async () => {
      const walls = await openAsOwner({ role: shopOf().reader, access: ACCESS }).walls()
      expect(walls.filter(({ isUp }) => !isUp).map(({ name }) => name)).toEqual([
        'least-privilege',
        'tables-and-columns',
      ])
    })

    it('says that it is one before a login that may do no more', async () => {
      await shopOf().admin(`GRANT ${shopOf().reader} TO ${shopOf().writer}`)
      const database = shopOf().urlOf(shopOf().writer)
      const tool = shopOf().openAs({ database, role: shopOf().reader, access: ACCESS })
      expect((await tool.walls()).filter(({ isUp }) => !isUp)).toEqual([])
    })

    it('says which columns a login has beyond its access', async () => {
      const access = { ...ACCESS, restrictedColumns: ['customers.ssn', 'orders.note'] }
      const walls = await shopOf().openAs({ access }).walls()
      expect(walls.find(({ name }) => name === 'tables-and-columns')).toMatchObject({
        isUp: false,
        found: expect.stringContaining('orders.note'),
      })
    })
  })

  describe('when a connection fails', () => {
    it('replaces one that was cut while nobody used it, and one cut during a statement', async () => {
      const tool = openAsOwner()
      const kill = async () => {
        const { rows } = (await ask(tool, pid)) as {
          readonly rows: readonly [{ readonly pid: number }]
        }
        await shopOf().admin(`SELECT pg_terminate_backend(${rows[0].pid})`)
      }
      await kill()
      const next = async () => ask(tool, 'SELECT 1 AS a').catch(() => ask(tool, 'SELECT 1 AS a'))
      expect(await next()).toMatchObject({ rows: [{ a: 1 }] })
      const suicide = ask(tool, 'SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)')
      await expect(suicide).rejects.toMatchObject(failed)
      expect(await next()).toMatchObject({ rows: [{ a: 1 }] })
    })

    it('says no address when nobody answers, and no name when a login is refused', async () => {
      const databases = [
        'postgresql://ada:swordfish@127.0.0.1:1/shop',
        shopOf().urlOf('nobody_at_all'),
      ]
      for (const database of databases) {
        const tool = shopOf().openAs({ database })
        await expect(ask(tool, 'SELECT 1')).rejects.toMatchObject({
          ...failed,
          message: 'The database cannot be reached',
        })
        await expect(tool.walls()).rejects.toMatchObject({
          message: expect.not.stringMatching(/127|ada|swordfish|nobody/),
        })
      }
    })
  })

  describe('with more than an answer may have', () => {
    const huge = "repeat('x', 8000000)"

    it('does not take in a row that is far too large', async () => {
      const tool = openAsOwner({ maxResultBytes: 1_000_000 })
      await expect(ask(tool, `SELECT ${huge} AS a`)).rejects.toThrow('1000000 bytes')
      expect(await ask(tool, `SELECT 'a' AS a UNION ALL SELECT ${huge}`)).toMatchObject({
        rows: [{ a: 'a' }],
        truncated: true,
      })
      expect(await ask(tool, 'SELECT 1 AS a')).toMatchObject({ rows: [{ a: 1 }] })
    })

    it('writes nothing where the answer cannot be given', async () => {
      const tool = openAsOwner({ mode: 'read-write', maxResultBytes: 1_000_000 })
      const insert = `INSERT INTO log VALUES ('a'), (${huge}) RETURNING line`
      await expect(ask(tool, insert)).rejects.toMatchObject(failed)
      expect(await ask(tool, 'SELECT count(*) AS n FROM log')).toMatchObject({ rows: [{ n: 0 }] })
    })
  })

  it('defines tables in the default schema', async () => {
    const tool = openAsOwner({ mode: 'read-write' })
    expect(await ask(tool, 'CREATE TABLE pg_new (id INTEGER)')).toMatchObject({ changes: 0 })
    expect(await ask(tool, `SELECT count(*) AS n FROM ${shopOf().schema}.pg_new`)).toMatchObject({
      rows: [{ n: 0 }],
    })
    expect(await ask(tool, '/* gone */ DROP TABLE pg_new')).toMatchObject({ changes: 0 })
    for (const query of [
      'CREATE ROLE a',
      'ALTER SYSTEM RESET ALL',
      'DROP SCHEMA a',
      'DO $$ BEGIN END $$',
    ]) {
      await expect(ask(tool, query)).rejects.toThrow('must start with')
    }
  })

  it('says so when a write fails at its very end, and has written nothing', async () => {
    const tool = openAsOwner({ mode: 'read-write' })
    await expect(ask(tool, 'INSERT INTO late VALUES (1), (1)')).rejects.toThrow('unique constraint')
    expect(await ask(tool, 'SELECT count(*) AS n FROM late')).toMatchObject({ rows: [{ n: 0 }] })
  })

  describe('with what it says of failures', () => {
    const messages: Record<string, readonly [query: string, message: RegExp]> = {
      'a syntax error': ['SELECT 1 FORM orders', /^syntax error at or near "orders"$/],
      'a wrong type': ["SELECT 'Ada'::integer", /^invalid input syntax for type integer$/],
      'a value out of range': ["SELECT '99999999999'::integer", /^the value|^value "?the value/],
      'a division': ['SELECT 1 / (id - id) FROM orders', /^division by zero$/],
      'a function that does not exist': ['SELECT no_such(1)', /no_such.*casts$/],
      'an exception of a function': ["SELECT complain('Ada')", /^A rule of the database/],
      'what is not granted': ['SELECT value FROM secrets', /^permission denied for table secrets/],
      'what is not granted and not written': [
        'SELECT value FROM secret_values',
        /^permission denied/,
      ],
      'a write': [
        "WITH a AS (INSERT INTO log VALUES ('x') RETURNING 1) SELECT 1",
        /read-only transaction|permission denied/,
      ],
    }
    for (const [name, [query, message]] of Object.entries(messages)) {
      it(`words ${name}`, async () => {
        const said = await shopOf()
          .ask('read', query)
          .catch((error: Error) => error.message)
        expect(said).toMatch(message)
        expect(said).not.toMatch(/Ada|99999999999/)
      })
    }
  })
})
