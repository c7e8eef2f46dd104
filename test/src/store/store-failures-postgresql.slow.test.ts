import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PostgresqlEngine } from '../../../src/store/postgresql-engine.ts'
import type { CompiledMigration, Statement } from '../../../src/store/statement.ts'
import { StoreError } from '../../../src/store/store-error.ts'
import { parseStoreLocation } from '../../../src/store/store-location.ts'
import { OwnPostgresql, postgresqlPrograms } from '../../support/own-postgresql.ts'
import { canMount, smallDisk } from '../../support/small-disk.ts'

const write = { isReadOnly: false }
const read = { isReadOnly: true }
const statement = (sql: string, ...parameters: (string | number)[]): Statement => ({
  sql,
  parameters,
})
const insert = (id: number, text = '') =>
  statement('INSERT INTO item (id, text) VALUES ($1, $2)', id, text)

const FIRST: CompiledMigration = {
  version: 1,
  statements: [statement('CREATE TABLE item (id bigint PRIMARY KEY, text text)')],
}

const failure = (reason: string) =>
  expect.objectContaining({ code: 'ERR_STORE_UNAVAILABLE', reason })

async function ownServer(folder?: string): Promise<OwnPostgresql> {
  const server = await OwnPostgresql.start(folder)
  onTestFinished(() => server.remove())
  return server
}

async function openOn(server: OwnPostgresql): Promise<PostgresqlEngine> {
  const place = parseStoreLocation(server.url)
  if (place.engine !== 'postgresql') throw new TypeError('Not a PostgreSQL database')
  const engine = new PostgresqlEngine(place)
  onTestFinished(() => engine.close())
  await engine.open([FIRST])
  return engine
}

async function idsIn(engine: PostgresqlEngine): Promise<ReadonlySet<unknown>> {
  const [result] = await engine.execute([statement('SELECT id FROM item')], read)
  return new Set(result?.rows.map(({ id }) => id))
}

/** Writes as fast as it can until told to stop; keeps what was acknowledged and what was refused. */
function load(engine: PostgresqlEngine) {
  const acknowledged: number[] = []
  const reasons = new Set<string>()
  let next = 0
  let isOver = false
  const writer = async () => {
    while (!isOver) {
      const id = next++
      try {
        await engine.execute([insert(id)], write)
        acknowledged.push(id)
      } catch (error) {
        reasons.add(error instanceof StoreError ? error.reason : String(error))
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
  }
  const writers = Promise.all(Array.from({ length: 16 }, writer))
  const stop = async () => {
    isOver = true
    await writers
  }
  return { acknowledged, reasons, stop }
}

const isMissing = postgresqlPrograms() === null

describe.skipIf(isMissing)('a store whose PostgreSQL server fails', () => {
  it('loses nothing acknowledged when the server is killed again and again, and goes on by itself', async () => {
    const server = await ownServer()
    const engine = await openOn(server)
    const work = load(engine)
    for (let round = 0; round < 4; round++) {
      const before = work.acknowledged.length
      await expect.poll(() => work.acknowledged.length).toBeGreaterThan(before + 20)
      await server.kill()
      await server.start()
    }
    const before = work.acknowledged.length
    // Nobody opened it anew.
    await expect.poll(() => work.acknowledged.length, { timeout: 10_000 }).toBeGreaterThan(before)
    await work.stop()
    const found = await idsIn(engine)
    expect(work.acknowledged.filter((id) => !found.has(id))).toEqual([])
    expect(
      [...work.reasons].filter((reason) => !['unreachable', 'crashed'].includes(reason)),
    ).toEqual([])
  })

  it('fails at once while the server is away, and goes on when it is back', async () => {
    const server = await ownServer()
    const engine = await openOn(server)
    await engine.execute([insert(1)], write)
    await server.stop()
    for (let attempt = 0; attempt < 3; attempt++) {
      const begun = performance.now()
      await expect(engine.execute([insert(2)], write)).rejects.toEqual(failure('unreachable'))
      expect(performance.now() - begun).toBeLessThan(500)
    }
    await expect(engine.execute([statement('SELECT 1')], read)).rejects.toEqual(
      failure('unreachable'),
    )
    await server.start()
    await expect
      .poll(() =>
        engine.execute([insert(3)], write).then(
          () => 'done',
          () => 'failed',
        ),
      )
      .toBe('done')
    expect([...(await idsIn(engine))]).toEqual([1, 3])
  })

  it('gives up on a server that no longer answers, and goes on when it does', async () => {
    const server = await ownServer()
    const engine = await openOn(server)
    await engine.execute([insert(1)], write)
    await server.suspend()
    const begun = performance.now()
    const asked = [
      engine.execute([insert(2)], write),
      engine.execute([statement('SELECT 1')], read),
    ]
    for (const answer of await Promise.allSettled(asked)) {
      expect(answer).toMatchObject({ reason: { code: 'ERR_STORE_UNAVAILABLE' } })
    }
    expect(performance.now() - begun).toBeLessThan(15_000)
    await server.resume()
    await expect
      .poll(
        () =>
          engine.execute([insert(3)], write).then(
            () => 'done',
            () => 'failed',
          ),
        { timeout: 10_000 },
      )
      .toBe('done')
    const found = await idsIn(engine)
    expect(found).toContain(1)
    expect(found).toContain(3)
  })

  it('does not wait for ever behind somebody who holds its lock, while reading goes on', async () => {
    const server = await ownServer()
    const engine = await openOn(server)
    await engine.execute([insert(1)], write)
    const holder = new Client({ connectionString: server.url })
    await holder.connect()
    onTestFinished(() => holder.end())
    await holder.query('BEGIN; LOCK TABLE airlock.item IN EXCLUSIVE MODE')
    const refused = engine.execute([insert(2)], write)
    expect([...(await idsIn(engine))]).toEqual([1])
    await expect(refused).rejects.toEqual(failure('busy'))
    await holder.query('ROLLBACK')
    await engine.execute([insert(3)], write)
    expect([...(await idsIn(engine))]).toEqual([1, 3])
  })

  it('does not wait for ever behind a process that is cut off within a transaction', async () => {
    const server = await ownServer()
    const engine = await openOn(server)
    const holder = new Client({ connectionString: server.url })
    holder.on('error', () => undefined)
    await holder.connect()
    onTestFinished(() => holder.end().catch(() => undefined))
    // As a store does that loses its network after it has begun.
    await holder.query("SET idle_in_transaction_session_timeout = '2s'")
    await holder.query('BEGIN; LOCK TABLE airlock.item IN EXCLUSIVE MODE')
    await engine.execute([insert(1)], write)
    expect([...(await idsIn(engine))]).toEqual([1])
  })
})

describe.skipIf(isMissing || !canMount)('a store whose PostgreSQL server has no room left', () => {
  it('refuses to write, keeps what was acknowledged, and goes on when there is room', async () => {
    const disk = smallDisk(96)
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(24 * 1024 * 1024, 1))
    const server = await ownServer(disk)
    const engine = await openOn(server)
    const acknowledged: number[] = []
    let reason = ''
    for (let id = 0; reason === '' && id < 5_000; id++) {
      try {
        // Not to be compressed.
        const text = Array.from({ length: 3_000 }, () => Math.random().toString(36)).join('')
        await engine.execute([insert(id, text)], write)
        acknowledged.push(id)
      } catch (error) {
        reason = error instanceof StoreError ? error.reason : String(error)
      }
    }
    // Where even the log has no room the server stops, instead of failing the one statement.
    expect(['full', 'unreachable', 'crashed']).toContain(reason)
    rmSync(ballast)
    await server.stop()
    await server.start()
    await expect
      .poll(
        () =>
          engine.execute([insert(9_999)], write).then(
            () => 'done',
            () => 'failed',
          ),
        { timeout: 10_000 },
      )
      .toBe('done')
    const found = await idsIn(engine)
    expect(acknowledged.length).toBeGreaterThan(10)
    expect(acknowledged.filter((id) => !found.has(id))).toEqual([])
  })
})
