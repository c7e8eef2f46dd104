import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import fc from 'fast-check'
import type { Client } from 'pg'
import { DataPolicy } from '../../../../harness/policy/data-policy.ts'
import { type GrammarSchema, statements } from './statement-grammar.ts'

const TABLES: GrammarSchema['tables'] = {
  customers: { id: 'int', tenant_id: 'text', name: 'text', ssn: 'text' },
  orders: { id: 'int', tenant_id: 'text', customer_id: 'int', note: 'text' },
  employees: { id: 'int', tenant_id: 'text', name: 'text', manager_id: 'int' },
  products: { id: 'int', name: 'text', category: 'text' },
  carts: { id: 'int', customer_id: 'int', product_id: 'int', qty: 'int' },
}
const FILTERED = ['customers', 'orders', 'employees']

const createTables = Object.entries(TABLES).map(([table, columns]) => {
  const list = Object.entries(columns).map(([name, type]) =>
    name === 'id' ? 'id integer PRIMARY KEY' : `${name} ${type === 'int' ? 'integer' : 'text'}`,
  )
  return `CREATE TABLE ${table} (${list.join(', ')})`
})

/** Rows of one tenant, or of nobody, with small numbers, so that joins across tenants would match. */
function rowsOf(tenant: string | null, firstId: number): string[] {
  return Object.entries(TABLES).flatMap(([table, columns]) => {
    if (FILTERED.includes(table) !== (tenant !== null)) return []
    return [0, 1, 2, 3].map((offset) => {
      const id = firstId + offset
      const values = Object.entries(columns).map(([name, type]) => {
        if (name === 'id') return id
        if (name === 'tenant_id') return `'${tenant}'`
        return type === 'int' ? (id * 5) % 8 : `'${['apple', 'berry', 'aloe', ''][id % 4]}'`
      })
      return `INSERT INTO ${table} VALUES (${values.join(', ')})`
    })
  })
}

/** Scripts for a database that two tenants share, and for one that has never seen the other. */
export const TENANT_DATABASES: { readonly shared: string; readonly own: string } = {
  own: [...createTables, ...rowsOf(null, 1), ...rowsOf('acme', 1)].join(';'),
  shared: [...createTables, ...rowsOf(null, 1), ...rowsOf('acme', 1), ...rowsOf('rival', 5)].join(
    ';',
  ),
}

// Cross joins of all tables have more rows than anybody needs to compare: such statements are left out.
const MAX_ROWS = 50_000
const TOO_MANY_ROWS = 'error: too many rows'

/** Runs a statement, undoes it, and tells its rows without an order, or its error. */
export type RunStatement = (sql: string, params: readonly unknown[]) => Promise<string>

/** How a comparison went. */
export interface RowReport {
  /** Statements that were narrowed and run on both databases. */
  readonly compared: number
  /** Those that the database accepts and the policy does not, by its reasons. */
  readonly denied: { readonly [reason: string]: number }
  readonly counterexamples: readonly string[]
}

/**
 * Runs narrowed statements on a database that two tenants share, and the statements as they were on one
 * that has never seen the other tenant: the answers must be the same.
 */
export async function compareRows(
  dialect: GrammarSchema['dialect'],
  run: { readonly shared: RunStatement; readonly own: RunStatement },
  options: { readonly count: number; readonly seed: number },
): Promise<RowReport> {
  const schema = Object.fromEntries(
    Object.entries(TABLES).map(([table, columns]) => [table, Object.keys(columns)]),
  )
  const conditions = Object.keys(TABLES).map((table) => {
    return [table, FILTERED.includes(table) ? 'tenant_id = :tenantId' : 'TRUE'] as const
  })
  const policy = new DataPolicy({
    readableTables: Object.keys(TABLES),
    writableTables: ['carts'],
    schema,
    rowFilter: Object.fromEntries(conditions),
  })
  const grammar = { tables: TABLES, writable: ['carts'], dialect, isDeterministic: true }
  const sample = fc.sample(statements(grammar), { numRuns: options.count, seed: options.seed })
  const requester = { userId: 'alice', roles: [], tenantId: 'acme' }
  let compared = 0
  const denied: Record<string, number> = {}
  const counterexamples: string[] = []
  for (const sql of sample) {
    const expected = await run.own(sql, [])
    if (expected.startsWith('error')) continue
    const rewritten = await policy.rewriteSql(sql, { dialect, requester })
    if (rewritten.decision === 'deny') {
      const reason = rewritten.objections[0]?.message.replace(/\b[a-z]+, the name/, '…, the name')
      denied[reason ?? ''] = (denied[reason ?? ''] ?? 0) + 1
      continue
    }
    compared += 1
    const seen = await run.shared(rewritten.sql, rewritten.params as readonly unknown[])
    if (seen !== expected && counterexamples.length < 5) {
      counterexamples.push(`${sql} gives ${seen.slice(0, 200)} and not ${expected.slice(0, 200)}`)
    }
  }
  await policy.close()
  return { compared, denied, counterexamples }
}

/** Runs statements on a SQLite database in memory. */
export function runOnSqlite(script: string): RunStatement {
  const database = new DatabaseSync(':memory:')
  database.exec(script)
  return async (sql, params) => {
    database.exec('BEGIN')
    try {
      const rows: string[] = []
      for (const row of database.prepare(sql).iterate(...(params as SQLInputValue[]))) {
        if (rows.push(JSON.stringify(Object.values(row))) > MAX_ROWS) return TOO_MANY_ROWS
      }
      return unordered(rows)
    } catch (error) {
      return `error ${error instanceof Error ? error.message : ''}`
    } finally {
      database.exec('ROLLBACK')
    }
  }
}

/** Runs statements on a PostgreSQL database that has the script in it. */
export function runOnPostgresql(client: Client): RunStatement {
  return async (sql, params) => {
    await client.query('BEGIN')
    try {
      await client.query('SET LOCAL statement_timeout = 2000')
      const { rows } = await client.query({ text: sql, values: [...params], rowMode: 'array' })
      if (rows.length > MAX_ROWS) return TOO_MANY_ROWS
      return unordered(rows.map((row) => JSON.stringify(row)))
    } catch (error) {
      return `error ${error instanceof Error ? error.message : ''}`
    } finally {
      await client.query('ROLLBACK')
    }
  }
}

function unordered(rows: string[]): string {
  return rows.sort().join('\n')
}
