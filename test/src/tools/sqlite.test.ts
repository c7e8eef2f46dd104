import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SqliteToolOptions, type SqlTool, sqlTool } from '../../../src/tools/sql-tool.ts'
import { ask, failed } from './sql-shops.ts'

const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
const file = join(folder, 'shop.db')
const open: SqlTool[] = []
const host = new DatabaseSync(':memory:')

const SCHEMA = `
  CREATE TABLE orders(id INTEGER PRIMARY KEY, total INTEGER, note TEXT);
  INSERT INTO orders VALUES (1, 100, 'first'), (2, 250, NULL), (3, 50, 'third');
  CREATE TABLE log(id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT);
  CREATE TABLE seen(line TEXT);
  CREATE TRIGGER remember AFTER INSERT ON log BEGIN
    INSERT INTO seen SELECT new.line || (SELECT count(*) FROM orders);
  END;
  CREATE TABLE parents(id INTEGER PRIMARY KEY);
  CREATE TABLE children(parent_id INTEGER REFERENCES parents(id) ON DELETE CASCADE);
  CREATE TABLE carts(id INTEGER PRIMARY KEY);
  CREATE TABLE items(cart_id INTEGER REFERENCES carts(id) ON DELETE CASCADE);
  INSERT INTO carts VALUES (1);
  INSERT INTO items VALUES (1);
  INSERT INTO parents VALUES (1);
  INSERT INTO children VALUES (1);
  CREATE TABLE strict_rows(amount INTEGER CHECK (amount < 10));
  CREATE TRIGGER rule BEFORE INSERT ON strict_rows WHEN new.amount = 7 BEGIN
    SELECT RAISE(ABORT, 'seven is for Ada');
  END;
  CREATE VIRTUAL TABLE notes USING fts5(body);
  INSERT INTO notes VALUES ('the quick fox');
`

beforeAll(() => {
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA journal_mode = WAL; ${SCHEMA}`)
  database.close()
  host.exec(SCHEMA)
})

afterAll(async () => {
  await Promise.all(open.map((tool) => tool.close()))
  host.close()
  rmSync(folder, { recursive: true })
})

function make(options: Partial<SqliteToolOptions> = {}): SqlTool {
  const tool = sqlTool({ name: 'sql', dialect: 'sqlite', database: file, ...options })
  open.push(tool)
  return tool
}

const answers = {
  'a whole number bound as one': [
    "SELECT ? || '' AS a, typeof(?) AS b",
    [5, 0.5],
    [{ a: '5', b: 'real' }],
  ],
  'a truth value bound as 1 or 0': [
    'SELECT ? AS a, ? AS b, ? AS c',
    [true, false, null],
    [{ a: 1, b: 0, c: null }],
  ],
  'a numbered placeholder': ['SELECT ?1 + ?1 AS a', [2], [{ a: 4 }]],
  'a blob as base64': ["SELECT x'00ff' AS a", [], [{ a: 'AP8=' }]],
  'an infinity as a string': ['SELECT 9e999 AS a', [], [{ a: 'Infinity' }]],
  'JSON as its text': ["SELECT json_array(1, 'a') AS a", [], [{ a: '[1,"a"]' }]],
  'a date as its text': ["SELECT date('2024-02-29') AS a", [], [{ a: '2024-02-29' }]],
  'a list from JSON text': [
    'SELECT id FROM orders WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id',
    ['[1,3]'],
    [{ id: 1 }, { id: 3 }],
  ],
  'named placeholders': [
    'SELECT :a AS a, @b AS b, $c AS c, :a AS d',
    { ':a': 1, b: 'x', $c: null },
    [{ a: 1, b: 'x', c: null, d: 1 }],
  ],
  'what only looks like a placeholder': [
    'SELECT \':a ?\' AS [@b], 1 /* $c */ AS "?"',
    {},
    [{ '@b': ':a ?', '?': 1 }],
  ],
  'a recursive query that ends': [
    'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x < 5) SELECT max(x) AS m FROM c',
    [],
    [{ m: 5 }],
  ],
  'a full-text search': [
    "SELECT body FROM notes WHERE notes MATCH 'quick'",
    [],
    [{ body: 'the quick fox' }],
  ],
  'a comment without an end': ['SELECT 1 AS a; /* really', [], [{ a: 1 }]],
} as const

const refused = {
  'a pragma': 'PRAGMA query_only = 0',
  'a pragma behind a comment': '/* SELECT */ PRAGMA user_version = 5',
  'another file': `ATTACH '${join(folder, 'other.db')}' AS other`,
  'a copy into a file': `VACUUM INTO '${join(folder, 'copy.db')}'`,
  'an extension': "SELECT load_extension('/tmp/x.so')",
  'a virtual table': 'CREATE VIRTUAL TABLE v USING fts5(a)',
  'a trigger': 'CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM orders; END',
  'a value of a gigabyte': 'SELECT length(zeroblob(1000000000)) AS a',
} as const

describe('sqlTool on SQLite', () => {
  const sources: Record<string, () => SqlTool> = {
    'a database given by path': () => make(),
    'a database given by URL': () => make({ database: pathToFileURL(file) }),
    'a database of the host': () => make({ database: host }),
  }
  for (const [source, makeTool] of Object.entries(sources)) {
    describe(`with ${source}`, () => {
      const tool = { current: null as SqlTool | null }
      const run = (query: string, params?: Parameters<typeof ask>[2]) => {
        tool.current ??= makeTool()
        return ask(tool.current, query, params)
      }

      for (const [name, [query, params, rows]] of Object.entries(answers)) {
        it(`answers ${name}`, async () => expect(await run(query, params)).toMatchObject({ rows }))
      }

      for (const [name, query] of Object.entries(refused)) {
        if (name === 'a value of a gigabyte' && source === 'a database of the host') continue
        it(`refuses ${name}`, async () => {
          await expect(run(query)).rejects.toMatchObject(failed)
        })
      }

      it('refuses to write, and changed nothing in all of this', async () => {
        for (const query of ["INSERT INTO log(line) VALUES ('x')", 'DELETE FROM orders']) {
          await expect(run(query)).rejects.toMatchObject(failed)
        }
        const sums = 'SELECT (SELECT count(*) FROM log) AS l, (SELECT sum(total) FROM orders) AS t'
        expect(await run(sums)).toMatchObject({ rows: [{ l: 0, t: 400 }] })
      })

      const misbound: Record<string, readonly [query: string, params: Parameters<typeof ask>[2]]> =
        {
          'a list for a name': ['SELECT :a AS a', [1]],
          'an object for no name': ['SELECT ? AS a', { a: 1 }],
          'an object without a name': ['SELECT :a AS a, :b AS b', { a: 1 }],
          'an object with another name': ['SELECT :a AS a', { a: 1, b: 2 }],
          'names beside numbers': ['SELECT :a AS a, ? AS b', { a: 1 }],
        }
      for (const [name, [query, params]] of Object.entries(misbound)) {
        it(`refuses ${name}`, async () => {
          await expect(run(query, params)).rejects.toThrow(/params/)
        })
      }

      it('says which table is missing', async () => {
        await expect(run('SELECT * FROM missing')).rejects.toThrow('no such table: missing')
      })
    })
  }

  it('leaves the host able to write with its own database afterwards', async () => {
    await ask(make({ database: host }), 'SELECT 1')
    expect(host.prepare('PRAGMA query_only').get()).toEqual({ query_only: 0 })
    const locked = new DatabaseSync(':memory:')
    locked.exec('PRAGMA query_only = 1')
    await ask(make({ database: locked }), 'SELECT 1')
    expect(locked.prepare('PRAGMA query_only').get()).toEqual({ query_only: 1 })
    locked.close()
  })

  it('says that a database of the host has few walls', async () => {
    const walls = await make({ database: host }).walls()
    expect(walls.map(({ name, isUp }) => [name, isUp])).toEqual([
      ['read-only', true],
      ['statement-timeout', false],
      ['session', false],
      ['tables-and-columns', false],
    ])
    expect(walls.every(({ isUp, remedy }) => isUp === (remedy === null))).toBe(true)
  })

  describe('with mode read-write', () => {
    const tool = { current: null as SqlTool | null }
    const run = (query: string, params?: Parameters<typeof ask>[2]) => {
      tool.current ??= make({ mode: 'read-write' })
      return ask(tool.current, query, params)
    }

    for (const [name, query] of Object.entries(refused)) {
      it(`refuses ${name}`, async () => {
        await expect(run(query)).rejects.toMatchObject(failed)
        expect(readdirSync(folder).filter((entry) => !entry.startsWith('shop.db'))).toEqual([])
      })
    }

    it('counts the rows a statement changed, and none for what changes no rows', async () => {
      expect(await run("INSERT INTO seen VALUES ('a'), ('b')")).toMatchObject({ changes: 2 })
      expect(await run('CREATE TABLE fresh(a INTEGER)')).toMatchObject({ changes: 0 })
      expect(await run('DELETE FROM seen WHERE line = ?', ['z'])).toMatchObject({ changes: 0 })
      expect(await run('DROP TABLE fresh')).toMatchObject({ changes: 0 })
      expect(await run('DELETE FROM seen')).toMatchObject({ changes: 2 })
    })

    it('runs nothing when values are missing', async () => {
      await expect(run('INSERT INTO seen VALUES (?)')).rejects.toThrow('params')
      expect(await run('SELECT count(*) AS n FROM seen')).toMatchObject({ rows: [{ n: 0 }] })
    })

    it('withholds what a rule of the database says', async () => {
      const seven = run('INSERT INTO strict_rows VALUES (7)')
      await expect(seven).rejects.toThrow('A rule of the database')
      await expect(run('INSERT INTO strict_rows VALUES (70)')).rejects.toThrow('CHECK constraint')
    })
  })

  describe('with access', () => {
    const access = {
      readableTables: ['orders', 'log', 'notes', 'late_view', 'parents', 'carts', 'items'],
      writableTables: ['LOG', 'notes', 'parents', 'carts', 'items', 'strict_rows'],
      restrictedColumns: ['Orders.NOTE'],
    }
    const tool = { current: null as SqlTool | null }
    const run = (query: string) => {
      tool.current ??= make({ mode: 'read-write', access })
      return ask(tool.current, query)
    }

    const passes = {
      'a table in other letters': 'SELECT ID FROM ORDERS',
      'a table of the main schema': 'SELECT id FROM main.orders',
      'an insert that sets off a trigger': "INSERT INTO log(line) VALUES ('x')",
      'a full-text search': "SELECT body FROM notes WHERE notes MATCH 'fox'",
      'an insert into a full-text table': "INSERT INTO notes VALUES ('a lazy dog')",
      'a delete that cascades within reach': 'DELETE FROM carts',
      'an insert into what may not be read': 'INSERT INTO strict_rows VALUES (1)',
      'a query named like a trigger that stays within reach':
        'WITH remember AS (SELECT id FROM orders) SELECT id FROM remember',
      'a table function': "SELECT value FROM json_each('[1]')",
      'a join with USING on what is not restricted':
        'SELECT count(*) FROM orders JOIN log USING (id)',
    }
    for (const [name, query] of Object.entries(passes)) {
      it(`allows ${name}`, async () => expect(await run(query)).toHaveProperty('truncated', false))
    }

    const fails = {
      'a restricted column in other letters': 'SELECT nOtE FROM orders',
      'it in brackets': 'SELECT [note] FROM [orders]',
      'a natural join behind a byte order mark':
        'SELECT 1 FROM orders \ufeffNATURAL JOIN (SELECT 1 AS note)',
      'a join that quotes with single quotes':
        "SELECT 1 FROM orders JOIN (SELECT 1 AS note) USING ('note')",
      'what only a trigger may read': 'SELECT line FROM seen',
      'a query named like a trigger':
        'WITH remember AS (SELECT note FROM orders) SELECT note FROM remember',
      'the list of tables': 'SELECT name FROM sqlite_schema',
      'the list under its old name': 'SELECT sql FROM sqlite_master',
      'what describes a table': "SELECT name FROM pragma_table_info('orders')",
      'the numbers of inserted rows': 'SELECT * FROM sqlite_sequence',
      'a write to them': 'DELETE FROM sqlite_sequence',
      'an insert that answers what may not be read':
        'INSERT INTO strict_rows VALUES (1) RETURNING amount',
      'an update by what may not be read': 'DELETE FROM strict_rows WHERE amount > 0',
      'a delete that cascades out of reach': 'DELETE FROM parents',
      'a write to what keeps a full-text table': 'DELETE FROM notes_data',
    }
    for (const [name, query] of Object.entries(fails)) {
      it(`refuses ${name}`, async () => {
        await expect(run(query)).rejects.toMatchObject(failed)
      })
    }

    it('knows a view that was made later', async () => {
      await expect(run('SELECT line FROM late_view')).rejects.toThrow('late_view')
      const database = new DatabaseSync(file)
      database.exec('CREATE VIEW late_view AS SELECT line FROM seen')
      database.close()
      expect(await run('SELECT line FROM late_view')).toMatchObject({ rows: [{ line: 'x3' }] })
      const fake = 'WITH late_view AS (SELECT note FROM orders) SELECT note FROM late_view'
      await expect(run(fake)).rejects.toMatchObject(failed)
    })
  })

  it('says nothing of the path where the file is no database', async () => {
    const broken = join(folder, 'broken.db')
    writeFileSync(broken, 'x'.repeat(10_000))
    const error = await ask(make({ database: broken }), 'SELECT 1 FROM a').catch((e: Error) => e)
    expect(error).toMatchObject(failed)
    expect(String(error)).not.toContain('broken')
    rmSync(broken)
  })
})
