// One method per kind of node: long, because the grammar is.
import type { Names } from './names.ts'
import {
  type CommonTable,
  EMPTY_SOURCE,
  type OutputColumn,
  plainQuery,
  type Query,
  type Reference,
  type Relation,
  type Source,
  type Statement,
  type Term,
  type Write,
} from './sql-statement.ts'
import { SqlRefusal } from './sql-verdict.ts'
import { asNode, expectOnly, joined, list, type Node, optional, refused } from './tree-node.ts'

const LITERALS = new Set([
  'number',
  'bigint',
  'string',
  'single_quote_string',
  'double_quote_string',
  'bool',
  'null',
  'param',
  'full_hex_string',
  'hex_string',
  'bit_string',
  'date',
  'time',
  'timestamp',
  'datetime',
])

// Words that the parser keeps as they are in places where they are no names.
const PLAIN_WORDS =
  /^(?:\?|rows|range|both|leading|trailing|from|current row|unbounded (?:preceding|following)|\d+ (?:preceding|following)|default)$/i

const VALUE_FUNCTIONS =
  /^(?:current_user|current_role|current_date|current_time|current_timestamp|localtime|localtimestamp|utc_date|utc_time|utc_timestamp)$/i

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
  readonly #names: Names
  readonly #hasNaturalJoin: boolean

  constructor(names: Names, hasNaturalJoin: boolean) {
    this.#names = names
    this.#hasNaturalJoin = hasNaturalJoin
  }

  query(node: Node): Query {
    switch (node['type']) {
      case 'select':
        return this.#selects(node)
      case 'insert':
      case 'replace':
        return plainQuery({ kind: 'write', write: this.#insert(node) })
      case 'update':
        return { ...plainQuery({ kind: 'write', write: this.#update(node) }), ...this.#with(node) }
      case 'delete':
        return { ...plainQuery({ kind: 'write', write: this.#delete(node) }), ...this.#with(node) }
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
      order: [...query.order, ...this.#terms(node['_orderby'])],
      limits: [...query.limits, ...this.#limit(node['_limit'])],
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
        output: this.#output(node['columns']),
        from: this.#source(node['from']),
        filter: [
          ...this.#expression(node['where']),
          ...list(window?.['expr']).flatMap((item) => this.#window(asNode(item))),
        ],
        group: this.#group(node['groupby']),
        having: this.#expression(node['having']),
      }),
      order: this.#terms(node['orderby']),
      limits: this.#limit(node['limit']),
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
      name: this.#name(asNode(item['name'])['value']),
      columnAliases:
        columns == null
          ? null
          : list(columns).map((column) =>
              this.#name(typeof column === 'string' ? column : asNode(column)['column']),
            ),
      query: this.#wrapped(asNode(item['stmt'])),
    }
  }

  #wrapped(node: Node): Query {
    if (node['ast'] === undefined) return this.query(node)
    expectOnly(node, 'tableList columnList ast parentheses')
    return this.query(asNode(node['ast']))
  }

  #output(columns: unknown): readonly OutputColumn[] {
    if (columns === '*') {
      return [{ expression: [{ kind: 'star', path: [] }], name: null, isAlias: false }]
    }
    return list(columns).map((item) => {
      const column = asNode(item)
      expectOnly(column, 'expr as type')
      const expression = this.#expression(column['expr'])
      const [only] = expression
      const implied =
        expression.length === 1 && only?.kind === 'column' && isColumn(column['expr'])
          ? (only.path.at(-1) ?? null)
          : null
      const isAlias = column['as'] != null
      return { expression, name: isAlias ? this.#name(column['as']) : implied, isAlias }
    })
  }

  #group(value: unknown): readonly Term[] {
    const node = optional(value)
    if (node === null) return []
    expectOnly(node, 'columns modifiers')
    return list(node['columns']).map((item) => this.#term(item))
  }

  #terms(value: unknown): readonly Term[] {
    return list(value).map((item) => this.#term(asNode(item)['expr']))
  }

  #term(value: unknown): Term {
    const expression = this.#expression(value)
    const [only] = expression
    const isBare = only?.kind === 'column' && only.path.length === 1 && isColumn(value)
    return { expression, bareName: isBare ? (only.path[0] ?? null) : null }
  }

  #limit(value: unknown): Reference[] {
    const node = optional(value)
    if (node === null) return []
    expectOnly(node, 'seperator value')
    return this.#expression(node['value'])
  }

  #source(value: unknown): Source {
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
      this.#name(typeof item === 'string' ? item : asNode(item)['value']),
    )
    return joined(inner, {
      relations: [],
      conditions: this.#expression(node['on']),
      usingColumns: using,
      isNatural: false,
    })
  }

  #sourceOf(node: Node): Source {
    const expr = node['expr']
    const alias = node['as'] == null ? null : this.#name(node['as'])
    if (expr === undefined) return { ...EMPTY_SOURCE, relations: [this.#table(node)] }
    if (Array.isArray(expr)) {
      if (alias !== null) throw refused('an alias of a join')
      return joined(this.#source(expr), this.#source(node['joins'] ?? null))
    }
    if (list(node['joins']).length > 0) throw refused('this kind of join')
    const inner = asNode(expr)
    if (inner['ast'] === undefined && inner['type'] !== 'select')
      throw refused('this kind of relation')
    const relation: Relation = {
      kind: 'derived',
      query: this.#wrapped(inner),
      alias: alias,
      columnAliases: null,
      isLateral: /^lateral$/i.test(String(node['prefix'] ?? '')),
    }
    return { ...EMPTY_SOURCE, relations: [relation] }
  }

  #table(node: Node): Extract<Relation, { kind: 'table' }> {
    const parts = [node['db'], node['table']].filter((part) => part != null)
    return {
      kind: 'table',
      path: parts.map((part) => this.#name(part)),
      alias: node['as'] == null ? null : this.#name(node['as']),
      columnAliases: null,
    }
  }

  #insert(node: Node): Write {
    expectOnly(node, 'type table columns values partition prefix on_duplicate_update set returning')
    if (node['partition'] != null || node['returning'] != null)
      throw refused('PARTITION or RETURNING')
    const update = optional(node['on_duplicate_update'])
    const assigned = [...list(node['set']), ...list(update?.['set'])].map((item) => asNode(item))
    const columns = list(node['columns']).map((column) => [this.#name(column)])
    const prefix = String(node['prefix'] ?? '')
    return {
      from: { ...EMPTY_SOURCE, relations: this.#targetTables(node['table']) },
      targets: [0],
      assigned: [...columns, ...assigned.map((item) => this.#assignedColumn(item))],
      assignsEveryColumn: columns.length === 0 && list(node['set']).length === 0,
      readsTarget: update !== null || node['type'] === 'replace' || /ignore/i.test(prefix),
      rows: this.#rows(node['values']),
      expressions: assigned.flatMap((item) => this.#expression(item['value'])),
      returning: [],
      hasExcluded: false,
    }
  }

  #targetTables(value: unknown): Relation[] {
    const tables = list(value).map((item) => {
      const node = asNode(item)
      expectOnly(node, 'db table as addition')
      return this.#table(node)
    })
    if (tables.length !== 1) throw refused('several targets')
    return tables
  }

  #rows(value: unknown): Query | null {
    if (value == null) return null
    const node = asNode(value)
    if (node['type'] !== 'values') return this.#wrapped(node)
    expectOnly(node, 'type values')
    return plainQuery({ kind: 'values', rows: this.#expression(node['values']) })
  }

  #update(node: Node): Write {
    expectOnly(node, 'with type table set where orderby limit returning')
    const assigned = list(node['set']).map((item) => asNode(item))
    return {
      from: this.#source(node['table']),
      targets: null,
      assigned: assigned.map((item) => this.#assignedColumn(item)),
      assignsEveryColumn: false,
      readsTarget: true,
      rows: null,
      expressions: [
        ...assigned.flatMap((item) => this.#expression(item['value'])),
        ...this.#tail(node),
      ],
      returning: [],
      hasExcluded: false,
    }
  }

  #delete(node: Node): Write {
    expectOnly(node, 'with type table from where orderby limit')
    const from = this.#source(node['from'])
    const targets = list(node['table']).map((item) => {
      const target = asNode(item)
      const name = this.#name(target['table'])
      const found = from.relations.flatMap((relation, index) => {
        const own =
          relation.kind === 'table' ? (relation.alias ?? relation.path.at(-1)) : relation.alias
        return own === name && (target['db'] == null || relation.kind === 'table') ? [index] : []
      })
      if (target['db'] != null && target['addition'] !== true) this.#name(target['db'])
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
      ...this.#expression(node['where']),
      ...this.#terms(node['orderby']).flatMap(({ expression }) => expression),
      ...this.#limit(node['limit']),
    ]
  }

  #assignedColumn(item: Node): string[] {
    expectOnly(item, 'column value table db')
    return [item['db'], item['table'], item['column']]
      .filter((part) => part != null)
      .map((part) => this.#name(part))
  }

  #expression(value: unknown): Reference[] {
    if (value === null || value === undefined) return []
    if (Array.isArray(value)) return value.flatMap((item) => this.#expression(item))
    const node = asNode(value)
    if (node['ast'] !== undefined) return [{ kind: 'query', query: this.#wrapped(node) }]
    const type = String(node['type'])
    if (LITERALS.has(type)) return []
    switch (type) {
      case 'select':
        return [{ kind: 'query', query: this.query(node) }]
      case 'column_ref':
        return this.#column(node)
      case 'binary_expr':
        expectOnly(node, 'type operator left right parentheses escape')
        return [...this.#all(node, 'left', 'right'), ...this.#escape(node['escape'])]
      case 'unary_expr':
        expectOnly(node, 'type operator expr parentheses')
        return this.#expression(node['expr'])
      case 'expr_list':
        expectOnly(node, 'type value parentheses prefix separator')
        return this.#expression(node['value'])
      case 'expr':
        expectOnly(node, 'type expr parentheses as')
        return this.#expression(node['expr'])
      case 'function':
        return this.#call(node)
      case 'aggr_func':
        return this.#aggregate(node)
      case 'case':
        expectOnly(node, 'type expr args parentheses')
        return this.#all(node, 'expr', 'args')
      case 'when':
      case 'else':
        expectOnly(node, 'type cond result')
        return this.#all(node, 'cond', 'result')
      case 'cast':
        return this.#cast(node)
      case 'interval':
        expectOnly(node, 'type expr unit parentheses')
        return this.#expression(node['expr'])
      case 'extract': {
        expectOnly(node, 'type args parentheses')
        const args = asNode(node['args'])
        expectOnly(args, 'field cast_type source')
        return [{ kind: 'call', path: ['extract'] }, ...this.#expression(args['source'])]
      }
      case 'origin':
        if (!PLAIN_WORDS.test(String(node['value']))) throw refused('this word')
        return []
      case 'var':
      case 'assign':
        throw new SqlRefusal('session-state', 'User and system variables are not allowed')
      default:
        throw refused('this kind of expression')
    }
  }

  #all(node: Node, ...fields: readonly string[]): Reference[] {
    return fields.flatMap((field) => this.#expression(node[field]))
  }

  #escape(value: unknown): Reference[] {
    const node = optional(value)
    return node === null ? [] : this.#expression(node['value'])
  }

  #column(node: Node): Reference[] {
    expectOnly(node, 'type db table column collate parentheses array_index order_by')
    const collate = optional(node['collate'])
    if (collate !== null) this.#collation(collate)
    const qualifiers = [node['db'], node['table']].filter((part) => part != null)
    const path = qualifiers.map((part) => this.#name(part))
    if (node['column'] === '*') return [{ kind: 'star', path }]
    const column = this.#name(node['column'])
    // Some functions are called without brackets; quoted names are masked and never meant.
    const isMasked = this.#names.positionOf(String(node['column'])) !== undefined
    if (path.length === 0 && !isMasked && VALUE_FUNCTIONS.test(column)) {
      return [{ kind: 'call', path: [column] }]
    }
    return [{ kind: 'column', path: [...path, column] }]
  }

  #collation(node: Node): void {
    const inner = optional(node['collate'])
    if (typeof inner?.['name'] === 'string') this.#name(inner['name'])
  }

  #call(node: Node): Reference[] {
    expectOnly(node, 'type name args over parentheses suffix')
    if (node['suffix'] != null) throw refused('this function')
    const name = asNode(node['name'])
    expectOnly(name, 'name schema')
    const parts = [optional(name['schema']), ...list(name['name']).map((part) => asNode(part))]
    const path = parts.flatMap((part) => (part === null ? [] : [this.#name(part['value'])]))
    const inner = [...this.#expression(node['args']), ...this.#over(node['over'])]
    const isPredicate = path.length === 1 && /^(?:exists|any|all|some|not)$/i.test(path[0] ?? '')
    const isMasked = list(name['name']).some(
      (part) => this.#names.positionOf(String(asNode(part)['value'])) !== undefined,
    )
    return isPredicate && !isMasked ? inner : [{ kind: 'call', path }, ...inner]
  }

  #aggregate(node: Node): Reference[] {
    expectOnly(node, 'type name args over parentheses')
    const args = asNode(node['args'])
    expectOnly(args, 'distinct expr orderby separator parentheses')
    const inner = optional(args['expr'])
    const separator = optional(args['separator'])
    return [
      { kind: 'call', path: [String(node['name']).toLowerCase()] },
      ...(inner?.['type'] === 'star' ? [] : this.#expression(args['expr'])),
      ...this.#terms(args['orderby']).flatMap(({ expression }) => expression),
      ...(separator === null ? [] : this.#expression(separator['value'])),
      ...this.#over(node['over']),
    ]
  }

  #cast(node: Node): Reference[] {
    expectOnly(node, 'type keyword expr symbol target parentheses collate')
    for (const item of list(node['target'])) {
      const target = asNode(item)
      expectOnly(target, 'dataType length scale parentheses suffix charset')
      this.#name(target['dataType'])
    }
    return this.#expression(node['expr'])
  }

  #over(value: unknown): Reference[] {
    const node = optional(value)
    if (node === null) return []
    if (node['type'] !== 'window') throw refused('this window')
    return this.#window(node)
  }

  #window(node: Node): Reference[] {
    expectOnly(node, 'type name as_window_specification keyword')
    if (typeof node['name'] === 'string') this.#name(node['name'])
    const specification = node['as_window_specification']
    if (typeof specification === 'string') {
      this.#name(specification)
      return []
    }
    const outer = asNode(specification)
    expectOnly(outer, 'window_specification parentheses')
    const inner = asNode(outer['window_specification'])
    expectOnly(inner, 'name partitionby orderby window_frame_clause')
    if (typeof inner['name'] === 'string') this.#name(inner['name'])
    return [
      ...this.#terms(inner['partitionby']).flatMap(({ expression }) => expression),
      ...this.#terms(inner['orderby']).flatMap(({ expression }) => expression),
      ...this.#expression(inner['window_frame_clause']),
    ]
  }

  #name(value: unknown): string {
    if (typeof value !== 'string') throw refused('a name of this form')
    return this.#names.of(value)
  }
}

function isColumn(value: unknown): boolean {
  return asNode(value)['type'] === 'column_ref'
}
