import { expect, it, onTestFinished } from 'vitest'
import { type Database, openDatabase } from '../../../src/store/database.ts'
import {
  DatabaseSessionStore,
  type DatabaseSessionStoreOptions,
} from '../../../src/store/session-store.ts'
import { SubjectKeys } from '../../../src/store/subject-keys.ts'
import { describeEachEngine, type TestEngine } from './each-engine.ts'

async function openOn(
  engine: TestEngine,
  options?: DatabaseSessionStoreOptions,
): Promise<DatabaseSessionStore> {
  const database: Database = await openDatabase(await engine.place())
  onTestFinished(() => database.close())
  const keys = await SubjectKeys.open(database, Buffer.alloc(32, 1).toString('base64'))
  return new DatabaseSessionStore(database, keys, options)
}

const ada = { userId: 'ada', tenantId: 'acme' }
const said = (content: string) => ({ role: 'user', content }) as const
const answered = (content: string) => ({ role: 'assistant', content }) as const

async function begin(store: DatabaseSessionStore, ...contents: string[]): Promise<string> {
  const id = await store.append(null, ada, ...contents.map(said))
  if (id === null) throw new TypeError('A new session has an id')
  return id
}

describeEachEngine('sessions', (engine) => {
  it('keep turns in order', async () => {
    const store = await openOn(engine)
    const id = await begin(store, 'one')
    expect(await store.append(id, ada, answered('two'), said('three'))).toBe(id)
    const session = await store.get(id, ada)
    expect(session?.turns).toEqual([said('one'), answered('two'), said('three')])
    expect(session?.sessionId).toMatch(/^ses_[\w-]{22}$/)
  })

  const strangers = [
    { userId: 'eve', tenantId: 'acme' },
    { userId: 'ada', tenantId: 'globex' },
    { userId: 'ada' },
  ]
  for (const stranger of strangers) {
    it(`of somebody else are as none: ${JSON.stringify(stranger)}`, async () => {
      const store = await openOn(engine)
      const id = await begin(store, 'mine')
      expect(await store.get(id, stranger)).toBeNull()
      expect(await store.append(id, stranger, said('injected'))).toBeNull()
      expect(await store.delete(id, stranger)).toBe(false)
      expect((await store.get(id, ada))?.turns).toEqual([said('mine')])
    })
  }

  it('without a tenant belong to the user without one', async () => {
    const store = await openOn(engine)
    const id = (await store.append(null, { userId: 'ada' }, said('a'))) ?? ''
    expect(await store.get(id, { userId: 'ada' })).not.toBeNull()
    expect(await store.get(id, ada)).toBeNull()
  })

  it('are not begun under an id of the caller', async () => {
    const store = await openOn(engine)
    expect(await store.append('ses_mine', ada, said('a'))).toBeNull()
    expect(await store.get('ses_mine', ada)).toBeNull()
  })

  it('forget the oldest turns beyond 50', async () => {
    const store = await openOn(engine)
    const id = await begin(store)
    for (let i = 0; i < 55; i++) await store.append(id, ada, said(String(i)))
    const turns = (await store.get(id, ada))?.turns ?? []
    expect(turns).toHaveLength(50)
    expect(turns[0]).toEqual(said('5'))
  })

  it('forget the oldest turns beyond their bytes, and no others', async () => {
    const store = await openOn(engine, { maxBytes: 10 })
    const other = await begin(store, '12345678')
    const id = await begin(store, 'aaaa', 'bbbb', 'cccc')
    expect((await store.get(id, ada))?.turns).toEqual([said('bbbb'), said('cccc')])
    expect((await store.get(other, ada))?.turns).toEqual([said('12345678')])
  })

  it('cut a turn that alone is too long between two characters', async () => {
    const store = await openOn(engine, { maxBytes: 10 })
    const id = await begin(store, '€'.repeat(9))
    expect((await store.get(id, ada))?.turns).toEqual([said('€€€')])
  })

  it('hold every character of a turn', async () => {
    const store = await openOn(engine)
    const texts = ['\0', '\uF8FF', '\uF8FF0\0', "'; DROP TABLE airlock_sessions; --", '€😀']
    const id = await begin(store, ...texts)
    expect((await store.get(id, ada))?.turns).toEqual(texts.map(said))
    expect(await store.get(id, { ...ada, userId: 'ada\0' })).toBeNull()
  })

  it('are bounded for each owner', async () => {
    const store = await openOn(engine, { maxSessions: 2 })
    const [first, second] = [await begin(store, '1'), await begin(store, '2')]
    const foreign = (await store.append(null, { userId: 'eve' }, said('x'))) ?? ''
    const third = await begin(store, '3')
    const kept = await Promise.all([first, second, third].map((id) => store.get(id, ada)))
    expect(kept.filter((session) => session !== null)).toHaveLength(2)
    expect(kept[2]).not.toBeNull()
    expect(await store.get(foreign, { userId: 'eve' })).not.toBeNull()
  })

  it('are gone when deleted', async () => {
    const store = await openOn(engine)
    const id = await begin(store, 'a')
    expect(await store.delete(id, ada)).toBe(true)
    expect(await store.delete(id, ada)).toBe(false)
    expect(await store.get(id, ada)).toBeNull()
  })
})
