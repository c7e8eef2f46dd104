import { afterAll, beforeAll, describe } from 'vitest'
import { findPostgresql } from '../../support/services.ts'
import { openPostgresqlShop, openSqliteShop, type Shop } from './sql-shops.ts'

const START_TIMEOUT_MS = 60_000

/** Runs the same tests on a shop in every dialect that can be opened; a server that is missing skips its. */
export async function describeEachDialect(
  title: string,
  body: (shopOf: () => Shop) => void,
): Promise<void> {
  const postgresql = await findPostgresql()
  onShop(`${title} on SQLite`, true, async () => openSqliteShop(), body)
  const openThere = () => openPostgresqlShop(postgresql.isThere ? postgresql.url : '')
  onShop(`${title} on ${postgresql.title}`, postgresql.isThere, openThere, body)
}

function onShop(
  title: string,
  isThere: boolean,
  open: () => Promise<Shop>,
  body: (shopOf: () => Shop) => void,
): void {
  describe.skipIf(!isThere)(title, () => {
    const state = { shop: null as Shop | null }
    beforeAll(async () => {
      state.shop = await open()
    }, START_TIMEOUT_MS)
    afterAll(() => state.shop?.close(), START_TIMEOUT_MS)
    body(() => {
      if (state.shop === null) throw new Error('The shop is not open')
      return state.shop
    })
  })
}
