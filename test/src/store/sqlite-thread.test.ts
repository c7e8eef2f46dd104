import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SqliteThread } from '../../../src/store/sqlite-thread.ts'
import type { CompiledMigration } from '../../../src/store/statement.ts'
import { temporaryFolder } from './temporary-folder.ts'

const statement = (sql: string, ...parameters: (string | number | null)[]) => ({ sql, parameters })
const write = { isReadOnly: false }
const read = { isReadOnly: true }

const FIRST: CompiledMigration = {
  version: 1,
  statements: [statement('CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE)')],
}
const SECOND: CompiledMigration = {
  version: 2,
  statements: [statement('ALTER TABLE item ADD COLUMN size INTEGER'), insert('migrated')],
}

function insert(name: string) {
  return statement('INSERT INTO item (name) VALUES (?)', name)
}

async function open(location: string, migrations = [FIRST]): Promise<SqliteThread> {
  const thread = new SqliteThread(location, migrations)
  onTestFinished(() => thread.close())
  await thread.open()
  return thread
}

async function names(thread: SqliteThread): Promise<unknown[]> {
  const [result] = await thread.execute([statement('SELECT name FROM item ORDER BY id')], read)
  return result?.rows.map(({ name }) => name) ?? []
}

const failure = (reason: string) =>
  expect.objectContaining({ code: 'ERR_STORE_UNAVAILABLE', reason })

describe('SqliteThread', () => {
  it('answers with rows and with the number of changes', async () => {
    const thread = await open(':memory:')
    const results = await thread.execute([insert('a'), insert('b')], write)
    expect(results).toEqual([
      { rows: [], changes: 1 },
      { rows: [], changes: 1 },
    ])
    expect(await thread.execute([statement('SELECT * FROM item')], read)).toEqual([
      {
        rows: [
          { id: 1, name: 'a' },
          { id: 2, name: 'b' },
        ],
        changes: 0,
      },
    ])
  })

  it('undoes the whole of a request that fails and nothing of its neighbours', async () => {
    const thread = await open(':memory:')
    const answers = await Promise.allSettled([
      thread.execute([insert('a')], write),
      thread.execute([insert('b'), insert('a')], write),
      thread.execute([insert('c')], write),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await names(thread)).toEqual(['a', 'c'])
  })

  it('has its file and folder for the owner alone', async () => {
    const location = join(temporaryFolder(), 'data', 'store.db')
    const thread = await open(location)
    await thread.execute([insert('a')], write)
    for (const path of [location, `${location}-wal`]) {
      expect(statSync(path).mode & 0o077).toBe(0)
    }
    expect(statSync(join(location, '..')).mode & 0o077).toBe(0)
  })

  it('waits for another process that holds the lock, and is not blocked in reading', async () => {
    const location = join(temporaryFolder(), 'store.db')
    const [first, second] = [await open(location), await open(location)]
    const inserts = Array.from({ length: 200 }, (_, i) =>
      (i % 2 === 0 ? first : second).execute([insert(`n${i}`)], write),
    )
    await Promise.all(inserts)
    expect(await names(first)).toHaveLength(200)
    expect(await names(second)).toHaveLength(200)
  })

  it('lets what was asked be answered before it closes, and refuses what comes later', async () => {
    const thread = await open(':memory:')
    const pending = thread.execute([insert('a')], write)
    await thread.close()
    await thread.close()
    expect(await pending).toHaveLength(1)
    await expect(thread.execute([insert('b')], write)).rejects.toEqual(failure('closed'))
  })
})

describe('a thread that dies', () => {
  it('fails what is pending, is started again and has lost nothing', async () => {
    const location = join(temporaryFolder(), 'store.db')
    const workers = watchWorkers()
    const thread = await open(location)
    await thread.execute([insert('a')], write)
    const pending = thread.execute([statement(SLOW)], read)
    await Promise.all([
      expect(pending).rejects.toEqual(failure('crashed')),
      workers[0]?.terminate(),
    ])
    await thread.execute([insert('b')], write)
    expect(await names(thread)).toEqual(['a', 'b'])
    expect(workers).toHaveLength(2)
  })

  it('is gone for good when its database was in memory', async () => {
    const workers = watchWorkers()
    const thread = await open(':memory:')
    await workers[0]?.terminate()
    await expect(names(thread)).rejects.toEqual(failure('crashed'))
    expect(workers).toHaveLength(1)
  })
})

const SLOW = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000)
  SELECT count(*) AS total FROM n`

function watchWorkers(): Worker[] {
  const workers: Worker[] = []
  const note = (worker: Worker) => workers.push(worker)
  process.on('worker', note)
  onTestFinished(() => {
    process.off('worker', note)
  })
  return workers
}

describe('opening', () => {
  const impossible: Record<string, [make: (folder: string) => string, reason: string]> = {
    'a file that is no database': [
      (folder) => {
        writeFileSync(join(folder, 'junk.db'), 'x'.repeat(5_000))
        return join(folder, 'junk.db')
      },
      'corrupt',
    ],
    'a folder': [
      (folder) => {
        mkdirSync(join(folder, 'store.db'))
        return join(folder, 'store.db')
      },
      'unreachable',
    ],
    'a file below a file': [
      (folder) => {
        writeFileSync(join(folder, 'file'), '')
        return join(folder, 'file', 'store.db')
      },
      'unreachable',
    ],
    // Not even root may write here.
    'a place that cannot be written': [() => '/proc/airlock/store.db', 'unreachable'],
  }
  for (const [name, [make, reason]] of Object.entries(impossible)) {
    it(`refuses ${name} without naming the path`, async () => {
      const location = make(temporaryFolder())
      const error = await open(location).catch((thrown: unknown) => thrown)
      expect(error).toEqual(failure(reason))
      expect((error as Error).message).not.toContain(location)
    })
  }

  it('fails at once again while a failed opening is fresh', async () => {
    const thread = new SqliteThread('/proc/airlock/store.db', [FIRST])
    const workers = watchWorkers()
    await expect(thread.open()).rejects.toEqual(failure('unreachable'))
    await expect(thread.open()).rejects.toEqual(failure('unreachable'))
    expect(workers).toHaveLength(1)
  })
})

describe('migrations', () => {
  it('run once, in order, and keep what is there', async () => {
    const location = join(temporaryFolder(), 'store.db')
    const old = await open(location)
    await old.execute([insert('a')], write)
    await old.close()
    for (let round = 0; round < 2; round++) {
      const thread = await open(location, [FIRST, SECOND])
      expect(await names(thread)).toEqual(['a', 'migrated'])
      await thread.close()
    }
  })

  it('run once when several open at the same time', async () => {
    const location = join(temporaryFolder(), 'store.db')
    const threads = await Promise.all(
      Array.from({ length: 3 }, () => open(location, [FIRST, SECOND])),
    )
    for (const thread of threads) expect(await names(thread)).toEqual(['migrated'])
  })

  it('leave everything as it was when one fails', async () => {
    const location = join(temporaryFolder(), 'store.db')
    await (await open(location)).close()
    const broken = { version: 2, statements: [insert('half'), statement('CREATE NONSENSE')] }
    await expect(open(location, [FIRST, broken])).rejects.toEqual(failure('other'))
    expect(await names(await open(location))).toEqual([])
  })

  it('refuse a store that a newer version has written', async () => {
    const location = join(temporaryFolder(), 'store.db')
    await (await open(location, [FIRST, SECOND])).close()
    await expect(open(location)).rejects.toEqual(
      expect.objectContaining({
        code: 'ERR_CONFIGURATION',
        message: expect.stringMatching(/newer version .*schema 2, this version knows 1/),
      }),
    )
  })
})
