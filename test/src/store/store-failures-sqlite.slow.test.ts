import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SqliteThread } from '../../../src/store/sqlite-thread.ts'
import type { CompiledMigration, Statement } from '../../../src/store/statement.ts'
import { canMount, remount, smallDisk } from '../../support/small-disk.ts'
import { temporaryFolder } from './temporary-folder.ts'

const write = { isReadOnly: false }
const read = { isReadOnly: true }
const statement = (sql: string, ...parameters: (string | number)[]): Statement => ({
  sql,
  parameters,
})
const insert = (id: number, text = '') =>
  statement('INSERT INTO item (id, text) VALUES (?, ?)', id, text)

const FIRST: CompiledMigration = {
  version: 1,
  statements: [statement('CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT)')],
}

const failure = (reason: string) =>
  expect.objectContaining({ code: 'ERR_STORE_UNAVAILABLE', reason })

function threadAt(location: string): SqliteThread {
  const thread = new SqliteThread(location, [FIRST])
  onTestFinished(() => thread.close())
  return thread
}

async function idsIn(thread: SqliteThread): Promise<readonly unknown[]> {
  const [result] = await thread.execute([statement('SELECT id FROM item ORDER BY id')], read)
  return result?.rows.map(({ id }) => id) ?? []
}

/** Opens it as soon as it can be opened: a failed attempt is not repeated at once. */
async function openAtLast(thread: SqliteThread): Promise<void> {
  const attempt = () =>
    thread.open().then(
      () => 'open',
      () => 'failed',
    )
  await expect.poll(attempt, { timeout: 5_000 }).toBe('open')
}

describe('a store whose file is locked', () => {
  it('refuses to write after five seconds, reads all the while, and goes on', async () => {
    const location = join(temporaryFolder(), 'store.db')
    const thread = threadAt(location)
    await thread.open()
    await thread.execute([insert(1)], write)
    const holder = new DatabaseSync(location)
    onTestFinished(() => holder.close())
    holder.exec('BEGIN IMMEDIATE')
    expect(await idsIn(thread)).toEqual([1])
    const begun = performance.now()
    await expect(thread.execute([insert(2)], write)).rejects.toEqual(failure('busy'))
    expect(performance.now() - begun).toBeLessThan(8_000)
    holder.exec('ROLLBACK')
    await thread.execute([insert(3)], write)
    expect(await idsIn(thread)).toEqual([1, 3])
  })

  it('is not opened, and is once the lock is gone', async () => {
    const location = join(temporaryFolder(), 'store.db')
    const holder = new DatabaseSync(location)
    onTestFinished(() => holder.close())
    holder.exec('CREATE TABLE x (y); BEGIN EXCLUSIVE')
    const thread = threadAt(location)
    await expect(thread.open()).rejects.toEqual(failure('busy'))
    holder.exec('COMMIT')
    await openAtLast(thread)
  })
})

describe.skipIf(!canMount)('a store on a disk that is full', () => {
  it('refuses to write, reads all the while, and goes on when there is room', async () => {
    const disk = smallDisk(4)
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(1024 * 1024, 1))
    const thread = threadAt(join(disk, 'store.db'))
    await thread.open()
    const acknowledged: number[] = []
    const refusals: unknown[] = []
    // Neighbours in one transaction, too: what sinks with it must not be told that it went well.
    for (let id = 0; refusals.length === 0 && id < 10_000; id += 8) {
      const ids = Array.from({ length: 8 }, (_, n) => id + n)
      const answers = await Promise.allSettled(
        ids.map((one) => thread.execute([insert(one, 'x'.repeat(2_000))], write)),
      )
      for (const [n, answer] of answers.entries()) {
        if (answer.status === 'fulfilled') acknowledged.push(id + n)
        else refusals.push(answer.reason)
      }
    }
    expect(refusals).toContainEqual(failure('full'))
    expect(await idsIn(thread)).toEqual(acknowledged)
    rmSync(ballast)
    await thread.execute([insert(99_999)], write)
    expect(await idsIn(thread)).toEqual([...acknowledged, 99_999])
  })

  it('is not opened, and is when there is room', async () => {
    const disk = smallDisk(1)
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(1024 * 1024 - 4096, 1))
    const thread = threadAt(join(disk, 'store.db'))
    await expect(thread.open()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    rmSync(ballast)
    await openAtLast(thread)
    await thread.execute([insert(1)], write)
  })
})

describe.skipIf(!canMount)('a store on a file system that is read only', () => {
  it('is not opened, says why, and is once it can be written', async () => {
    const disk = smallDisk(4)
    const location = join(disk, 'store.db')
    const before = threadAt(location)
    await before.open()
    await before.execute([insert(1)], write)
    await before.close()
    remount(disk, 'ro')
    const thread = threadAt(location)
    const refused = await thread.open().catch((error: unknown) => error)
    expect(['read-only', 'unreachable']).toContain(Object(refused).reason)
    await expect(thread.execute([insert(2)], write)).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    })
    remount(disk, 'rw')
    await openAtLast(thread)
    await thread.execute([insert(3)], write)
    expect(await idsIn(thread)).toEqual([1, 3])
  })
})

const NOBODY = 65_534
const canBeNobody = process.getuid?.() === 0

describe('a store that this user may not write', () => {
  it.skipIf(!canBeNobody)('is not opened, and says what to look at', async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o755)
    const inside = join(folder, 'data')
    mkdirSync(inside, { mode: 0o755 })
    const owner = threadAt(join(inside, 'store.db'))
    await owner.open()
    await owner.close()
    chmodSync(join(inside, 'store.db'), 0o444)
    // A user is a process's, and this one stays what it is.
    const entry = new URL('../../../src/store/open-store.ts', import.meta.url).href
    const code = `const { openStore } = await import('${entry}')
      await openStore('${join(inside, 'store.db')}').catch((error) => console.log(error.code, error.reason))`
    const { stdout } = spawnSync(
      process.execPath,
      ['--no-warnings', '--input-type=module', '-e', code],
      {
        uid: NOBODY,
        gid: NOBODY,
        encoding: 'utf8',
      },
    )
    expect(stdout).toMatch(/^ERR_STORE_UNAVAILABLE (?:read-only|unreachable)\n$/)
  })
})

describe('a store that is damaged', () => {
  it('is not opened, and says so', async () => {
    const location = join(temporaryFolder(), 'store.db')
    writeFileSync(location, 'This is no database, and never was one. '.repeat(50))
    await expect(threadAt(location).open()).rejects.toEqual(failure('corrupt'))
  })
})
