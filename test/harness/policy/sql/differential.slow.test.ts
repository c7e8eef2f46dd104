import { describe, expect, it } from 'vitest'
import {
  CREATE_TABLES,
  compare,
  type DifferentialReport,
  observePostgresql,
  observeSqlite,
} from './differential.ts'
import {
  compareRows,
  type RowReport,
  runOnPostgresql,
  runOnSqlite,
  TENANT_DATABASES,
} from './differential-rows.ts'
import { hasPostgresql, openPostgresql } from './postgresql-for-test.ts'

const COUNT = 1_000
const seed = 1

/** Nothing was touched beyond what was believed, in a comparison that really took place. */
function expectHolds(report: DifferentialReport): void {
  expect(report.counterexamples).toEqual([])
  expect(report.accepted).toBeGreaterThan(0.4 * COUNT)
  expect(report.compared).toBeGreaterThan(1.8 * report.accepted)
}

function expectSame(report: RowReport): void {
  expect(report.counterexamples).toEqual([])
  expect(report.compared).toBeGreaterThan(0.25 * COUNT)
}

describe('generated statements on SQLite', () => {
  it('touch nothing beyond what the policy believed, by the word of the authorizer', async () => {
    expectHolds(await compare('sqlite', observeSqlite(), { count: COUNT, seed }))
  })

  it("answer, once narrowed, as if another tenant's rows were not there", async () => {
    const { own, shared } = TENANT_DATABASES
    const run = { own: runOnSqlite(own), shared: runOnSqlite(shared) }
    expectSame(await compareRows('sqlite', run, { count: COUNT, seed }))
  })
})

describe.skipIf(!(await hasPostgresql()))('generated statements on PostgreSQL', () => {
  it('touch nothing beyond what the policy believed, planned for a role that has only that', async () => {
    const database = await openPostgresql()
    try {
      await database.client.query(CREATE_TABLES)
      const observe = observePostgresql(database.client, await database.createRole())
      expectHolds(await compare('postgresql', observe, { count: COUNT, seed }))
    } finally {
      await database.close()
    }
  })

  it("answer, once narrowed, as if another tenant's rows were not there", async () => {
    const [own, shared] = [await openPostgresql(), await openPostgresql()]
    try {
      await own.client.query(TENANT_DATABASES.own)
      await shared.client.query(TENANT_DATABASES.shared)
      const run = { own: runOnPostgresql(own.client), shared: runOnPostgresql(shared.client) }
      expectSame(await compareRows('postgresql', run, { count: COUNT, seed }))
    } finally {
      await Promise.all([own.close(), shared.close()])
    }
  })
})
