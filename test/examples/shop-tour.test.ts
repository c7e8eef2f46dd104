import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chooseModel } from '../../examples/shop/choose-model.ts'
import { openShopDatabase } from '../../examples/shop/open-shop-database.ts'
import { createShopApp } from '../../examples/shop/shop-app.ts'
import { playTour } from '../../examples/shop/tour.ts'
import type { AgenticApp } from '../../src/index.ts'
import { testUser } from '../../src/testing/index.ts'

const analyst = testUser('ana', { roles: ['analyst'] })
const admin = testUser('ada', { roles: ['admin'] })
const folder = mkdtempSync(join(tmpdir(), 'airlock-shop-'))
let app: AgenticApp

beforeAll(async () => {
  const { model } = await chooseModel({})
  const database = await openShopDatabase(folder)
  const keys = [{ key: 'analyst-key', user: analyst }]
  app = createShopApp({ model, database, store: ':memory:', keys })
})

afterAll(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

describe('the demo shop', () => {
  it('answers, refuses and holds as its tour says', async () => {
    const lines: string[] = []
    const page = {
      heading: (text: string) => lines.push(text),
      line: (text: string) => lines.push(text),
    }
    await playTour(app, { analyst, admin }, page)
    const text = lines.join('\n')
    expect(text).toContain(
      '{"month":"2025-01","orders":241,"revenue":"24,463.27","change_percent":null}',
    )
    expect(text).toContain('"full_name":"Goran Duarte","country":"JP"')
    expect(text).toContain('{"category":"apparel","margin_cents":878492}')
    expect(text).toContain('Column customers.email is restricted')
    expect(text).toContain('"constructor" is not allowed')
    expect(text).toContain('held for a person: create_refund {"order_id":14000,"amount_cents":2638')
    expect(text).toMatch(
      /approved by ada; the run goes on\n {2}completed[^\n]*\n[^\n]*"amount_cents":2638/,
    )
  }, 60_000)

  it('says which questions it knows when it is asked another one', async () => {
    const outcome = await app.run({ endpoint: 'analytics', intent: 'What is love?', user: analyst })
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'ERR_MODEL_RESPONSE' } })
    expect(outcome.error?.message).toContain('Refund order 14000')
    expect(outcome.error?.message).toContain('/agent/analytics/execute')
  })

  it('asks for a key, takes the right one, and greets everybody', async () => {
    const post = async (path: string, body: object, headers: Record<string, string> = {}) =>
      app.fetch(
        new Request(`http://test${path}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', ...headers },
          body: JSON.stringify(body),
        }),
      )
    const code = 'return await tools.sql({ query: "SELECT COUNT(*) AS n FROM orders" })'
    expect((await post('/agent/analytics/execute', { code })).status).toBe(401)
    const right = await post('/agent/analytics/execute', { code }, { 'X-API-Key': 'analyst-key' })
    expect(await right.json()).toMatchObject({
      status: 'completed',
      result: { rows: [{ n: 5_000 }], truncated: false },
    })
    const greeting = await post('/agent/greeter', { intent: 'Good morning' })
    expect(await greeting.json()).toMatchObject({ result: { hello: 'you', said: 'Good morning' } })
    const bad = await post('/agent/greeter', { intent: 'Hi' }, { 'X-API-Key': 'wrong' })
    expect(bad.status).toBe(401)
  })
})
