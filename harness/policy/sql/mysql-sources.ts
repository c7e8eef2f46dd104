import type { MysqlExpressions } from './mysql-expressions.ts'
import { EMPTY_SOURCE, type Query, type Relation, type Source } from './sql-statement.ts'
import { asNode, expectOnly, joined, list, type Node, refused } from './tree-node.ts'

/** Reads what node-sql-parser's tree has in a FROM clause. */
export class MysqlSources {
  readonly #expressions: MysqlExpressions
  readonly #readQuery: (node: Node) => Query
  readonly #hasNaturalJoin: boolean

  constructor(
    expressions: MysqlExpressions,
    readQuery: (node: Node) => Query,
    hasNaturalJoin: boolean,
  ) {
    this.#expressions = expressions
    this.#readQuery = readQuery
    this.#hasNaturalJoin = hasNaturalJoin
  }

  /** A FROM clause, or the tables of an UPDATE. */
  source(value: unknown): Source {
    if (value == null) return EMPTY_SOURCE
    const items = Array.isArray(value) ? value : [value]
    const source = items.map((item) => this.#sourceItem(asNode(item))).reduce(joined, EMPTY_SOURCE)
    // Which of the joins it was does not show in the tree, so all of them count as natural.
    return { ...source, isNatural: this.#hasNaturalJoin && source.relations.length > 1 }
  }

  #sourceItem(node: Node): Source {
    if (node['type'] === 'dual') return EMPTY_SOURCE
    expectOnly(node, 'db table as join on using expr prefix parentheses joins addition')
    const inner = this.#sourceOf(node)
    const using = list(node['using']).map((item) =>
      this.#expressions.name(typeof item === 'string' ? item : asNode(item)['value']),
    )
    return joined(inner, {
      relations: [],
      conditions: this.#expressions.expression(node['on']),
      usingColumns: using,
      isNatural: false,
    })
  }

  #sourceOf(node: Node): Source {
    const expr = node['expr']
    const alias = node['as'] == null ? null : this.#expressions.name(node['as'])
    if (expr === undefined) return { ...EMPTY_SOURCE, relations: [this.table(node)] }
    if (Array.isArray(expr)) {
      if (alias !== null) throw refused('an alias of a join')
      return joined(this.source(expr), this.source(node['joins'] ?? null))
    }
    if (list(node['joins']).length > 0) throw refused('this kind of join')
    const inner = asNode(expr)
    if (inner['ast'] === undefined && inner['type'] !== 'select')
      throw refused('this kind of relation')
    const relation: Relation = {
      kind: 'derived',
      query: this.#readQuery(inner),
      alias: alias,
      columnAliases: null,
      isLateral: /^lateral$/i.test(String(node['prefix'] ?? '')),
    }
    return { ...EMPTY_SOURCE, relations: [relation] }
  }

  /** A table that is named. */
  table(node: Node): Extract<Relation, { kind: 'table' }> {
    const parts = [node['db'], node['table']].filter((part) => part != null)
    return {
      kind: 'table',
      path: parts.map((part) => this.#expressions.name(part)),
      alias: node['as'] == null ? null : this.#expressions.name(node['as']),
      columnAliases: null,
    }
  }
}
