import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { describe, onTestFinished } from 'vitest'
import { openStore, type Store, type StoreOptions } from '../../../src/store/open-store.ts'
import { newSigningKey, type StoreSecrets } from '../../../src/store/store-secrets.ts'
import { findPostgresql } from '../../support/services.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** An engine that stores are tested on. */
export interface TestEngine {
  readonly name: 'sqlite' | 'memory' | 'postgresql'
  /** Somewhere nobody has been; gone when the test has ended. */
  place(): Promise<string>
  /** Runs SQL of the engine's own at a place, beside the store. */
  run(place: string, sql: string): Promise<readonly Record<string, unknown>[]>
}

/** The secrets of every store of a test: one on a server finds none beside it. */
export const TEST_SECRETS: StoreSecrets = {
  signingKey: newSigningKey(),
  masterKey: randomBytes(32).toString('base64'),
}

const postgresqlService = await findPostgresql()

const sqlite: TestEngine = {
  name: 'sqlite',
  place: async () => join(temporaryFolder(), 'store.db'),
  async run(place, sql) {
    const database = new DatabaseSync(place, { timeout: 5_000 })
    try {
      if (/^\s*select/i.test(sql)) return database.prepare(sql).all()
      database.exec(sql)
      return []
    } finally {
      database.close()
    }
  },
}

const memory: TestEngine = {
  name: 'memory',
  place: async () => ':memory:',
  run: () => Promise.reject(new TypeError('A store in memory has no place beside it')),
}

/** The PostgreSQL engine; its tests are to be skipped where there is no server. */
export const postgresql: TestEngine = {
  name: 'postgresql',
  async place() {
    const schema = `airlock_test_${randomBytes(6).toString('hex')}`
    const place = new URL(urlOfPostgresql())
    place.searchParams.set('schema', schema)
    onTestFinished(async () => {
      await queryPostgresql(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    })
    return place.href
  },
  run: (place, sql) => {
    const schema = new URL(place).searchParams.get('schema')
    return queryPostgresql(`SET search_path = ${schema}; ${sql}`)
  },
}

/** Declares the same tests for every engine, or for those that outlive a process. */
export function describeEachEngine(
  title: string,
  tests: (engine: TestEngine) => void,
  options: { readonly onlyDurable?: boolean } = {},
): void {
  for (const engine of options.onlyDurable ? [sqlite] : [memory, sqlite]) {
    describe(`${title}, on ${engine.name}`, () => tests(engine))
  }
  describe.skipIf(!postgresqlService.isThere)(`${title}, on ${postgresqlService.title}`, () =>
    tests(postgresql),
  )
}

/** Declares tests that only PostgreSQL can pass or fail. */
export function describePostgresql(title: string, tests: () => void): void {
  describe.skipIf(!postgresqlService.isThere)(`${title}, on ${postgresqlService.title}`, tests)
}

/** Opens a store of this test's own, which is closed when the test has ended. */
export async function openOn(engine: TestEngine, options?: StoreOptions): Promise<Store> {
  return open(await engine.place(), options)
}

/** Opens the store at a place, until the test has ended. */
export async function open(place: string, options?: StoreOptions): Promise<Store> {
  const secrets = { ...TEST_SECRETS, ...options?.secrets }
  const store = await openStore(place, { ...options, secrets })
  onTestFinished(() => store.close())
  return store
}

/** Where the server is. */
export function urlOfPostgresql(): string {
  if (!postgresqlService.isThere) throw new TypeError('There is no PostgreSQL server')
  return postgresqlService.url
}

/** Runs SQL on a connection of its own; answers the rows of the last statement. */
export async function queryPostgresql(sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: urlOfPostgresql() })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const results: unknown = await client.query(sql)
    const last = Array.isArray(results) ? results.at(-1) : results
    return last.rows
  } finally {
    await client.end()
  }
}
