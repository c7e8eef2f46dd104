import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import { declareTools } from '../../../runtime/tools/tool-declarations.ts'
import { type SqlToolOptions, sqlTool } from '../../../src/tools/sql-tool.ts'

const folder = mkdtempSync(join(tmpdir(), 'sql-tool-'))
const file = join(folder, 'shop.db')
writeFileSync(file, '')
const memory = new DatabaseSync(':memory:')
afterAll(() => {
  memory.close()
  rmSync(folder, { recursive: true })
})

const url = 'postgresql://reader@127.0.0.1:1/shop'
const sqlite = { name: 'sql', dialect: 'sqlite', database: file }
const postgresql = { name: 'sql', dialect: 'postgresql', database: url }

const misuse: Record<string, object> = {
  'a dialect that cannot be opened': { ...sqlite, dialect: 'mysql' },
  'a dialect every object has': { ...sqlite, dialect: 'constructor' },
  'a file that does not exist': { ...sqlite, database: join(folder, 'missing.db') },
  'a database in memory by name': { ...sqlite, database: ':memory:' },
  'another mode': { ...sqlite, mode: 'write' },
  'no rows at all': { ...sqlite, maxResultRows: 0 },
  'no bytes at all': { ...sqlite, maxResultBytes: 0 },
  'half a millisecond': { ...sqlite, statementTimeoutMs: 0.5 },
  'an unknown option': { ...sqlite, readonly: false },
  'an option of the other dialect': { ...sqlite, role: 'reader' },
  'access without a list': { ...sqlite, access: {} },
  'access with an unknown list': { ...sqlite, access: { readableTables: [], hidden: [] } },
  'a restricted column without a table': {
    ...sqlite,
    access: { readableTables: ['*'], restrictedColumns: ['ssn'] },
  },
  'access to a database of the host': {
    ...sqlite,
    database: memory,
    access: { readableTables: ['*'] },
  },
  'a URL of another kind': { ...postgresql, database: 'https://127.0.0.1/shop' },
  'a database that is no URL': { ...postgresql, database: './shop.db' },
  'an unknown part of a connection': { ...postgresql, database: { hots: '127.0.0.1' } },
  'no connections': { ...postgresql, database: { maxConnections: 0 } },
  'a role without a name': { ...postgresql, role: '' },
  'a schema whose name is too long': { ...postgresql, defaultSchema: 'x'.repeat(64) },
}

const allowed: Record<string, object> = {
  'a path': sqlite,
  'a database of the host': { ...sqlite, database: memory },
  'a URL': postgresql,
  'a URL as an object': { ...postgresql, database: new URL(url) },
  'the parts of a connection': {
    ...postgresql,
    database: { host: '127.0.0.1', port: 1, user: 'reader', maxConnections: 1 },
    role: 'reader',
    defaultSchema: 'Shop data',
  },
  'every bound': {
    ...sqlite,
    mode: 'read-write',
    statementTimeoutMs: 1,
    maxResultRows: 1,
    maxResultBytes: 1,
    access: { readableTables: ['*', 'main.a'], restrictedColumns: ['*.a', 'b.c', 'main.b.c'] },
  },
}

describe('sqlTool', () => {
  for (const [name, options] of Object.entries(misuse)) {
    it(`refuses ${name} at construction`, () => {
      expect(() => sqlTool(options as SqlToolOptions)).toThrow(
        expect.objectContaining({ code: 'ERR_CONFIGURATION' }),
      )
    })
  }

  for (const [name, options] of Object.entries(allowed)) {
    it(`takes ${name}, and connects to nothing yet`, async () => {
      await sqlTool(options as SqlToolOptions).close()
    })
  }

  it('says nothing of what it was given where it refuses it', () => {
    const database = 'https://ada:swordfish@db.example.test/shop'
    expect(() => sqlTool({ name: 'sql', dialect: 'postgresql', database })).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/swordfish|example/) }),
    )
  })

  it('tells the harness which argument is SQL, and that reading may be repeated', () => {
    expect(sqlTool(sqlite as SqlToolOptions)).toMatchObject({
      readOnly: true,
      idempotent: true,
      sql: { dialect: 'sqlite', argument: 'query' },
    })
    expect(sqlTool({ ...sqlite, mode: 'read-write' } as SqlToolOptions)).toMatchObject({
      readOnly: false,
      idempotent: false,
    })
  })

  it('asks the model for placeholders and params, and tells it what comes back', () => {
    const description = 'Reads orders(id, total, note)'
    const tools = [
      sqlTool({ ...sqlite, description } as SqlToolOptions),
      sqlTool({ ...postgresql, name: 'pg' } as SqlToolOptions),
    ]
    const text = declareTools(tools)
    expect(text).toContain(description)
    expect(text).toContain('with ? in place of every value')
    expect(text).toContain('with $1, $2, … in place of every value')
    expect(text).toContain('params?: (string | number | boolean | null)[] | {')
    expect(text).toContain('truncated: boolean')
    expect(text).toContain('rows: ({ [key: string]: unknown })[]')
  })

  const params = {
    'values of every kind': [true, [1, 'a', 0.5, true, null]],
    'no values': [true, []],
    'an object in a list': [false, [{}]],
    'a list in a list': [false, [[[1]]]],
    'too many': [false, Array.from({ length: 1_001 }, () => 1)],
    'what is no list': [false, 'a'],
  } as const
  for (const [name, [ok, values]] of Object.entries(params)) {
    it(`${ok ? 'takes' : 'refuses'} ${name} as params`, async () => {
      for (const options of [sqlite, postgresql]) {
        const { input } = sqlTool(options as SqlToolOptions)
        const argument = { query: 'SELECT 1', params: values as never }
        expect(await input.validate(argument)).toHaveProperty('ok', ok)
      }
    })
  }

  it('takes values by name for SQLite alone', async () => {
    const validate = (options: object, params: object) =>
      sqlTool(options as SqlToolOptions).input.validate({ query: 'SELECT 1', params } as never)
    expect(await validate(sqlite, { ':a': 1, b: null })).toHaveProperty('ok', true)
    expect(await validate(sqlite, { a: {} })).toHaveProperty('ok', false)
    expect(await validate(postgresql, { a: 1 })).toHaveProperty('ok', false)
  })

  it('takes a list as one value for PostgreSQL alone', async () => {
    const argument = { query: 'SELECT 1', params: [[1, 2, null]] }
    const validate = (options: object) =>
      sqlTool(options as SqlToolOptions).input.validate(argument)
    expect(await validate(postgresql)).toHaveProperty('ok', true)
    expect(await validate(sqlite)).toHaveProperty('ok', false)
  })

  it('names what is wrong with an argument', async () => {
    expect(await sqlTool(sqlite as SqlToolOptions).input.validate({ sql: 'SELECT 1' })).toEqual({
      ok: false,
      problems: ['args.query is required', 'args.sql is not a known argument'],
    })
  })
})
