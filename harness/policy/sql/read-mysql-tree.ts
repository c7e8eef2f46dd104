import { MysqlExpressions } from './mysql-expressions.ts'
import { MysqlSources } from './mysql-sources.ts'
import { MysqlWrites } from './mysql-writes.ts'
import type { Names } from './names.ts'
import {
  type CommonTable,
  plainQuery,
  type Query,
  type Statement,
  type Term,
} from './sql-statement.ts'
import { SqlRefusal } from './sql-verdict.ts'
import { asNode, expectOnly, list, type Node, optional, refused } from './tree-node.ts'

/**
 * Turns node-sql-parser's tree of a masked MySQL statement into a {@link Statement}. Its own lists of
 * tables and columns are not looked at; every kind of node and every field that is not known is refused.
 *
 * @throws {SqlRefusal} The statement has something that is not understood or not allowed.
 */
export function readMysqlTree(tree: unknown, names: Names, hasNaturalJoin: boolean): Statement {
  const only = Array.isArray(tree) && tree.length === 1 ? tree[0] : tree
  const query = new TreeReader(names, hasNaturalJoin).query(asNode(only))
  names.expectAllSeen()
  return { kind: 'query', query }
}

class TreeReader {
  readonly #expressions: MysqlExpressions
  readonly #sources: MysqlSources
  readonly #writes: MysqlWrites

  constructor(names: Names, hasNaturalJoin: boolean) {
    const readQuery = (node: Node) => this.#wrapped(node)
    this.#expressions = new MysqlExpressions(names, readQuery)
    this.#sources = new MysqlSources(this.#expressions, readQuery, hasNaturalJoin)
    this.#writes = new MysqlWrites(this.#expressions, this.#sources, readQuery)
  }

  query(node: Node): Query {
    switch (node['type']) {
      case 'select':
        return this.#selects(node)
      case 'insert':
      case 'replace':
        return plainQuery({ kind: 'write', write: this.#writes.insert(node) })
      case 'update':
        return {
          ...plainQuery({ kind: 'write', write: this.#writes.update(node) }),
          ...this.#with(node),
        }
      case 'delete':
        return {
          ...plainQuery({ kind: 'write', write: this.#writes.delete(node) }),
          ...this.#with(node),
        }
      default:
        throw refused('this kind of statement')
    }
  }

  /** The parser chains the members of a set operation; the last one carries its order and limit. */
  #selects(first: Node): Query {
    const members: Node[] = []
    for (let node: Node | null = first; node !== null; node = optional(node['_next']))
      members.push(node)
    const common = this.#with(first)
    const queries = members.map((node) => this.#select(node))
    const [head, ...tail] = queries
    if (head === undefined) throw refused('an empty query')
    if (tail.length === 0) return { ...head, ...common, ...this.#outerTail(first, head) }
    const last = members.at(-1) ?? first
    const isOpen = last['parentheses_symbol'] !== true
    const union = queries.reduce((left, right) => plainQuery({ kind: 'set', left, right }))
    const lastQuery = queries.at(-1) ?? head
    const ownTail = isOpen ? { order: lastQuery.order, limits: lastQuery.limits } : {}
    return { ...union, ...common, ...ownTail, ...this.#outerTail(first, { ...union, ...ownTail }) }
  }

  #outerTail(node: Node, query: Query): Pick<Query, 'order' | 'limits'> {
    return {
      order: [...query.order, ...this.#expressions.terms(node['_orderby'])],
      limits: [...query.limits, ...this.#expressions.limit(node['_limit'])],
    }
  }

  #select(node: Node): Query {
    expectOnly(
      node,
      'with type options distinct columns into from where groupby having orderby limit locking_read window ' +
        'collate parentheses_symbol parentheses _next set_op _orderby _limit _parentheses',
    )
    const into = optional(node['into'])
    if (into !== null) expectOnly(into, 'position')
    if (into?.['position'] != null)
      throw new SqlRefusal('session-state', 'SELECT INTO is not allowed')
    if (node['collate'] != null || node['options'] != null) throw refused('options of SELECT')
    const window = optional(node['window'])
    return {
      ...plainQuery({
        kind: 'select',
        output: this.#expressions.output(node['columns']),
        from: this.#sources.source(node['from']),
        filter: [
          ...this.#expressions.expression(node['where']),
          ...list(window?.['expr']).flatMap((item) => this.#expressions.window(asNode(item))),
        ],
        group: this.#group(node['groupby']),
        having: this.#expressions.expression(node['having']),
      }),
      order: this.#expressions.terms(node['orderby']),
      limits: this.#expressions.limit(node['limit']),
      locks: node['locking_read'] == null ? 'none' : 'all',
    }
  }

  #with(node: Node): Pick<Query, 'commonTables' | 'isRecursive'> {
    const items = list(node['with']).map((item) => asNode(item))
    return {
      commonTables: items.map((item) => this.#commonTable(item)),
      isRecursive: items.some((item) => item['recursive'] === true),
    }
  }

  #commonTable(item: Node): CommonTable {
    expectOnly(item, 'name stmt columns recursive')
    const columns = item['columns']
    return {
      name: this.#expressions.name(asNode(item['name'])['value']),
      columnAliases:
        columns == null
          ? null
          : list(columns).map((column) =>
              this.#expressions.name(
                typeof column === 'string' ? column : asNode(column)['column'],
              ),
            ),
      query: this.#wrapped(asNode(item['stmt'])),
    }
  }

  #wrapped(node: Node): Query {
    if (node['ast'] === undefined) return this.query(node)
    expectOnly(node, 'tableList columnList ast parentheses')
    return this.query(asNode(node['ast']))
  }

  #group(value: unknown): readonly Term[] {
    const node = optional(value)
    if (node === null) return []
    expectOnly(node, 'columns modifiers')
    return list(node['columns']).map((item) => this.#expressions.term(item))
  }
}
