import { parseSync } from 'libpg-query'
import nodeSqlParser from 'node-sql-parser/build/mysql.js'
import type { SqlDialect } from '../../sandbox/tool-host.ts'
import { maskMysql } from './mask-mysql.ts'
import { maskMysqlAsPostgresql } from './mask-mysql-as-postgresql.ts'
import { maskSqlite } from './mask-sqlite.ts'
import { ORIGINAL_NAMES } from './names.ts'
import { readDefinition } from './read-definition.ts'
import { readMysqlTree } from './read-mysql-tree.ts'
import { readPostgresqlTree } from './read-postgresql-tree.ts'
import type { GatedSql } from './sql-gate.ts'
import type { Token } from './sql-lexer.ts'
import type { Statement } from './sql-statement.ts'
import { SqlRefusal } from './sql-verdict.ts'

const mysqlParser = new nodeSqlParser.Parser()

/**
 * Reads a text that the gate let through by the grammar of its dialect.
 *
 * @throws {SqlRefusal} `unparseable`, or what the statement does that is never allowed.
 */
export function readStatement(
  sql: string,
  tokens: readonly Token[],
  { dialect, kind }: { readonly dialect: SqlDialect; readonly kind: GatedSql['kind'] },
): Statement {
  return kind === 'query' ? readQuery(sql, tokens, dialect) : readDdl(sql, tokens, dialect)
}

/**
 * Reads a MySQL query a second time, by PostgreSQL's grammar. What is written is only in the first reading.
 *
 * @throws {SqlRefusal} `unparseable`.
 */
export function readMysqlAgain(tokens: readonly Token[]): Statement {
  const { text, names, isAfterAs } = maskMysqlAsPostgresql(tokens)
  const options = { names, isTypePosition: isAfterAs, hasConflictClause: false }
  return readPostgresqlTree(parsePostgresql(text), options)
}

function readDdl(sql: string, tokens: readonly Token[], dialect: SqlDialect): Statement {
  const { targets, columns, query } = readDefinition(tokens, dialect)
  if (query === null) return { kind: 'definition', targets, columns, query }
  const [first] = query
  const inner = readQuery(sql.slice(first?.start), query, dialect)
  if (inner.kind !== 'query' || inner.query.body.kind === 'write') {
    throw new SqlRefusal('unparseable', 'Only a query can define a table or view')
  }
  return { kind: 'definition', targets, columns, query: inner.query }
}

function readQuery(sql: string, tokens: readonly Token[], dialect: SqlDialect): Statement {
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
