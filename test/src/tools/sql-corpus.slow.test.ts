import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPostgresql } from '../../support/services.ts'
import {
  type CorpusCase,
  type CorpusDatabase,
  corpusCases,
  openPostgresqlCorpus,
  openSqliteCorpus,
} from './sql-corpus.ts'
import { ask } from './sql-shops.ts'

const postgresql = await findPostgresql()

// What only a policy decides: how much to read at all, and in PostgreSQL functions and catalogues, which
// are there for everybody.
const ONLY_POLICY: Readonly<Record<string, readonly string[]>> = {
  sqlite: ['too-complex', 'unparseable'],
  postgresql: ['too-complex', 'unparseable', 'dangerous-function', 'system-catalog'],
}

// Definitions are not possible with an access list.
const NOT_OFFERED = ['ddl-permitted-create']

const engines = [
  ['SQLite', 'sqlite', true, openSqliteCorpus],
  [
    postgresql.title,
    'postgresql',
    postgresql.isThere,
    () => openPostgresqlCorpus(postgresql.isThere ? postgresql.url : ''),
  ],
] as const

function writes({ sql }: CorpusCase): boolean {
  return /\b(?:insert|update|delete|merge|replace|truncate|create|drop|alter)\b/i.test(sql)
}

describe.each(engines)('the corpus without a policy on %s', (_title, dialect, isThere, open) => {
  const state = { database: null as CorpusDatabase | null }
  beforeAll(async () => {
    if (isThere) state.database = await open()
  })
  afterAll(() => state.database?.close())

  const run = async (entry: CorpusCase) => {
    if (state.database === null) throw new Error('The corpus is not open')
    const tool = await state.database.open(entry, writes(entry) ? 'read-write' : 'read')
    return (await ask(tool, entry.sql, entry.params ?? [])) as {
      readonly rows: readonly unknown[]
      readonly truncated: boolean
    }
  }
  // What reads comes first: the number of rows was counted before anything was written.
  const cases = corpusCases(dialect).toSorted((a, b) => Number(writes(a)) - Number(writes(b)))

  it.skipIf(!isThere)('delivers the rows of what is allowed', async () => {
    const allowed = cases.filter((entry) => entry.expect === 'allow')
    const wrong: string[] = []
    for (const entry of allowed.filter(({ technique }) => !NOT_OFFERED.includes(technique))) {
      const answer = await run(entry).catch((error: Error) => error.message)
      if (typeof answer === 'string') wrong.push(`${entry.id} ${answer}`)
      else if (entry.rows !== undefined && !writes(entry)) {
        const { total, delivered } = entry.rows
        const isRight = answer.rows.length === delivered && answer.truncated === total > delivered
        if (!isRight) wrong.push(`${entry.id} has ${answer.rows.length} of ${delivered} rows`)
      }
    }
    expect(allowed.length).toBeGreaterThan(50)
    expect(wrong).toEqual([])
  })

  it.skipIf(!isThere)('stops all that reaches past tables and columns', async () => {
    const held = cases.filter(
      ({ expect, reason_code = '' }) =>
        expect === 'deny' && !ONLY_POLICY[dialect]?.includes(reason_code),
    )
    const passed: string[] = []
    for (const entry of held) {
      const answer = await run(entry).catch(() => null)
      if (answer !== null) passed.push(`${entry.id} ${entry.technique}`)
    }
    expect(held.length).toBeGreaterThan(80)
    expect(passed).toEqual([])
  })
})
