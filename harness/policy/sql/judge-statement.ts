import { loadModule, parseSync } from 'libpg-query'
import nodeSqlParser from 'node-sql-parser/build/mysql.js'
import { Catalogue } from './catalogue.ts'
import { maskMysql, maskSqlite } from './mask-tokens.ts'
import { ORIGINAL_NAMES } from './names.ts'
import { readDefinition } from './read-definition.ts'
import { readMysqlTree } from './read-mysql-tree.ts'
import { readPostgresqlTree } from './read-postgresql-tree.ts'
import { NameResolver } from './resolve-names.ts'
import { passGate } from './sql-gate.ts'
import type { Token } from './sql-lexer.ts'
import type { Query, Statement } from './sql-statement.ts'
import { deniedOutright, type SqlQuestion, SqlRefusal, type SqlVerdict } from './sql-verdict.ts'
import { SqliteWitness } from './sqlite-witness.ts'
import { StatementShape } from './statement-shape.ts'

const mysqlParser = new nodeSqlParser.Parser()

/**
 * Judges one SQL text: gate, grammar, names, and for SQLite the engine's own word. To be called only
 * where it can be killed: node-sql-parser has inputs that take minutes or exhaust the heap.
 */
export async function judgeStatement(question: SqlQuestion): Promise<SqlVerdict> {
  await loadModule()
  try {
    return judge(question)
  } catch (error) {
    if (error instanceof SqlRefusal) return deniedOutright(error.reason, error.message)
    throw error
  }
}

function judge({ sql, dialect, rules }: SqlQuestion): SqlVerdict {
  const { tokens, kind } = passGate(sql, dialect, rules.denyDdl)
  const catalogue = new Catalogue(dialect, rules)
  const shape = new StatementShape(catalogue)
  const statement =
    kind === 'query' ? readQuery(sql, tokens, dialect) : readDdl(sql, tokens, dialect)
  new NameResolver(catalogue, shape).statement(statement)
  const isAllowed = shape.verdict().decision === 'allow'
  if (isAllowed && dialect === 'sqlite' && kind === 'query' && rules.schema !== null) {
    hearSqlite(sql, tokens, rules.schema, shape, catalogue)
  }
  return shape.verdict()
}

function readDdl(
  sql: string,
  tokens: readonly Token[],
  dialect: SqlQuestion['dialect'],
): Statement {
  const { targets, columns, query } = readDefinition(tokens, dialect)
  if (query === null) return { kind: 'definition', targets, columns, query }
  const [first] = query
  const inner = readQuery(sql.slice(first?.start), query, dialect)
  if (inner.kind !== 'query' || hasWrite(inner.query)) {
    throw new SqlRefusal('unparseable', 'Only a query can define a table or view')
  }
  return { kind: 'definition', targets, columns, query: inner.query }
}

function hasWrite(query: Query): boolean {
  return query.body.kind === 'write'
}

function readQuery(
  sql: string,
  tokens: readonly Token[],
  dialect: SqlQuestion['dialect'],
): Statement {
  switch (dialect) {
    case 'postgresql': {
      const tree = parsePostgresql(sql)
      const options = { names: ORIGINAL_NAMES, isTypePosition: null, hasConflictClause: false }
      return readPostgresqlTree(tree, options)
    }
    case 'sqlite': {
      const { text, names, isAfterAs, hasConflictClause } = maskSqlite(tokens)
      const options = { names, isTypePosition: isAfterAs, hasConflictClause }
      return readPostgresqlTree(parsePostgresql(text), options)
    }
    case 'mysql': {
      const { text, names, hasNaturalJoin } = maskMysql(tokens)
      return readMysqlTree(parseMysql(text), names, hasNaturalJoin)
    }
  }
}

function parsePostgresql(sql: string): unknown {
  try {
    return parseSync(sql)
  } catch (error) {
    if (error instanceof Error && error.name === 'SqlError') throw notParsed()
    throw error
  }
}

function parseMysql(sql: string): unknown {
  try {
    return mysqlParser.astify(sql, { database: 'mysql' })
  } catch (error) {
    if (error instanceof Error && error.name === 'SyntaxError') throw notParsed()
    throw error
  }
}

function notParsed(): SqlRefusal {
  return new SqlRefusal('unparseable', 'This is not a statement of the dialect that can be judged')
}

/** The operators that SQLite reports as functions. */
const OPERATORS: ReadonlySet<string> = new Set(['->', '->>'])

/** Whatever SQLite uses beyond what was understood is an objection, also when the policy permits it. */
function hearSqlite(
  sql: string,
  tokens: readonly Token[],
  schema: { readonly [table: string]: readonly string[] },
  shape: StatementShape,
  catalogue: Catalogue,
): void {
  const disagree = () =>
    shape.object('unparseable', 'SQLite itself reads this statement differently')
  const witness = new SqliteWitness(schema)
  try {
    const { reads, writes, functions, doesMore } = witness.testify(sql, tokens)
    const { tablesRead, tablesWritten, columns } = shape
    const isUnderstood = ([table, column]: readonly [string, string]) =>
      shape.functions.has(table) ||
      ((tablesRead.has(table) || tablesWritten.has(table)) &&
        (column === '' ||
          columns.has(`${table}.${column}`) ||
          columns.has(`${table}.*`) ||
          (column === 'rowid' && catalogue.restrictedColumnsOf(table).length === 0)))
    if (doesMore || !reads.every(isUnderstood)) disagree()
    if (!writes.every((table) => tablesWritten.has(table))) disagree()
    for (const name of functions) if (!OPERATORS.has(name)) shape.call([name])
  } catch {
    shape.object('unparseable', 'SQLite does not accept this statement on the schema of the policy')
  } finally {
    witness.close()
  }
}
