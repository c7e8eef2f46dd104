import { randomBytes } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { PostgresqlEngine } from '../../../src/store/postgresql-engine.ts'
import type { CompiledMigration, Statement } from '../../../src/store/statement.ts'
import { parseStoreLocation } from '../../../src/store/store-location.ts'
import { describePostgresql, postgresql, queryPostgresql } from './each-engine.ts'

const write = { isReadOnly: false }
const read = { isReadOnly: true }
const statement = (sql: string, ...parameters: (string | number | null)[]): Statement => ({
  sql,
  parameters,
})
const insert = (name: string) => statement('INSERT INTO item (name) VALUES ($1)', name)

const FIRST: CompiledMigration = {
  version: 1,
  statements: [
    statement('CREATE TABLE item (id bigserial PRIMARY KEY, name text UNIQUE, n bigint)'),
  ],
}
const SECOND: CompiledMigration = { version: 2, statements: [insert('migrated')] }

function engineAt(place: string): PostgresqlEngine {
  const parsed = parseStoreLocation(place)
  if (parsed.engine !== 'postgresql') throw new TypeError('Not a PostgreSQL database')
  const engine = new PostgresqlEngine(parsed)
  onTestFinished(() => engine.close())
  return engine
}

async function open(place?: string, migrations = [FIRST]): Promise<PostgresqlEngine> {
  const engine = engineAt(place ?? (await postgresql.place()))
  await engine.open(migrations)
  return engine
}

async function names(engine: PostgresqlEngine): Promise<unknown[]> {
  const [result] = await engine.execute([statement('SELECT name FROM item ORDER BY id')], read)
  return result?.rows.map(({ name }) => name) ?? []
}

const failure = (reason: string) =>
  expect.objectContaining({ code: 'ERR_STORE_UNAVAILABLE', reason })

/** Ends every connection of the stores of this machine to a schema. */
async function terminate(place: string): Promise<number> {
  const schema = new URL(place).searchParams.get('schema')
  const rows = await queryPostgresql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = '${schema}'`)
  return rows.length
}

/** A place whose connections can be told from those of others. */
async function namedPlace(): Promise<string> {
  const place = new URL(await postgresql.place())
  place.searchParams.set('application_name', place.searchParams.get('schema') ?? '')
  return place.href
}

describePostgresql('PostgresqlEngine', () => {
  it('answers with rows, whole numbers and the number of changes', async () => {
    const engine = await open()
    const big = 1_795_000_000_000
    const results = await engine.execute(
      [
        insert('a'),
        statement('UPDATE item SET n = $1', big),
        statement('DELETE FROM item WHERE id > 9'),
      ],
      write,
    )
    expect(results.map(({ changes }) => changes)).toEqual([1, 1, 0])
    const select =
      'SELECT id, n, sum(n) AS total, count(*) AS count, n > 1 AS is FROM item GROUP BY id, n'
    expect(await engine.execute([statement(select)], read)).toEqual([
      { rows: [{ id: 1, n: big, total: big, count: 1, is: 1 }], changes: 0 },
    ])
  })

  it('undoes the whole of a request that fails and nothing of its neighbours', async () => {
    const engine = await open()
    const answers = await Promise.allSettled([
      engine.execute([insert('a')], write),
      engine.execute([insert('b'), insert('a')], write),
      engine.execute([insert('c')], write),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await names(engine)).toEqual(['a', 'c'])
  })

  it('writes in one transaction at a time, in all processes together', async () => {
    const place = await postgresql.place()
    const engines = [await open(place), await open(place)]
    const count = '(SELECT count(*) FROM item)'
    const next = statement(`INSERT INTO item (name) SELECT cast(${count} as text)`)
    // Had two of them counted at once, they would have found the same name.
    await Promise.all(
      engines.flatMap((engine) => Array.from({ length: 50 }, () => engine.execute([next], write))),
    )
    const [first] = engines
    expect(first && (await names(first))).toEqual(Array.from({ length: 100 }, (_, n) => String(n)))
  })

  it('acknowledges only what is on the disk, whatever the role is set to', async () => {
    const role = `airlock_test_${randomBytes(6).toString('hex')}`
    const place = new URL(await postgresql.place())
    await queryPostgresql(
      `CREATE ROLE ${role} LOGIN SUPERUSER; ALTER ROLE ${role} SET synchronous_commit = off`,
    )
    onTestFinished(async () => {
      await queryPostgresql(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    })
    place.username = role
    const engine = await open(place.href)
    const setting = "current_setting('synchronous_commit')"
    await engine.execute([statement(`INSERT INTO item (name) SELECT ${setting}`)], write)
    expect(await names(engine)).toEqual(['on'])
    // The setting is the transaction's: nothing else of this connection is slower for it.
    expect(await engine.execute([statement(`SELECT ${setting} AS is`)], read)).toMatchObject([
      { rows: [{ is: 'off' }] },
    ])
  })

  it('goes on after its connections were ended, idle or at work', async () => {
    const place = await namedPlace()
    const engine = await open(place)
    await engine.execute([insert('a')], write)
    expect(await terminate(place)).toBe(1)
    await engine.execute([insert('b')], write)
    const sleeping = engine.execute([statement('SELECT pg_sleep(0.3), 1 AS one')], read)
    await expect.poll(() => terminate(place)).toBeGreaterThan(0)
    // Once more on another connection: it had not changed anything.
    expect(await sleeping).toMatchObject([{ rows: [{ one: 1 }] }])
    const writing = engine.execute([insert('c'), statement('SELECT pg_sleep(0.3)')], write)
    await expect.poll(() => terminate(place)).toBeGreaterThan(0)
    await writing
    expect(await names(engine)).toEqual(['a', 'b', 'c'])
  })

  it('tells who is at fault, and forgets it at once when all is well', async () => {
    const place = await postgresql.place()
    const engine = await open(place)
    await expect(engine.execute([statement('SELECT * FROM missing')], read)).rejects.toEqual(
      failure('other'),
    )
    await postgresql.run(place, 'ALTER TABLE item RENAME TO moved')
    await expect(engine.execute([insert('a')], write)).rejects.toEqual(failure('other'))
    await postgresql.run(place, 'ALTER TABLE moved RENAME TO item')
    await engine.execute([insert('a')], write)
    expect(await names(engine)).toEqual(['a'])
  })

  it('fails at once while no server answers', async () => {
    const engine = engineAt('postgresql://ann:s3cret@127.0.0.1:1/none')
    const first = await engine.open([FIRST]).catch((error: unknown) => error)
    expect(first).toEqual(failure('unreachable'))
    expect(String(first)).not.toContain('s3cret')
    await expect(engine.execute([insert('a')], write)).rejects.toEqual(failure('unreachable'))
  })

  it('says so when the role has no rights', async () => {
    const role = `airlock_test_${randomBytes(6).toString('hex')}`
    const place = new URL(await postgresql.place())
    await open(place.href)
    await queryPostgresql(`CREATE ROLE ${role} LOGIN`)
    onTestFinished(async () => {
      await queryPostgresql(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    })
    place.username = role
    await expect(engineAt(place.href).open([FIRST])).rejects.toEqual(failure('read-only'))
  })

  it('takes each step of the schema once, however many start at once', async () => {
    const place = await postgresql.place()
    await open(place)
    const engines = await Promise.all(Array.from({ length: 6 }, () => open(place, [FIRST, SECOND])))
    expect(await Promise.all(engines.map(names))).toEqual(engines.map(() => ['migrated']))
  })

  it('leaves nothing of a step that fails, and takes it when it can be taken', async () => {
    const place = await postgresql.place()
    const broken = { version: 1, statements: [...FIRST.statements, statement('CREATE TABEL x')] }
    await expect(open(place, [broken])).rejects.toEqual(failure('other'))
    expect(await names(await open(place))).toEqual([])
  })

  it('refuses a schema of a newer version and leaves it as it is', async () => {
    const place = await postgresql.place()
    await open(place, [FIRST, SECOND])
    await expect(open(place)).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('schema 2, this version knows 1'),
    })
    expect(await names(await open(place, [FIRST, SECOND]))).toEqual(['migrated'])
  })

  it('lets what was asked be answered before it closes, and refuses what comes later', async () => {
    const engine = await open()
    const asked = [
      engine.execute([insert('a')], write),
      engine.execute([statement('SELECT 1')], read),
    ]
    await engine.close()
    expect(await Promise.all(asked)).toHaveLength(2)
    await expect(engine.execute([insert('b')], write)).rejects.toEqual(failure('closed'))
  })
})
