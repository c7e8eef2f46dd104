import { crc32 } from 'node:zlib'
import type { PoolClient, QueryConfig } from 'pg'
import type { ConfigurationError } from '../../harness/index.ts'
import { runStatement } from './postgresql-pool.ts'
import { toParameter } from './postgresql-values.ts'
import type { CompiledMigration, Statement } from './statement.ts'
import { newerSchema } from './store-error.ts'

/** The first half of every advisory lock of this package: `airl`. Others may use locks of their own. */
const LOCK_SPACE = 0x61_69_72_6c

/** Rebuilding a large table takes its time, and so does waiting for another process that does. */
const MIGRATION_TIMEOUT_MS = 600_000

/** The two numbers of the lock that whoever writes to a schema holds. */
export function lockKeys(schema: string): string {
  return `${LOCK_SPACE}, ${crc32(schema) | 0}`
}

/**
 * Brings a schema up to date, in one transaction and under the lock of those who write. Several processes
 * may start at once.
 *
 * @returns Why this version of the package must not use the schema; `null` when it may.
 */
export async function migrate(
  client: PoolClient,
  schema: string,
  migrations: readonly CompiledMigration[],
): Promise<ConfigurationError | null> {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE')
  try {
    await client.query('SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0')
    const lock = `SELECT pg_advisory_xact_lock(${lockKeys(schema)})`
    await client.query(patiently({ sql: lock, parameters: [] }))
    const current = await versionOf(client, schema)
    if (current > migrations.length) {
      await client.query('ROLLBACK')
      return newerSchema(current, migrations.length)
    }
    for (const { version, statements } of migrations) {
      if (version <= current) continue
      for (const statement of statements) await client.query(patiently(statement))
      await runStatement(client, {
        sql: 'INSERT INTO airlock_schema (version) VALUES ($1)',
        parameters: [version],
      })
    }
    await client.query('COMMIT')
    return null
  } catch (error) {
    // A connection that is lost has rolled back already.
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

async function versionOf(client: PoolClient, schema: string): Promise<number> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])
  // Only when missing: whoever may not create schemas may still be given one.
  if (rowCount === 0) await client.query(`CREATE SCHEMA "${schema}"`)
  const known = await client.query("SELECT to_regclass('airlock_schema') AS name")
  if (known.rows[0]?.name === null) {
    await client.query('CREATE TABLE airlock_schema (version integer PRIMARY KEY)')
  }
  const { rows } = await client.query('SELECT max(version) AS version FROM airlock_schema')
  return Number(rows[0]?.version ?? 0)
}

function patiently({ sql, parameters }: Statement): QueryConfig & { query_timeout: number } {
  const values = parameters.map(toParameter)
  return { text: sql, values, query_timeout: MIGRATION_TIMEOUT_MS }
}
