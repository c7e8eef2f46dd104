import { readFileSync } from 'node:fs'
import type { DataPolicyOptions } from '../../../../harness/policy/data-policy.ts'
import type { SqlDialect } from '../../../../harness/sandbox/tool-host.ts'

/** One statement of the public corpus with what has to be decided about it. */
export interface CorpusCase {
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

/** The corpus, in its order. */
export const sqlCorpus: readonly CorpusCase[] = readFileSync(
  new URL('sql-policy.jsonl', folder),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as CorpusCase)

/** The script that makes the database in which the corpus was measured. */
export function corpusFixture(dialect: SqlDialect): string {
  return readFileSync(new URL(`sql-policy.fixture.${dialect}.sql`, folder), 'utf8')
}

/** The options of a case's policy. */
export function corpusOptions({ policy, schema }: CorpusCase): DataPolicyOptions {
  const { maxRows, ...rest } = policy
  return { ...rest, maxResultRows: maxRows, ...(schema === null ? {} : { schema }) }
}
