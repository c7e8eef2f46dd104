import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { checksum, generate, openSqlite } from './data-source/generate.mjs'

// What the generator has to produce, so that the recorded answers stay right.
const CHECKSUM = '6a60a1b6e84c3be80607116f59c7652010b647f4e3f1362f7f3de67193852e83'
// Stamped into the file: a database of other data is not taken for ours.
const DATA_VERSION = Number.parseInt(CHECKSUM.slice(0, 7), 16)

const ROW_COUNTS = { customers: 800, products: 60, orders: 5000, order_items: 10031, tickets: 600 }
// The one table that the demo writes to; refunds stay from one start to the next.
const MIN_REFUNDS = 366

/**
 * Returns the path of the demo shop's SQLite file and creates it when it is missing, incomplete or
 * damaged. Other processes see the whole file or none.
 *
 * @param folder - Where the file is kept. Default: `data`, which git ignores, next to this file.
 * @throws {Error} If the generated rows are not the recorded ones.
 */
export async function openShopDatabase(
  folder: string = join(import.meta.dirname, 'data'),
): Promise<string> {
  const path = join(folder, 'shop.db')
  if (isShopDatabase(path)) return path
  mkdirSync(folder, { recursive: true })
  const unfinished = `${path}.${randomUUID()}`
  try {
    await createDatabase(unfinished)
    // A journal left behind by another file would be replayed into the new one.
    for (const suffix of ['-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true })
    renameSync(unfinished, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
  return path
}

async function createDatabase(path: string): Promise<void> {
  const rows = generate()
  if (checksum(rows) !== CHECKSUM) {
    throw new Error('The generated shop data is not the recorded data')
  }
  const database = await openSqlite(path, rows)
  database.exec(`PRAGMA user_version = ${DATA_VERSION}`)
  database.close()
  if (!isShopDatabase(path)) throw new Error('The shop database could not be written')
}

function isShopDatabase(path: string): boolean {
  if (!existsSync(path)) return false
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly: true })
    return hasShopRows(database)
  } catch {
    // Not a database, damaged, or without our tables: all of them are answered by a new file.
    return false
  } finally {
    database?.close()
  }
}

function hasShopRows(database: DatabaseSync): boolean {
  if (readValue(database, 'PRAGMA user_version') !== DATA_VERSION) return false
  if (readValue(database, 'PRAGMA quick_check') !== 'ok') return false
  const areComplete = Object.entries(ROW_COUNTS).every(
    ([table, count]) => readValue(database, `SELECT COUNT(*) FROM ${table}`) === count,
  )
  return areComplete && Number(readValue(database, 'SELECT COUNT(*) FROM refunds')) >= MIN_REFUNDS
}

function readValue(database: DatabaseSync, sql: string): unknown {
  return Object.values(database.prepare(sql).get() ?? {})[0]
}
