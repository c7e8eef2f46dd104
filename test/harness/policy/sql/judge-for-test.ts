import { loadParsers, StatementJudge } from '../../../../harness/policy/sql/judge-statement.ts'
import type { SqlReading, SqlRules } from '../../../../harness/policy/sql/sql-verdict.ts'
import type { SqlDialect } from '../../../../harness/sandbox/tool-host.ts'

/** Rules that permit every table and restrict nothing, with what a test changes about them. */
export function rulesWith(changes: Partial<SqlRules> = {}): SqlRules {
  return {
    readableTables: ['*'],
    writableTables: ['*'],
    restrictedColumns: [],
    schema: null,
    defaultSchema: null,
    denyDdl: true,
    allowedFunctions: [],
    rowFilter: null,
    ...changes,
  }
}

/** Judges texts in this process, as the parsing child does. */
export async function judgeFor(
  dialect: SqlDialect,
  rules: SqlRules,
): Promise<(sql: string) => SqlReading> {
  await loadParsers()
  const judge = new StatementJudge(dialect, rules)
  return (sql) => judge.judge(sql)
}
