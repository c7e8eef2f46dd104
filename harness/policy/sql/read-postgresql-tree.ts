import { PostgresqlExpressions, type TreeOptions } from './postgresql-expressions.ts'
import { PostgresqlSources } from './postgresql-sources.ts'
import { PostgresqlWrites } from './postgresql-writes.ts'
import {
  type CommonTable,
  plainQuery,
  type Query,
  type Statement,
  type Write,
} from './sql-statement.ts'
import { SqlRefusal } from './sql-verdict.ts'
import { asNode, expectOnly, list, type Node, refused, unwrap } from './tree-node.ts'

/**
 * Turns the tree of PostgreSQL's own grammar into a {@link Statement}. Every kind of node and every
 * field that is not known to be harmless is refused.
 *
 * @throws {SqlRefusal} The statement has something that is not understood or not allowed.
 */
export function readPostgresqlTree(tree: unknown, options: TreeOptions): Statement {
  const statements = list(asNode(tree)['stmts'])
  const [only] = statements
  if (only === undefined || statements.length > 1) throw refused('one statement was expected')
  const query = new TreeReader(options).query(asNode(asNode(only)['stmt']))
  options.names.expectAllSeen()
  return { kind: 'query', query }
}

class TreeReader {
  readonly #expressions: PostgresqlExpressions
  readonly #sources: PostgresqlSources
  readonly #writes: PostgresqlWrites

  constructor(options: TreeOptions) {
    const readQuery = (node: Node) => this.query(node)
    this.#expressions = new PostgresqlExpressions(options, readQuery)
    this.#sources = new PostgresqlSources(this.#expressions, readQuery)
    this.#writes = new PostgresqlWrites({
      expressions: this.#expressions,
      sources: this.#sources,
      readQuery,
      hasConflictClause: options.hasConflictClause,
    })
  }

  query(wrapped: Node): Query {
    const [kind, node] = unwrap(wrapped)
    switch (kind) {
      case 'SelectStmt':
        return this.#select(node)
      case 'InsertStmt':
        return this.#written(node, this.#writes.insert(node))
      case 'UpdateStmt':
        return this.#written(node, this.#writes.update(node))
      case 'DeleteStmt':
        return this.#written(node, this.#writes.delete(node))
      case 'MergeStmt':
        return this.#written(node, this.#writes.merge(node))
      default:
        throw refused('this kind of statement')
    }
  }

  #select(node: Node): Query {
    const known =
      'targetList fromClause whereClause groupClause groupDistinct havingClause windowClause sortClause ' +
      'limitCount limitOffset limitOption lockingClause withClause distinctClause valuesLists op all larg ' +
      'rarg intoClause'
    expectOnly(node, known)
    if (node['intoClause'] !== undefined) throw new SqlRefusal('ddl', 'SELECT INTO creates a table')
    return {
      ...this.#with(node),
      body: this.#body(node),
      order: list(node['sortClause']).map((item) =>
        this.#expressions.term(asNode(asNode(item)['SortBy'])['node']),
      ),
      limits: [
        ...this.#expressions.expression(node['limitCount']),
        ...this.#expressions.expression(node['limitOffset']),
      ],
      locks: this.#locks(node),
    }
  }

  #body(node: Node): Query['body'] {
    if (node['op'] !== undefined && node['op'] !== 'SETOP_NONE') {
      return {
        kind: 'set',
        left: this.#select(asNode(node['larg'])),
        right: this.#select(asNode(node['rarg'])),
      }
    }
    if (node['valuesLists'] !== undefined) {
      return { kind: 'values', rows: this.#expressions.expression(node['valuesLists']) }
    }
    return {
      kind: 'select',
      output: list(node['targetList']).map((item) => this.#expressions.output(item)),
      from: this.#sources.source(list(node['fromClause'])),
      filter: [
        ...this.#expressions.expression(node['whereClause']),
        // `DISTINCT` alone is a list with one empty node.
        ...list(node['distinctClause']).flatMap((item) =>
          Object.keys(asNode(item)).length === 0 ? [] : this.#expressions.expression(item),
        ),
        ...this.#expressions.expression(node['windowClause']),
      ],
      group: list(node['groupClause']).map((item) => this.#expressions.term(item)),
      having: this.#expressions.expression(node['havingClause']),
    }
  }

  #with(node: Node): Pick<Query, 'commonTables' | 'isRecursive'> {
    if (node['withClause'] === undefined) return { commonTables: [], isRecursive: false }
    const clause = asNode(node['withClause'])
    expectOnly(clause, 'ctes recursive location')
    return {
      commonTables: list(clause['ctes']).map((item) => this.#commonTable(item)),
      isRecursive: clause['recursive'] === true,
    }
  }

  #commonTable(item: unknown): CommonTable {
    const node = asNode(asNode(item)['CommonTableExpr'])
    expectOnly(node, 'ctename aliascolnames ctematerialized ctequery location')
    return {
      name: this.#expressions.name(node['ctename']),
      columnAliases: this.#expressions.nameList(node['aliascolnames']),
      query: this.query(asNode(node['ctequery'])),
    }
  }

  #locks(node: Node): Query['locks'] {
    const clauses = list(node['lockingClause']).map((item) => asNode(asNode(item)['LockingClause']))
    if (clauses.length === 0) return 'none'
    if (clauses.some((clause) => clause['lockedRels'] === undefined)) return 'all'
    return clauses.flatMap((clause) =>
      list(clause['lockedRels']).map((item) =>
        this.#expressions.name(asNode(asNode(item)['RangeVar'])['relname']),
      ),
    )
  }

  #written(node: Node, write: Write): Query {
    return { ...plainQuery({ kind: 'write', write }), ...this.#with(node) }
  }
}
