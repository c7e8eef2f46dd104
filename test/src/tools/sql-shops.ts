import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import type { JsonObject, ToolContext } from '../../../harness/index.ts'
import type { SqlAccess } from '../../../src/tools/sql-access.ts'
import type { SqlMode } from '../../../src/tools/sql-source.ts'
import {
  type PostgresqlToolOptions,
  type SqliteToolOptions,
  type SqlTool,
  sqlTool,
} from '../../../src/tools/sql-tool.ts'

/** Options of a tool on a shop, whichever the dialect. */
export type ShopOptions = Partial<Omit<SqliteToolOptions, 'dialect' | 'database' | 'name'>>

/** A database with the same rows in every dialect. */
export interface Shop {
  readonly dialect: 'sqlite' | 'postgresql'
  /** A tool that may do what `access` says, and is closed with the shop. */
  open(options?: ShopOptions): SqlTool
  /** Asks the one tool of a mode that is limited to `ACCESS`: every child process costs time. */
  ask(mode: SqlMode, query: string, params?: JsonObject['params']): Promise<unknown>
  /** Runs statements as the owner, behind every wall. */
  admin(sql: string): Promise<readonly JsonObject[]>
  /** A placeholder, counted from 1. */
  placeholder(index: number): string
  close(): Promise<void>
}

/** The same lists as in the policy of the corpus tests, cut down. */
export const ACCESS: SqlAccess = {
  readableTables: ['customers', 'orders', 'customer_names', 'guesses', 'log'],
  writableTables: ['log', 'customers'],
  restrictedColumns: ['customers.ssn'],
}

/** What a statement that was refused rejects with. */
export const failed = { code: 'ERR_TOOL_FAILED' } as const

const SCHEMA = `
  CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT, ssn TEXT UNIQUE);
  INSERT INTO customers VALUES (1, 'Ada', '000-1'), (2, 'Bob', '000-2');
  CREATE TABLE orders(id INTEGER PRIMARY KEY, customer_id INTEGER, total INTEGER, note TEXT);
  INSERT INTO orders VALUES (1, 1, 100, 'first'), (2, 2, 250, NULL), (3, 1, 50, 'third');
  CREATE TABLE secrets(id INTEGER, value TEXT);
  INSERT INTO secrets VALUES (1, 'swordfish');
  CREATE TABLE guesses(ssn TEXT, value TEXT);
  INSERT INTO guesses VALUES ('000-1', 'swordfish');
  CREATE TABLE log(line TEXT NOT NULL);
  CREATE VIEW customer_names AS SELECT id, name FROM customers WHERE ssn IS NOT NULL;
  CREATE VIEW secret_values AS SELECT value FROM secrets;
`

const context: ToolContext = {
  seq: 0,
  runId: 'run-1',
  requester: null,
  idempotencyKey: 'key-1',
  signal: new AbortController().signal,
}

/** Calls a tool as the gate would. */
export function ask(
  tool: SqlTool,
  query: string,
  params?: JsonObject['params'],
  more: Partial<ToolContext> = {},
): Promise<unknown> {
  const argument = params === undefined ? { query } : { query, params }
  return tool.run(argument, { ...context, ...more })
}

/** Opens one tool for each mode, at its first use. */
function askShared(open: (options: ShopOptions) => SqlTool): Shop['ask'] {
  const tools = new Map<SqlMode, SqlTool>()
  return (mode, query, params) => {
    const tool = tools.get(mode) ?? open({ mode, access: ACCESS })
    tools.set(mode, tool)
    return ask(tool, query, params)
  }
}

/** Makes a file in a folder of its own. */
export function openSqliteShop(): Shop & { readonly file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sql-shop-'))
  const file = join(folder, 'shop.db')
  const owner = new DatabaseSync(file)
  owner.exec(`PRAGMA journal_mode = WAL; ${SCHEMA}`)
  const tools: SqlTool[] = []
  const open = (options: ShopOptions = {}) => {
    const tool = sqlTool({ name: 'sql', dialect: 'sqlite', database: file, ...options })
    tools.push(tool)
    return tool
  }
  return {
    dialect: 'sqlite',
    file,
    open,
    ask: askShared(open),
    admin: async (sql) =>
      owner
        .prepare(sql)
        .all()
        .map((row) => ({ ...row }) as JsonObject),
    placeholder: () => '?',
    async close() {
      await Promise.all(tools.map((tool) => tool.close()))
      owner.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** A shop in a schema of its own, with roles that are granted what `ACCESS` says. */
export interface PostgresqlShop extends Shop {
  readonly schema: string
  readonly reader: string
  readonly writer: string
  /** The URL of a login. */
  urlOf(role: string): string
  openAs(options: Partial<PostgresqlToolOptions>): SqlTool
}

/** Makes a schema and two roles with random names on a server, all gone after `close`. */
export async function openPostgresqlShop(url: string): Promise<PostgresqlShop> {
  const schema = `airlock_${randomBytes(6).toString('hex')}`
  const [reader, writer] = [`${schema}_reader`, `${schema}_writer`]
  const owner = new Client({ connectionString: url })
  await owner.connect()
  await owner.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}; ${SCHEMA}
    CREATE ROLE ${reader} LOGIN; CREATE ROLE ${writer} LOGIN;
    GRANT USAGE ON SCHEMA ${schema} TO ${reader}, ${writer};
    GRANT SELECT (id, name) ON customers TO ${reader}, ${writer};
    GRANT SELECT ON orders, customer_names, guesses, log TO ${reader}, ${writer};
    GRANT INSERT, UPDATE, DELETE ON log TO ${writer};
    GRANT INSERT (id, name), UPDATE (name), DELETE ON customers TO ${writer}`)
  const tools: SqlTool[] = []
  const urlOf = (role: string) => {
    const login = new URL(url)
    login.username = role
    return login.href
  }
  const openAs = (options: Partial<PostgresqlToolOptions>) => {
    const role = options.mode === 'read-write' ? writer : reader
    const tool = sqlTool({
      name: 'sql',
      dialect: 'postgresql',
      database: urlOf(role),
      defaultSchema: schema,
      ...options,
    })
    tools.push(tool)
    return tool
  }
  return {
    dialect: 'postgresql',
    schema,
    reader,
    writer,
    urlOf,
    openAs,
    open: (options = {}) => openAs(options),
    ask: askShared(openAs),
    admin: async (sql) => (await owner.query(sql)).rows,
    placeholder: (index) => `$${index}`,
    async close() {
      await Promise.all(tools.map((tool) => tool.close()))
      await owner.query(`DROP SCHEMA ${schema} CASCADE; DROP ROLE ${reader}, ${writer}`)
      await owner.end()
    },
  }
}
