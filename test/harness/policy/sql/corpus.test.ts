import { afterAll, describe, expect, it } from 'vitest'
import { DataPolicy, type SqlExplanation } from '../../../../harness/policy/data-policy.ts'
import type { SqlDialect } from '../../../../harness/sandbox/tool-host.ts'
import { type CorpusCase, corpusOptions, sqlCorpus } from './sql-corpus.ts'

const dialects: readonly SqlDialect[] = ['postgresql', 'mysql', 'sqlite']

const policies = new Map<string, DataPolicy>()
afterAll(async () => {
  await Promise.all([...policies.values()].map((policy) => policy.close()))
})

function policyOf(entry: CorpusCase): DataPolicy {
  const options = corpusOptions(entry)
  const key = JSON.stringify(options)
  const known = policies.get(key) ?? new DataPolicy(options)
  policies.set(key, known)
  return known
}

async function judged(
  dialect: SqlDialect,
): Promise<(SqlExplanation & { case: CorpusCase; ms: number })[]> {
  const results = []
  for (const entry of sqlCorpus.filter((item) => item.dialect === dialect)) {
    // Starting the child is not part of a decision: a server does it before the first request.
    await policyOf(entry).judgeSql('SELECT 1', { dialect })
    const started = performance.now()
    const explanation = await policyOf(entry).explainSql(entry.sql, { dialect })
    results.push({ ...explanation, case: entry, ms: performance.now() - started })
  }
  return results
}

describe.each(dialects)('the SQL corpus for %s', (dialect) => {
  it('is judged without a wrong allow, a wrong deny or a wrong reason, each within a second', async () => {
    const results = await judged(dialect)
    expect(results.length).toBeGreaterThan(150)
    const ids = (wrong: (result: (typeof results)[number]) => boolean) =>
      results
        .filter(wrong)
        .map((result) => `${result.case.id} ${JSON.stringify(result.objections)}`)
    expect(
      ids(({ case: { expect: e }, verdict }) => e === 'deny' && verdict.decision === 'allow'),
    ).toEqual([])
    expect(
      ids(({ case: { expect: e }, verdict }) => e === 'allow' && verdict.decision === 'deny'),
    ).toEqual([])
    expect(
      ids(({ case: entry, verdict }) => {
        const right = [entry.reason_code, ...(entry.also ?? [])]
        return entry.expect === 'deny' && !right.includes(verdict.reasonCode)
      }),
    ).toEqual([])
    expect(results.filter(({ ms }) => ms > 1_000).map(({ case: { id } }) => id)).toEqual([])
  }, 60_000)
})
