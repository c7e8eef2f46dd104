/**
 * Generated statements on real engines: nothing may be touched beyond what the policy believed, and a
 * narrowed statement must answer as if another tenant's rows were not there. One counterexample makes the
 * exit code 1. PostgreSQL takes part if `AIRLOCK_TEST_POSTGRES`, or a server on this machine, answers.
 *
 * node bench/sql-differential.ts [--count 20000] [--seed 1] [--only sqlite|postgresql]
 */
import { parseArgs } from 'node:util'
import {
  CREATE_TABLES,
  compare,
  type DifferentialReport,
  observePostgresql,
  observeSqlite,
} from '../test/harness/policy/sql/differential.ts'
import {
  compareRows,
  type RowReport,
  runOnPostgresql,
  runOnSqlite,
  TENANT_DATABASES,
} from '../test/harness/policy/sql/differential-rows.ts'
import { hasPostgresql, openPostgresql } from '../test/harness/policy/sql/postgresql-for-test.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: 'all' },
  },
})
const options = { count: Number(values.count), seed: Number(values.seed) }

type Report = DifferentialReport | RowReport

async function onSqlite(): Promise<Report[]> {
  const { own, shared } = TENANT_DATABASES
  const run = { own: runOnSqlite(own), shared: runOnSqlite(shared) }
  return [
    shown('SQLite, touched', await compare('sqlite', observeSqlite(), options)),
    shown('SQLite, rows', await compareRows('sqlite', run, options)),
  ]
}

async function onPostgresql(): Promise<Report[]> {
  const touched = await openPostgresql()
  const [own, shared] = [await openPostgresql(), await openPostgresql()]
  try {
    await touched.client.query(CREATE_TABLES)
    await own.client.query(TENANT_DATABASES.own)
    await shared.client.query(TENANT_DATABASES.shared)
    const observe = observePostgresql(touched.client, await touched.createRole())
    const run = { own: runOnPostgresql(own.client), shared: runOnPostgresql(shared.client) }
    return [
      shown('PostgreSQL, touched', await compare('postgresql', observe, options)),
      shown('PostgreSQL, rows', await compareRows('postgresql', run, options)),
    ]
  } finally {
    await Promise.all([touched.close(), own.close(), shared.close()])
  }
}

function shown<T extends Report>(what: string, report: T): T {
  console.log(`${what}: ${JSON.stringify(report, null, 2)}`)
  return report
}

const reports: Report[] = []
if (values.only !== 'postgresql') reports.push(...(await onSqlite()))
if (values.only !== 'sqlite') {
  if (await hasPostgresql()) reports.push(...(await onPostgresql()))
  else console.log('PostgreSQL: no server answers, so nothing was compared')
}
process.exitCode = reports.every(({ counterexamples }) => counterexamples.length === 0) ? 0 : 1
