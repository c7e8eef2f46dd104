import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPostgresql } from '../../support/services.ts'
import { ask, openPostgresqlShop, type PostgresqlShop } from './sql-shops.ts'

const service = await findPostgresql()
const url = service.isThere ? service.url : ''

describe.skipIf(!service.isThere)(
  `a statement on ${service.title} that is not wanted any more`,
  () => {
    const state = { shop: null as PostgresqlShop | null }
    const shopOf = (): PostgresqlShop => {
      if (state.shop === null) throw new Error('The shop is not open')
      return state.shop
    }
    beforeAll(async () => {
      state.shop = await openPostgresqlShop(url)
    })
    afterAll(() => state.shop?.close())

    const running = async () => {
      const activity = `SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE usename = '${shopOf().reader}' AND state = 'active'`
      const [row] = await shopOf().admin(activity)
      return row?.['n']
    }

    it('ends in the database at whatever moment that is, and the pool goes on', async () => {
      const tool = shopOf().open({ statementTimeoutMs: 120_000 })
      await ask(tool, 'SELECT 1')
      // On the way to the server a cancellation can overtake its statement.
      for (let afterMs = 0; afterMs < 120; afterMs += 8) {
        const controller = new AbortController()
        setTimeout(() => controller.abort(new Error('over')), afterMs)
        const startedAt = performance.now()
        await expect(
          ask(tool, 'SELECT pg_sleep(100)', [], { signal: controller.signal }),
        ).rejects.toThrow('over')
        expect(performance.now() - startedAt).toBeLessThan(30_000)
      }
      expect(await ask(tool, 'SELECT 1 AS a')).toMatchObject({ rows: [{ a: 1 }] })
      expect(await running()).toBe(0)
    })

    it('makes room for those that wait for a connection', async () => {
      const { hostname, port, pathname } = new URL(url)
      const database = {
        host: hostname,
        port: Number(port || 5432),
        user: shopOf().reader,
        database: pathname.slice(1),
        maxConnections: 1,
      }
      const tool = shopOf().openAs({ database, statementTimeoutMs: 60_000 })
      const controller = new AbortController()
      const first = ask(tool, 'SELECT pg_sleep(50)', [], { signal: controller.signal })
      const waiting = new AbortController()
      const second = ask(tool, 'SELECT 2 AS a', [], { signal: waiting.signal })
      const third = ask(tool, 'SELECT 3 AS a')
      waiting.abort(new Error('not wanted'))
      await expect(second).rejects.toThrow('not wanted')
      controller.abort(new Error('over'))
      await expect(first).rejects.toThrow('over')
      expect(await third).toMatchObject({ rows: [{ a: 3 }] })
    })

    it('ends when the rows are read too slowly for its time, each batch being quick', async () => {
      const tool = shopOf().open({ statementTimeoutMs: 400, maxResultRows: 1_000_000 })
      const slow = 'SELECT pg_sleep(0.002), g FROM generate_series(1, 100000) g'
      await expect(ask(tool, slow)).rejects.toThrow('400 ms')
      expect(await ask(tool, 'SELECT 1 AS a')).toMatchObject({ rows: [{ a: 1 }] })
    })

    it('lets a host end that has not closed the tool', async () => {
      const tool = new URL('../../../src/tools/sql-tool.ts', import.meta.url).href
      const script = `
      import { sqlTool } from ${JSON.stringify(tool)}
      const database = ${JSON.stringify(shopOf().urlOf(shopOf().reader))}
      const sql = sqlTool({ name: 'sql', dialect: 'postgresql', database })
      const signal = new AbortController().signal
      const context = { runId: 'r', requester: null, idempotencyKey: 'k', signal }
      const { rows } = await sql.run({ query: 'SELECT 1 AS a' }, context)
      process.exitCode = rows[0].a === 1 ? 7 : 1
    `
      const host = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: 'ignore',
      })
      expect(await once(host, 'exit')).toEqual([7, null])
    })
  },
)
