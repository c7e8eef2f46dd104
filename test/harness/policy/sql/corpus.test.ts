import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import { DataPolicy, type DataPolicyOptions } from '../../../../harness/policy/data-policy.ts'
import type { SqlVerdict } from '../../../../harness/policy/sql/sql-verdict.ts'
import type { SqlDialect } from '../../../../harness/sandbox/tool-host.ts'

interface CorpusCase {
  readonly id: string
  readonly dialect: SqlDialect
  readonly policy: {
    readonly readableTables: readonly string[]
    readonly writableTables: readonly string[]
    readonly restrictedColumns: readonly string[]
    readonly denyDdl: boolean
    readonly maxRows: number
    readonly defaultSchema?: string
  }
  readonly schema: { readonly [table: string]: readonly string[] } | null
  readonly sql: string
  readonly params?: readonly unknown[] | { readonly [name: string]: unknown }
  readonly expect: 'allow' | 'deny'
  readonly reason_code?: string
  readonly also?: readonly string[]
  readonly rows?: { readonly total: number; readonly delivered: number }
}

const folder = new URL('../../../corpus/', import.meta.url)
const cases = readFileSync(new URL('sql-policy.jsonl', folder), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as CorpusCase)
const dialects: readonly SqlDialect[] = ['postgresql', 'mysql', 'sqlite']

const policies = new Map<string, DataPolicy>()
afterAll(async () => {
  await Promise.all([...policies.values()].map((policy) => policy.close()))
})

function policyOf({ policy, schema }: CorpusCase): DataPolicy {
  const { maxRows, ...rest } = policy
  const options: DataPolicyOptions = { ...rest, maxResultRows: maxRows, ...(schema && { schema }) }
  const key = JSON.stringify(options)
  const known = policies.get(key) ?? new DataPolicy(options)
  policies.set(key, known)
  return known
}

async function judged(
  dialect: SqlDialect,
): Promise<{ case: CorpusCase; verdict: SqlVerdict; ms: number }[]> {
  const results = []
  for (const entry of cases.filter((item) => item.dialect === dialect)) {
    // Starting the child is not part of a decision: a server does it before the first request.
    await policyOf(entry).judgeSql('SELECT 1', { dialect })
    const started = performance.now()
    const verdict = await policyOf(entry).judgeSql(entry.sql, { dialect })
    results.push({ case: entry, verdict, ms: performance.now() - started })
  }
  return results
}

describe.each(dialects)('the SQL corpus for %s', (dialect) => {
  it('is judged without a wrong allow, a wrong deny or a wrong reason, each within a second', async () => {
    const results = await judged(dialect)
    expect(results.length).toBeGreaterThan(150)
    const ids = (wrong: (result: (typeof results)[number]) => boolean) =>
      results.filter(wrong).map((result) => `${result.case.id} ${result.verdict.message}`)
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
  }, 30_000)
})

it('allows SQLite statements that deliver the rows they should on the real engine', async () => {
  const fixture = readFileSync(new URL('sql-policy.fixture.sqlite.sql', folder), 'utf8')
  for (const entry of cases) {
    if (entry.dialect !== 'sqlite' || entry.expect !== 'allow' || entry.rows === undefined) continue
    const policy = policyOf(entry)
    const verdict = await policy.judgeSql(entry.sql, { dialect: 'sqlite' })
    expect(verdict.decision, entry.id).toBe('allow')
    using database = new DatabaseSync(':memory:')
    database.exec(fixture)
    const statement = database.prepare(entry.sql)
    const params = entry.params
    const bound = params === undefined ? [] : Array.isArray(params) ? params : [params]
    const rows = statement.all(...(bound as string[]))
    expect(rows.length, entry.id).toBe(entry.rows.total)
    expect(Math.min(rows.length, policy.maxResultRows ?? 0), entry.id).toBe(entry.rows.delivered)
  }
}, 30_000)
