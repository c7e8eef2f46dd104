import fc from 'fast-check'
import type { Client } from 'pg'
import { lexSql } from '../../../../harness/policy/sql/sql-lexer.ts'
import type { SqlReading } from '../../../../harness/policy/sql/sql-verdict.ts'
import { SqliteWitness } from '../../../../harness/policy/sql/sqlite-witness.ts'
import { judgeFor, rulesWith } from './judge-for-test.ts'
import { type GrammarSchema, statements } from './statement-grammar.ts'

/** How a comparison went. */
export interface DifferentialReport {
  /** Statements that the engine accepts. */
  readonly accepted: number
  /** Verdicts that allowed one of them, without and with a schema, and so were compared. */
  readonly compared: number
  /** Statements that touch more than was believed, with what. */
  readonly counterexamples: readonly string[]
}

const TABLES: GrammarSchema['tables'] = {
  customers: { id: 'int', name: 'text', city: 'text', ssn: 'text' },
  orders: { id: 'int', customer_id: 'int', status: 'text', note: 'text' },
  products: { id: 'int', name: 'text', category: 'text' },
  carts: { id: 'int', customer_id: 'int', product_id: 'int', qty: 'int' },
  employees: { id: 'int', name: 'text', dept: 'text', manager_id: 'int', salary: 'int' },
}
// PostgreSQL lets rows be counted by whoever may read any one column; this one is never named.
const PAD = 'pad'
const WRITABLE = ['carts', 'customers']

const schema = Object.fromEntries(
  Object.entries(TABLES).map(([table, columns]) => [table, [...Object.keys(columns), PAD]]),
)

/** The tables that generated statements are about, as SQL. */
export const CREATE_TABLES: string = Object.entries(TABLES)
  .map(([table, columns]) => {
    const list = Object.entries(columns).map(([name, type]) =>
      name === 'id' ? 'id integer PRIMARY KEY' : `${name} ${type === 'int' ? 'integer' : 'text'}`,
    )
    return `CREATE TABLE ${table} (${list.join(', ')}, ${PAD} integer)`
  })
  .join(';')

/** Runs a comparison over so many statements; tells the first few counterexamples. */
export async function compare(
  dialect: GrammarSchema['dialect'],
  observe: (sql: string) => Promise<Observe | null>,
  options: { readonly count: number; readonly seed: number },
): Promise<DifferentialReport> {
  const judges = [
    await judgeFor(dialect, rulesWith()),
    await judgeFor(dialect, rulesWith({ schema })),
  ]
  const grammar = { tables: TABLES, writable: WRITABLE, dialect }
  const sample = fc.sample(statements(grammar), { numRuns: options.count, seed: options.seed })
  let accepted = 0
  let compared = 0
  const counterexamples: string[] = []
  for (const sql of sample) {
    const touchedBeyond = await observe(sql)
    if (touchedBeyond === null) continue
    accepted += 1
    for (const judge of judges) {
      const reading = judge(sql)
      const problem = await touchedBeyond(reading)
      if (reading.verdict.decision === 'allow') compared += 1
      if (problem !== null && counterexamples.length < 10)
        counterexamples.push(`${problem}: ${sql}`)
    }
  }
  return { accepted, compared, counterexamples }
}

/** What an engine touched beyond what a reading believes; null when nothing. */
export type Observe = (reading: SqlReading) => Promise<string | null>

/** What SQLite's authorizer reports for a statement; null when SQLite does not accept it. */
export function observeSqlite(): (sql: string) => Promise<Observe | null> {
  const witness = new SqliteWitness(schema)
  return async (sql) => {
    let testimony: ReturnType<SqliteWitness['testify']>
    try {
      testimony = witness.testify(sql, lexSql(sql, 'sqlite').tokens)
    } catch {
      return null
    }
    return async ({ verdict, objections }) => {
      if (verdict.decision === 'deny') {
        const isDifferent = objections.some(({ message }) => message.includes('differently'))
        return isDifferent ? 'SQLite reads it differently' : null
      }
      const knows = (table: string, column: string) =>
        column === '' ||
        column === 'rowid' ||
        verdict.columns.includes(`${table}.${column}`) ||
        verdict.columns.includes(`${table}.*`)
      const tables = new Set([...verdict.tables.read, ...verdict.tables.written])
      for (const { table, column, isStored } of testimony.reads) {
        if (isStored && !(tables.has(table) && knows(table, column)))
          return `${table}.${column} read`
      }
      for (const { table, column } of testimony.writes) {
        if (!(verdict.tables.written.includes(table) && knows(table, column)))
          return `${table}.${column} written`
      }
      return null
    }
  }
}

/**
 * Lets PostgreSQL plan a statement for a role that has exactly the rights which a reading believes to be
 * enough, and compares the relations of the plan.
 */
export function observePostgresql(
  client: Client,
  role: string,
): (sql: string) => Promise<Observe | null> {
  return async (sql) => {
    if ((await explain(client, sql)).error !== undefined) return null
    return async ({ verdict, touched }) => {
      if (verdict.decision === 'deny') return null
      const believed = new Set([...touched.tables.read, ...touched.tables.written])
      const { relations, error } = await explain(client, sql, [
        ...grantsFor(touched, role),
        `SET LOCAL ROLE ${role}`,
      ])
      if (error !== undefined) return error
      return relations.find((relation) => !believed.has(relation)) ?? null
    }
  }
}

function grantsFor({ tables, columns, action }: SqlReading['touched'], role: string): string[] {
  const grants: string[] = []
  for (const table of tables.read) {
    grants.push(`GRANT SELECT (${columnsOf(table, columns.read)}) ON ${table} TO ${role}`)
    // A lock needs the right to update some column.
    if (action === 'write') grants.push(`GRANT UPDATE (${PAD}) ON ${table} TO ${role}`)
  }
  for (const table of tables.written) {
    const list = columnsOf(table, columns.written)
    grants.push(`GRANT INSERT (${list}), UPDATE (${list}), DELETE ON ${table} TO ${role}`)
  }
  return grants
}

function columnsOf(table: string, columns: readonly string[]): string {
  const existing = schema[table] ?? []
  // Without a schema a name is believed to be of every table that could have it.
  const own = existing.filter(
    (column) => columns.includes(`${table}.${column}`) || columns.includes(`${table}.*`),
  )
  return [...new Set([PAD, ...own])].join(', ')
}

async function explain(
  client: Client,
  sql: string,
  before: readonly string[] = [],
): Promise<{ relations: readonly string[]; error?: string }> {
  const plan = `EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) ${sql}`
  try {
    const answer: unknown = await client.query(['BEGIN', ...before, plan, 'ROLLBACK'].join(';'))
    return { relations: relationsOf(answer) }
  } catch (error) {
    await client.query('ROLLBACK')
    return { relations: [], error: error instanceof Error ? error.message : 'failed' }
  }
}

/** Every relation of a plan, wherever it stands in the answer. */
function relationsOf(answer: unknown): string[] {
  const text = JSON.stringify(answer, (key, value: unknown) => (key === '_types' ? null : value))
  return [...text.matchAll(/"Relation Name":"([^"]*)"/g)].map((match) => match[1] ?? '')
}
