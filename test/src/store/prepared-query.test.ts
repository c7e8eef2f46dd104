import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../../src/store/database.ts'
import { preparedQuery } from '../../../src/store/prepared-query.ts'
import { describeEachEngine } from './each-engine.ts'

describeEachEngine('a prepared query', (engine) => {
  it('is built once, and runs with the values of each call', async () => {
    const database = await openDatabase(await engine.place())
    onTestFinished(() => database.close())
    let built = 0
    const begin = preparedQuery<{ id: string; tenant: string | null; now: number }>((slot) => {
      built += 1
      return database.queries.insertInto('airlock_sessions').values({
        session_id: slot('id'),
        tenant_id: slot('tenant'),
        user_id: 'ada',
        created_at: slot('now'),
        updated_at: slot('now'),
      })
    })
    const changes = await database.together([
      begin({ id: 'a', tenant: null, now: 1 }),
      begin({ id: 'b', tenant: 'acme', now: 2 }),
    ])
    expect(changes).toEqual([1, 1])
    expect(built).toBe(1)
    const rows = database.queries.selectFrom('airlock_sessions').selectAll().orderBy('session_id')
    expect(await rows.execute()).toEqual([
      { session_id: 'a', tenant_id: null, user_id: 'ada', created_at: 1, updated_at: 1 },
      { session_id: 'b', tenant_id: 'acme', user_id: 'ada', created_at: 2, updated_at: 2 },
    ])
  })

  it('takes lists of any length, also none', async () => {
    const database = await openDatabase(await engine.place())
    onTestFinished(() => database.close())
    const values = { session_id: "o'clock", user_id: 'ada', created_at: 1, updated_at: 1 }
    await database.queries.insertInto('airlock_sessions').values(values).execute()
    const among = (ids: readonly string[]) =>
      database.queries
        .selectFrom('airlock_sessions')
        .select('session_id')
        .where('session_id', 'in', database.listed(ids))
        .execute()
    expect(await among([])).toEqual([])
    expect(await among(['x', "o'clock"])).toEqual([{ session_id: "o'clock" }])
    const many = Array.from({ length: 70_000 }, (_, n) => `s-${n}`)
    expect(await among([...many, "o'clock"])).toHaveLength(1)
    const none = database.queries.selectFrom('airlock_sessions').select('session_id')
    expect(await none.where('session_id', 'in', []).execute()).toEqual([])
  })
})
