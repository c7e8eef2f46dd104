import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openShopDatabase } from '../../../examples/shop/open-shop-database.ts'

interface Question {
  readonly id: string
  readonly sql: string
  readonly expected: readonly Readonly<Record<string, unknown>>[]
}

const { questions } = JSON.parse(
  readFileSync(
    new URL('../../../examples/shop/data-source/questions.json', import.meta.url),
    'utf8',
  ),
) as { readonly questions: readonly Question[] }

let folder: string

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'airlock shop ')), 'data')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

function count(path: string, table: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true })
  const row = database.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get()
  database.close()
  return row?.['n']
}

describe('openShopDatabase', () => {
  it('creates a database that gives the recorded answers', async () => {
    const database = new DatabaseSync(await openShopDatabase(folder), { readOnly: true })
    expect(questions).toHaveLength(12)
    for (const { id, sql, expected } of questions) {
      expect({ id, rows: database.prepare(sql).all() }).toEqual({ id, rows: expected })
    }
    database.close()
  })

  it('leaves nothing but the database behind', async () => {
    await openShopDatabase(folder)
    expect(readdirSync(folder)).toEqual(['shop.db'])
  })

  it('keeps the file and its refunds the next time', async () => {
    const path = await openShopDatabase(folder)
    change(
      path,
      `INSERT INTO refunds VALUES (367, 14000, 2638, 'damaged', 'paid', '2025-07-01', 'ada')`,
    )
    const { ino } = statSync(path)
    expect(await openShopDatabase(folder)).toBe(path)
    expect(statSync(path).ino).toBe(ino)
    expect(count(path, 'refunds')).toBe(367)
  })

  it('gives two starts at once the same whole database', async () => {
    const paths = await Promise.all([openShopDatabase(folder), openShopDatabase(folder)])
    expect(new Set(paths).size).toBe(1)
    expect(readdirSync(folder)).toEqual(['shop.db'])
    expect(count(paths[0], 'orders')).toBe(5000)
  })

  const damages: Record<string, (path: string) => void> = {
    'a file that is cut off': (path) => truncateSync(path, 100_000),
    'a file that is no database': (path) => writeFileSync(path, 'no database'),
    'an empty file': (path) => truncateSync(path, 0),
    'missing rows': (path) => change(path, 'DELETE FROM order_items WHERE order_id = 10001'),
    'a missing table': (path) => change(path, 'DROP TABLE tickets'),
    'other data': (path) => change(path, 'PRAGMA user_version = 1'),
  }

  for (const [name, damage] of Object.entries(damages)) {
    it(`replaces ${name}`, async () => {
      const path = await openShopDatabase(folder)
      damage(path)
      await openShopDatabase(folder)
      expect(count(path, 'order_items')).toBe(10031)
      expect(count(path, 'tickets')).toBe(600)
    })
  }

  it('does not replay the journal of the file it replaces', async () => {
    const path = await openShopDatabase(folder)
    truncateSync(path, 0)
    writeFileSync(`${path}-wal`, 'left behind')
    await openShopDatabase(folder)
    expect(readdirSync(folder)).toEqual(['shop.db'])
  })
})
