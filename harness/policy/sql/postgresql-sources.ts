import type { PostgresqlExpressions } from './postgresql-expressions.ts'
import { EMPTY_SOURCE, type Query, type Relation, type Source } from './sql-statement.ts'
import { asNode, expectOnly, joined, list, type Node, refused, unwrap } from './tree-node.ts'

/** Reads what PostgreSQL's tree has in a FROM clause. */
export class PostgresqlSources {
  readonly #expressions: PostgresqlExpressions
  readonly #readQuery: (node: Node) => Query

  constructor(expressions: PostgresqlExpressions, readQuery: (node: Node) => Query) {
    this.#expressions = expressions
    this.#readQuery = readQuery
  }

  /** A FROM clause, or whatever else is joined to a target. */
  source(items: readonly unknown[]): Source {
    return items.map((item) => this.#sourceItem(item)).reduce(joined, EMPTY_SOURCE)
  }

  #sourceItem(item: unknown): Source {
    const [kind, node] = unwrap(asNode(item))
    if (kind === 'JoinExpr') return this.#join(node)
    return { ...EMPTY_SOURCE, relations: [this.#relation(kind, node)] }
  }

  #join(node: Node): Source {
    expectOnly(node, 'jointype larg rarg usingClause quals isNatural rtindex')
    const sides = joined(this.#sourceItem(node['larg']), this.#sourceItem(node['rarg']))
    return {
      relations: sides.relations,
      conditions: [...sides.conditions, ...this.#expressions.expression(node['quals'])],
      usingColumns: [
        ...sides.usingColumns,
        ...(this.#expressions.nameList(node['usingClause']) ?? []),
      ],
      isNatural: sides.isNatural || node['isNatural'] === true,
    }
  }

  #relation(kind: string, node: Node): Relation {
    if (kind === 'RangeVar') return this.table(node)
    if (kind === 'RangeTableSample') {
      expectOnly(node, 'relation method args repeatable location')
      const [inner, table] = unwrap(asNode(node['relation']))
      const harmless = [
        ...this.#expressions.expression(node['args']),
        ...this.#expressions.expression(node['repeatable']),
      ]
      if (inner !== 'RangeVar' || harmless.length > 0) throw refused('this TABLESAMPLE')
      return this.table(table)
    }
    const alias = this.#alias(node['alias'])
    if (kind === 'RangeSubselect') {
      expectOnly(node, 'lateral subquery alias')
      const query = this.#readQuery(asNode(node['subquery']))
      return { kind: 'derived', query, ...alias, isLateral: node['lateral'] === true }
    }
    if (kind !== 'RangeFunction') throw refused('this kind of relation')
    expectOnly(node, 'lateral ordinality functions alias coldeflist')
    const calls = list(node['functions']).map((item) => {
      const [call, ...definitions] = list(asNode(asNode(item)['List'])['items'])
      if (definitions.some((extra) => Object.keys(asNode(extra)).length > 0)) {
        throw refused('column definitions of a function')
      }
      return this.#expressions.expression(call)
    })
    const name = this.#functionName(node)
    return {
      kind: 'function',
      expression: calls.flat(),
      alias: alias.alias ?? name,
      columnAliases: alias.columnAliases,
    }
  }

  #functionName(node: Node): string | null {
    const first = asNode(list(asNode(asNode(list(node['functions'])[0])['List'])['items'])[0])
    const call = first['FuncCall']
    return call === undefined
      ? null
      : this.#expressions.string(list(asNode(call)['funcname']).at(-1))
  }

  /** A table that is named. */
  table(node: Node): Extract<Relation, { kind: 'table' }> {
    expectOnly(node, 'catalogname schemaname relname inh relpersistence alias location')
    const parts = [node['catalogname'], node['schemaname'], node['relname']]
    const path = parts
      .filter((part) => part !== undefined)
      .map((part) => this.#expressions.name(part))
    return { kind: 'table', path, ...this.#alias(node['alias']) }
  }

  #alias(value: unknown): { alias: string | null; columnAliases: readonly string[] | null } {
    if (value === undefined) return { alias: null, columnAliases: null }
    const node = asNode(value)
    expectOnly(node, 'aliasname colnames')
    return {
      alias: this.#expressions.name(node['aliasname']),
      columnAliases: this.#expressions.nameList(node['colnames']),
    }
  }
}
