import type { MysqlExpressions } from './mysql-expressions.ts'
import type { MysqlSources } from './mysql-sources.ts'
import {
  EMPTY_SOURCE,
  plainQuery,
  type Query,
  type Reference,
  type Relation,
  type Write,
} from './sql-statement.ts'
import { asNode, expectOnly, list, type Node, optional, refused } from './tree-node.ts'

/** Reads the statements of node-sql-parser's tree that write. */
export class MysqlWrites {
  readonly #expressions: MysqlExpressions
  readonly #sources: MysqlSources
  readonly #readQuery: (node: Node) => Query

  constructor(
    expressions: MysqlExpressions,
    sources: MysqlSources,
    readQuery: (node: Node) => Query,
  ) {
    this.#expressions = expressions
    this.#sources = sources
    this.#readQuery = readQuery
  }

  /** An INSERT or REPLACE. */
  insert(node: Node): Write {
    expectOnly(node, 'type table columns values partition prefix on_duplicate_update set returning')
    if (node['partition'] != null || node['returning'] != null)
      throw refused('PARTITION or RETURNING')
    const update = optional(node['on_duplicate_update'])
    const assigned = [...list(node['set']), ...list(update?.['set'])].map((item) => asNode(item))
    const columns = list(node['columns']).map((column) => [this.#expressions.name(column)])
    const prefix = String(node['prefix'] ?? '')
    return {
      from: { ...EMPTY_SOURCE, relations: this.#targetTables(node['table']) },
      targets: [0],
      assigned: [...columns, ...assigned.map((item) => this.#assignedColumn(item))],
      assignsEveryColumn: columns.length === 0 && list(node['set']).length === 0,
      readsTarget: update !== null || node['type'] === 'replace' || /ignore/i.test(prefix),
      rows: this.#rows(node['values']),
      expressions: assigned.flatMap((item) => this.#expressions.expression(item['value'])),
      returning: [],
      hasExcluded: false,
    }
  }

  #targetTables(value: unknown): Relation[] {
    const tables = list(value).map((item) => {
      const node = asNode(item)
      expectOnly(node, 'db table as addition')
      return this.#sources.table(node)
    })
    if (tables.length !== 1) throw refused('several targets')
    return tables
  }

  #rows(value: unknown): Query | null {
    if (value == null) return null
    const node = asNode(value)
    if (node['type'] !== 'values') return this.#readQuery(node)
    expectOnly(node, 'type values')
    return plainQuery({ kind: 'values', rows: this.#expressions.expression(node['values']) })
  }

  /** An UPDATE of one table or several. */
  update(node: Node): Write {
    expectOnly(node, 'with type table set where orderby limit returning')
    const assigned = list(node['set']).map((item) => asNode(item))
    return {
      from: this.#sources.source(node['table']),
      targets: null,
      assigned: assigned.map((item) => this.#assignedColumn(item)),
      assignsEveryColumn: false,
      readsTarget: true,
      rows: null,
      expressions: [
        ...assigned.flatMap((item) => this.#expressions.expression(item['value'])),
        ...this.#tail(node),
      ],
      returning: [],
      hasExcluded: false,
    }
  }

  /** A DELETE from one table or several. */
  delete(node: Node): Write {
    expectOnly(node, 'with type table from where orderby limit')
    const from = this.#sources.source(node['from'])
    const targets = list(node['table']).map((item) => {
      const target = asNode(item)
      const name = this.#expressions.name(target['table'])
      const found = from.relations.flatMap((relation, index) => {
        const own =
          relation.kind === 'table' ? (relation.alias ?? relation.path.at(-1)) : relation.alias
        return own === name && (target['db'] == null || relation.kind === 'table') ? [index] : []
      })
      if (target['db'] != null && target['addition'] !== true) this.#expressions.name(target['db'])
      if (found.length !== 1) throw refused('the target of this DELETE')
      return found[0] ?? 0
    })
    return {
      from,
      targets,
      assigned: [],
      assignsEveryColumn: false,
      readsTarget: true,
      rows: null,
      expressions: this.#tail(node),
      returning: [],
      hasExcluded: false,
    }
  }

  #tail(node: Node): Reference[] {
    return [
      ...this.#expressions.expression(node['where']),
      ...this.#expressions.terms(node['orderby']).flatMap(({ expression }) => expression),
      ...this.#expressions.limit(node['limit']),
    ]
  }

  #assignedColumn(item: Node): string[] {
    expectOnly(item, 'column value table db')
    return [item['db'], item['table'], item['column']]
      .filter((part) => part != null)
      .map((part) => this.#expressions.name(part))
  }
}
