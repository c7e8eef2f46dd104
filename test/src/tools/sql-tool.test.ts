import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject, ToolContext } from '../../../harness/index.ts'
import { type SqlTool, type SqlToolOptions, sqlTool } from '../../../src/tools/sql-tool.ts'

const folder = mkdtempSync(join(tmpdir(), 'sql-tool-'))
const file = join(folder, 'shop.db')
const open: SqlTool[] = []
afterAll(async () => {
  await Promise.all(open.map((tool) => tool.close()))
  host.close()
  rmSync(folder, { recursive: true })
})

const SCHEMA = `
  CREATE TABLE orders(id INTEGER PRIMARY KEY, total INTEGER, note TEXT);
  INSERT INTO orders VALUES (1, 100, 'first'), (2, 250, NULL), (3, 50, 'third');
  CREATE TABLE log(line TEXT);
  CREATE VIRTUAL TABLE notes USING fts5(body);
  INSERT INTO notes VALUES ('the quick fox');
`

const host = new DatabaseSync(':memory:')
beforeAll(() => {
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA journal_mode = WAL; ${SCHEMA}`)
  database.close()
  host.exec(SCHEMA)
})

function make(options: Partial<SqlToolOptions> = {}): SqlTool {
  const tool = sqlTool({ name: 'sql', dialect: 'sqlite', database: file, ...options })
  open.push(tool)
  return tool
}

const ENDLESS =
  'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c'

const context: ToolContext = {
  runId: 'run-1',
  requester: null,
  idempotencyKey: 'key-1',
  signal: new AbortController().signal,
}

function ask(tool: SqlTool, query: string, params?: JsonObject['params'], more = {}) {
  const argument = params === undefined ? { query } : { query, params }
  return tool.run(argument, { ...context, ...more })
}

const misuse: Record<string, Partial<SqlToolOptions> & { readonly [key: string]: unknown }> = {
  'another dialect': { dialect: 'postgresql' },
  'a file that does not exist': { database: join(folder, 'missing.db') },
  'a database in memory by name': { database: ':memory:' },
  'no rows at all': { maxRows: 0 },
  'half a millisecond': { timeoutMs: 0.5 },
  'an unknown option': { readonly: false },
}

const answers = {
  rows: [
    'SELECT id, note FROM orders ORDER BY id LIMIT 2',
    [],
    [
      { id: 1, note: 'first' },
      { id: 2, note: null },
    ],
  ],
  'no rows': ['SELECT * FROM orders WHERE 0', [], []],
  'bound values': [
    'SELECT id FROM orders WHERE total > ? AND note = ?',
    [60, 'first'],
    [{ id: 1 }],
  ],
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
  'a large integer as a string': [
    'SELECT 9007199254740991 AS a, 9007199254740993 AS b',
    [],
    [{ a: 9007199254740991, b: '9007199254740993' }],
  ],
  'a blob as base64': ["SELECT x'00ff' AS a", [], [{ a: 'AP8=' }]],
  'an infinity as a string': ['SELECT 9e999 AS a', [], [{ a: 'Infinity' }]],
  'a column called __proto__': ['SELECT 1 AS "__proto__"', [], [JSON.parse('{"__proto__":1}')]],
  'a common table expression': [
    'WITH a(x) AS (VALUES (1),(2)) SELECT sum(x) AS s FROM a',
    [],
    [{ s: 3 }],
  ],
  'a recursive one that ends': [
    'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x < 5) SELECT max(x) AS m FROM c',
    [],
    [{ m: 5 }],
  ],
  'values alone': ['VALUES (1)', [], [{ column1: 1 }]],
  'a full-text search': [
    "SELECT body FROM notes WHERE notes MATCH 'quick'",
    [],
    [{ body: 'the quick fox' }],
  ],
  'a statement after comments': ['-- all\n/* of */ SELECT 1 AS a', [], [{ a: 1 }]],
  'a statement before a semicolon and comments': [
    'SELECT 1 AS a; ; -- done\n /* really',
    [],
    [{ a: 1 }],
  ],
  'semicolons inside a string': ["SELECT 'a; b' AS a", [], [{ a: 'a; b' }]],
} as const

const readOnlyRefusals = {
  insert: "INSERT INTO log VALUES ('x')",
  'an insert that answers rows': "INSERT INTO log VALUES ('x') RETURNING line",
  'an insert behind a common table expression':
    "WITH a AS (SELECT 'x') INSERT INTO log SELECT * FROM a",
  'an insert behind one that answers rows':
    "WITH a AS (SELECT 'x') INSERT INTO log SELECT * FROM a RETURNING line",
  update: 'UPDATE orders SET total = 0',
  delete: 'DELETE FROM orders',
  'a new table': 'CREATE TABLE a(b)',
  'a temporary table': 'CREATE TEMP TABLE a(b)',
  'a dropped table': 'DROP TABLE orders',
  'a pragma': 'PRAGMA query_only = 0',
  'a pragma behind a comment': '/* SELECT */ PRAGMA user_version = 5',
  'another file': "ATTACH '/tmp/other.db' AS other",
  'a copy into a file': "VACUUM INTO '/tmp/copy.db'",
  'a transaction': 'BEGIN',
  'an explanation': 'EXPLAIN SELECT 1',
  'two statements': 'SELECT 1; SELECT 2',
  'two statements, the second a write': 'SELECT 1; DELETE FROM orders',
  'a second statement behind comments': 'SELECT 1; -- x\n /* y */ DELETE FROM orders',
  'a second statement that is no SQL': 'SELECT 1; nonsense',
  'an extension': "SELECT load_extension('/tmp/x.so')",
  'no statement': ' -- nothing',
  'a NUL character': 'SELECT 1 \0; DELETE FROM orders',
  'half a character': "SELECT '\uD800'",
  'too few values': 'SELECT ? AS a, ? AS b',
  'a table that does not exist': 'SELECT * FROM missing',
  'a statement with a mistake': 'SELEC 1',
} as const

describe('sqlTool', () => {
  for (const [name, options] of Object.entries(misuse)) {
    it(`refuses ${name} at construction`, () => {
      expect(() => make(options)).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }))
    })
  }

  const sources: Record<string, () => SqlTool> = {
    'a database given by path': () => make(),
    'a database given by URL': () => make({ database: pathToFileURL(file) }),
    'a database of the host': () => make({ database: host }),
  }
  for (const [source, makeTool] of Object.entries(sources)) {
    describe(`with ${source}`, () => {
      const tool = { current: null as SqlTool | null }
      const run = (query: string, params?: JsonObject['params']) => {
        tool.current ??= makeTool()
        return ask(tool.current, query, params)
      }

      for (const [name, [query, params, rows]] of Object.entries(answers)) {
        it(`answers ${name}`, async () => expect(await run(query, params)).toEqual(rows))
      }

      for (const [name, query] of Object.entries(readOnlyRefusals)) {
        it(`refuses ${name}`, async () => {
          await expect(run(query)).rejects.toMatchObject({ code: 'ERR_TOOL_FAILED' })
        })
      }

      it('refuses more values than placeholders', async () => {
        await expect(run('SELECT ? AS a', [1, 2])).rejects.toMatchObject({
          code: 'ERR_TOOL_FAILED',
        })
      })

      it('refuses an answer that is too large', async () => {
        const many = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) '
        const query = `${many}SELECT hex(zeroblob(1000000)) AS a FROM c`
        await expect(run(query)).rejects.toMatchObject({ code: 'ERR_TOOL_FAILED' })
      })

      it('says which table is missing', async () => {
        await expect(run('SELECT * FROM missing')).rejects.toThrow('no such table: missing')
      })

      it('changed nothing in all of this', async () => {
        const query = 'SELECT (SELECT count(*) FROM log) AS l, (SELECT sum(total) FROM orders) AS t'
        expect(await run(query)).toEqual([{ l: 0, t: 400 }])
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

  it('stops at the rows a policy allows, and at its own limit', async () => {
    const tool = make({ maxRows: 2 })
    const query = 'SELECT id FROM orders ORDER BY id'
    expect(await ask(tool, query)).toHaveLength(2)
    expect(await ask(tool, query, [], { maxResultRows: 1 })).toEqual([{ id: 1 }])
    expect(await ask(tool, query, [], { maxResultRows: 100 })).toHaveLength(2)
    expect(await ask(tool, query, [], { maxResultRows: 0 })).toEqual([])
  })

  it('kills a statement that never ends and answers the next one', async () => {
    const tool = make({ timeoutMs: 300 })
    const [first, second] = await Promise.allSettled([
      ask(tool, ENDLESS),
      ask(tool, 'SELECT 1 AS a'),
    ])
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'ERR_TOOL_FAILED' } })
    expect(second).toEqual({ status: 'fulfilled', value: [{ a: 1 }] })
  })

  it('ends a statement nobody waits for any more, and never holds up the host', async () => {
    const tool = make()
    await ask(tool, 'SELECT 1')
    const controller = new AbortController()
    const answer = ask(tool, ENDLESS, [], { signal: controller.signal })
    setImmediate(() => controller.abort(new Error('the run is over')))
    await expect(answer).rejects.toThrow('the run is over')
    expect(await ask(tool, 'SELECT 1 AS a')).toEqual([{ a: 1 }])
  })

  it('leaves no process behind when the host is killed during a statement', async () => {
    const entry = new URL('../../../src/tools/sqlite-child.ts', import.meta.url)
    const query = { text: ENDLESS, params: [], maxRows: 1, readOnly: true }
    const host = `
      const child = require('node:child_process').fork(
        new URL(${JSON.stringify(entry.href)}),
        [${JSON.stringify(JSON.stringify({ file, readOnly: true }))}],
      )
      const query = ${JSON.stringify(query)}
      child.once('message', () => {
        child.send(query, () => process.kill(process.pid, 'SIGKILL'))
      })
      child.send({ ...query, text: 'SELECT 1' })
    `
    const { stdout } = spawn(process.execPath, ['-e', host], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    stdout.resume()
    // The pipe closes when the last process that holds it has ended.
    await once(stdout, 'close')
  }, 10_000)

  it('answers nothing after it was closed', async () => {
    const tool = make()
    await ask(tool, 'SELECT 1')
    await tool.close()
    await expect(ask(tool, 'SELECT 1')).rejects.toMatchObject({ code: 'ERR_TOOL_FAILED' })
  })

  describe('when writable', () => {
    it('says what a write changed, or answers the rows it returns', async () => {
      const tool = make({ readOnly: false })
      expect(await ask(tool, "INSERT INTO log VALUES ('a'), ('b')")).toEqual([
        { changes: 2, lastInsertRowid: 2 },
      ])
      expect(await ask(tool, "INSERT INTO log VALUES ('c') RETURNING line")).toEqual([
        { line: 'c' },
      ])
      expect(await ask(tool, 'UPDATE log SET line = ? WHERE line = ?', ['x', 'a'])).toMatchObject([
        { changes: 1 },
      ])
      expect(await ask(tool, 'SELECT count(*) AS n FROM log')).toEqual([{ n: 3 }])
      expect([tool.readOnly, tool.idempotent]).toEqual([false, false])
    })

    it('writes each statement once, whether or not it answers rows', async () => {
      const database = new DatabaseSync(':memory:')
      database.exec('CREATE TABLE a(b)')
      const tool = make({ database, readOnly: false })
      await ask(tool, 'INSERT INTO a VALUES (?)', [1])
      await ask(tool, 'INSERT INTO a VALUES (?), (?) RETURNING b', [2, 3], { maxResultRows: 1 })
      expect(await ask(tool, 'SELECT b FROM a ORDER BY b')).toEqual([{ b: 1 }, { b: 2 }, { b: 3 }])
      await expect(ask(tool, 'INSERT INTO a VALUES (?)')).rejects.toThrow('params')
      expect(await ask(tool, 'SELECT count(*) AS n FROM a')).toEqual([{ n: 3 }])
      database.close()
    })

    const refused = {
      'a pragma': 'PRAGMA journal_mode = DELETE',
      'another file': `ATTACH '${join(folder, 'other.db')}' AS other`,
      'a copy into a file': `VACUUM INTO '${join(folder, 'copy.db')}'`,
      'a transaction': 'BEGIN IMMEDIATE',
      'two statements': 'SELECT 1; DELETE FROM orders',
      'a virtual table': 'CREATE VIRTUAL TABLE v USING fts5(a)',
    }
    for (const [name, query] of Object.entries(refused)) {
      it(`still refuses ${name}`, async () => {
        const tool = make({ readOnly: false })
        await expect(ask(tool, query)).rejects.toMatchObject({ code: 'ERR_TOOL_FAILED' })
        expect(readdirSync(folder).filter((entry) => !entry.startsWith('shop.db'))).toEqual([])
      })
    }
  })

  it('tells the harness which argument is SQL, and the model what to pass', async () => {
    const tool = make({ description: 'Reads orders(id, total, note)' })
    expect(tool).toMatchObject({
      name: 'sql',
      description: 'Reads orders(id, total, note)',
      readOnly: true,
      idempotent: true,
      sql: { dialect: 'sqlite', argument: 'query' },
    })
    expect(
      await tool.input.validate({ query: 'SELECT 1', params: [1, 'a', true, null] }),
    ).toHaveProperty('ok', true)
    expect(await tool.input.validate({ sql: 'SELECT 1' })).toEqual({
      ok: false,
      problems: ['args.query is required', 'args.sql is not a known argument'],
    })
    expect(await tool.input.validate({ query: 'SELECT 1', params: [{}] })).toHaveProperty(
      'ok',
      false,
    )
  })
})
