import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { judgeFor, rulesWith } from './judge-for-test.ts'
import { hasPostgresql, openPostgresql } from './postgresql-for-test.ts'
import { type CorpusCase, corpusFixture, sqlCorpus } from './sql-corpus.ts'

// Which statements are allowed is the business of another test; here the engine has the word.
function allowedOf(dialect: CorpusCase['dialect']): readonly CorpusCase[] {
  return sqlCorpus.filter((entry) => entry.dialect === dialect && entry.expect === 'allow')
}

async function expectAllowed(entry: CorpusCase): Promise<void> {
  const { maxRows: _, ...policy } = entry.policy
  const judge = await judgeFor(entry.dialect, rulesWith({ ...policy, schema: entry.schema }))
  expect(judge(entry.sql).objections, entry.id).toEqual([])
}

/** The answer is that of the corpus, and so is what is left of it at the row limit. */
function expectRows({ id, rows, policy }: CorpusCase, count: number): void {
  if (rows === undefined) return
  expect(count, id).toBe(rows.total)
  expect(Math.min(count, policy.maxRows), id).toBe(rows.delivered)
}

const isServed = await hasPostgresql()

describe('the allowed statements of the SQL corpus', () => {
  it('deliver their rows on SQLite', async () => {
    const entries = allowedOf('sqlite')
    expect(entries.filter(({ rows }) => rows !== undefined).length).toBeGreaterThan(40)
    for (const entry of entries) {
      await expectAllowed(entry)
      using database = new DatabaseSync(':memory:')
      database.exec(corpusFixture('sqlite'))
      const { params } = entry
      const bound = params === undefined ? [] : Array.isArray(params) ? params : [params]
      expectRows(entry, database.prepare(entry.sql).all(...(bound as SQLInputValue[])).length)
    }
  })

  it.skipIf(!isServed)('deliver their rows on PostgreSQL', async () => {
    const entries = allowedOf('postgresql')
    expect(entries.filter(({ rows }) => rows !== undefined).length).toBeGreaterThan(60)
    const { client, close } = await openPostgresql()
    try {
      await client.query(corpusFixture('postgresql'))
      for (const entry of entries) {
        await expectAllowed(entry)
        const params = Array.isArray(entry.params) ? entry.params : []
        await client.query('BEGIN')
        try {
          // Values make it the extended protocol, which runs one statement and no more.
          const { rows } = await client.query({ text: entry.sql, values: params, rowMode: 'array' })
          expectRows(entry, rows.length)
        } catch (error) {
          throw new Error(`${entry.id} failed`, { cause: error })
        } finally {
          await client.query('ROLLBACK')
        }
      }
    } finally {
      await close()
    }
  })
})
