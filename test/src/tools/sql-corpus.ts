import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { AccessList, type SqlAccess } from '../../../src/tools/sql-access.ts'
import { type SqlTool, type SqlToolOptions, sqlTool } from '../../../src/tools/sql-tool.ts'

/** One statement of the corpus, with what a policy must say of it. */
export interface CorpusCase {
  readonly id: string
  readonly dialect: 'postgresql' | 'mysql' | 'sqlite'
  readonly policy: SqlAccess & { readonly maxRows?: number }
  readonly sql: string
  readonly params?: readonly (string | number)[] | { readonly [name: string]: string | number }
  readonly expect: 'allow' | 'deny'
  readonly reason_code?: string
  readonly technique: string
  readonly rows?: { readonly total: number; readonly delivered: number }
}

/** The corpus on a real engine: a tool for a policy, its lists given as `access`. */
export interface CorpusDatabase {
  open(entry: CorpusCase, mode: 'read' | 'read-write'): Promise<SqlTool>
  close(): Promise<void>
}

const corpus = new URL('../../corpus/', import.meta.url)

/** Reads the cases of one dialect. */
export function corpusCases(dialect: CorpusCase['dialect']): readonly CorpusCase[] {
  const lines = readFileSync(new URL('sql-policy.jsonl', corpus), 'utf8').trim().split('\n')
  return lines.map((line): CorpusCase => JSON.parse(line)).filter((c) => c.dialect === dialect)
}

function fixture(dialect: string): string {
  return readFileSync(new URL(`sql-policy.fixture.${dialect}.sql`, corpus), 'utf8')
}

function accessOf({ policy }: CorpusCase): SqlAccess {
  const { readableTables, writableTables = [], restrictedColumns = [] } = policy
  return { readableTables, writableTables, restrictedColumns }
}

/** Opens one tool for each policy and mode. */
function onePerPolicy(
  make: (
    entry: CorpusCase,
    common: Pick<SqlToolOptions, 'name' | 'mode' | 'access'>,
  ) => Promise<SqlTool>,
): Pick<CorpusDatabase, 'open'> & { closeAll(): Promise<void> } {
  const tools = new Map<string, Promise<SqlTool>>()
  return {
    open(entry, mode) {
      const key = JSON.stringify([entry.policy, mode])
      const { maxRows: maxResultRows = 10_000 } = entry.policy
      const common = { name: 'sql', mode, access: accessOf(entry), maxResultRows }
      const tool = tools.get(key) ?? make(entry, common)
      tools.set(key, tool)
      return tool
    },
    async closeAll() {
      for (const tool of tools.values()) await (await tool).close()
    },
  }
}

/** The corpus on SQLite. */
export async function openSqliteCorpus(): Promise<CorpusDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'sql-corpus-'))
  const file = join(folder, 'corpus.db')
  const database = new DatabaseSync(file)
  database.exec(fixture('sqlite'))
  database.close()
  const { open, closeAll } = onePerPolicy(async (_entry, common) =>
    sqlTool({ dialect: 'sqlite', database: file, ...common }),
  )
  return {
    open,
    async close() {
      await closeAll()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The corpus in a PostgreSQL database of its own, with a role for each policy, all gone after `close`. */
export async function openPostgresqlCorpus(url: string): Promise<CorpusDatabase> {
  const name = `airlock_corpus_${randomBytes(6).toString('hex')}`
  const root = new Client({ connectionString: url })
  await root.connect()
  await root.query(`CREATE DATABASE ${name}`)
  const place = new URL(url)
  place.pathname = `/${name}`
  const owner = new Client({ connectionString: place.href })
  await owner.connect()
  await owner.query(fixture('postgresql'))
  const roles = new Map<string, string>()
  const { open, closeAll } = onePerPolicy(async (entry, common) => {
    const key = JSON.stringify(entry.policy)
    const role = roles.get(key) ?? `${name}_${roles.size}`
    if (!roles.has(key)) await grant(owner, role, accessOf(entry))
    roles.set(key, role)
    const login = new URL(place)
    login.username = role
    return sqlTool({ dialect: 'postgresql', database: login, ...common })
  })
  return {
    open,
    async close() {
      await closeAll()
      await owner.end()
      await root.query(`DROP DATABASE ${name} WITH (FORCE)`)
      for (const role of roles.values()) await root.query(`DROP ROLE ${role}`)
      await root.end()
    },
  }
}

const COLUMNS = `SELECT n.nspname AS schema, c.relname AS name, a.attname AS column
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attnum > 0 AND c.relkind IN ('r', 'v') AND n.nspname IN ('public', 'reporting', 'private')`

/** Grants a new role the columns that a policy lets through. */
async function grant(owner: Client, role: string, access: SqlAccess): Promise<void> {
  const list = new AccessList(access, { defaultSchema: 'public', foldsCase: false })
  await owner.query(`CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA public, reporting TO ${role}`)
  const { rows } = await owner.query(COLUMNS)
  for (const { schema, name, column } of rows) {
    if (list.isRestricted(schema, name, column)) continue
    const table = `${owner.escapeIdentifier(schema)}.${owner.escapeIdentifier(name)}`
    const quoted = owner.escapeIdentifier(column)
    if (list.mayRead(schema, name))
      await owner.query(`GRANT SELECT (${quoted}) ON ${table} TO ${role}`)
    if (!list.mayWrite(schema, name)) continue
    await owner.query(`GRANT INSERT (${quoted}), UPDATE (${quoted}) ON ${table} TO ${role};
      GRANT DELETE, TRUNCATE ON ${table} TO ${role}`)
  }
}
