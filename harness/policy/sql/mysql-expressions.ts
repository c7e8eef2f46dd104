// One method per kind of node: long, because the grammar is.
import type { Names } from './names.ts'
import type { OutputColumn, Query, Reference, Term } from './sql-statement.ts'
import { SqlRefusal } from './sql-verdict.ts'
import { asNode, expectOnly, list, type Node, optional, refused } from './tree-node.ts'

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

/** Reads the expressions of node-sql-parser's tree; the queries inside of them go to `readQuery`. */
export class MysqlExpressions {
  readonly #names: Names
  readonly #readQuery: (node: Node) => Query

  constructor(names: Names, readQuery: (node: Node) => Query) {
    this.#names = names
    this.#readQuery = readQuery
  }

  /** The columns of a result. */
  output(columns: unknown): readonly OutputColumn[] {
    if (columns === '*') {
      return [{ expression: [{ kind: 'star', path: [] }], name: null, isAlias: false }]
    }
    return list(columns).map((item) => {
      const column = asNode(item)
      expectOnly(column, 'expr as type')
      const expression = this.expression(column['expr'])
      const [only] = expression
      const implied =
        expression.length === 1 && only?.kind === 'column' && isColumn(column['expr'])
          ? (only.path.at(-1) ?? null)
          : null
      const isAlias = column['as'] != null
      return { expression, name: isAlias ? this.name(column['as']) : implied, isAlias }
    })
  }

  /** Sort terms. */
  terms(value: unknown): readonly Term[] {
    return list(value).map((item) => this.term(asNode(item)['expr']))
  }

  /** One sort or grouping term. */
  term(value: unknown): Term {
    const expression = this.expression(value)
    const [only] = expression
    const isBare = only?.kind === 'column' && only.path.length === 1 && isColumn(value)
    return { expression, bareName: isBare ? (only.path[0] ?? null) : null }
  }

  /** LIMIT and OFFSET. */
  limit(value: unknown): Reference[] {
    const node = optional(value)
    if (node === null) return []
    expectOnly(node, 'seperator value')
    return this.expression(node['value'])
  }

  /** Everything that an expression refers to. */
  expression(value: unknown): Reference[] {
    if (value === null || value === undefined) return []
    if (Array.isArray(value)) return value.flatMap((item) => this.expression(item))
    const node = asNode(value)
    if (node['ast'] !== undefined) return [{ kind: 'query', query: this.#readQuery(node) }]
    const type = String(node['type'])
    if (LITERALS.has(type)) return []
    switch (type) {
      case 'select':
        return [{ kind: 'query', query: this.#readQuery(node) }]
      case 'column_ref':
        return this.#column(node)
      case 'binary_expr':
        expectOnly(node, 'type operator left right parentheses escape')
        return [...this.#all(node, 'left', 'right'), ...this.#escape(node['escape'])]
      case 'unary_expr':
        expectOnly(node, 'type operator expr parentheses')
        return this.expression(node['expr'])
      case 'expr_list':
        expectOnly(node, 'type value parentheses prefix separator')
        return this.expression(node['value'])
      case 'expr':
        expectOnly(node, 'type expr parentheses as')
        return this.expression(node['expr'])
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
        return this.expression(node['expr'])
      case 'extract': {
        expectOnly(node, 'type args parentheses')
        const args = asNode(node['args'])
        expectOnly(args, 'field cast_type source')
        return [{ kind: 'call', path: ['extract'] }, ...this.expression(args['source'])]
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
    return fields.flatMap((field) => this.expression(node[field]))
  }

  #escape(value: unknown): Reference[] {
    const node = optional(value)
    return node === null ? [] : this.expression(node['value'])
  }

  #column(node: Node): Reference[] {
    expectOnly(node, 'type db table column collate parentheses array_index order_by')
    const collate = optional(node['collate'])
    if (collate !== null) this.#collation(collate)
    const qualifiers = [node['db'], node['table']].filter((part) => part != null)
    const path = qualifiers.map((part) => this.name(part))
    if (node['column'] === '*') return [{ kind: 'star', path }]
    const column = this.name(node['column'])
    // Some functions are called without brackets; quoted names are masked and never meant.
    const isMasked = this.#names.positionOf(String(node['column'])) !== undefined
    if (path.length === 0 && !isMasked && VALUE_FUNCTIONS.test(column)) {
      return [{ kind: 'call', path: [column] }]
    }
    return [{ kind: 'column', path: [...path, column] }]
  }

  #collation(node: Node): void {
    const inner = optional(node['collate'])
    if (typeof inner?.['name'] === 'string') this.name(inner['name'])
  }

  #call(node: Node): Reference[] {
    expectOnly(node, 'type name args over parentheses suffix')
    if (node['suffix'] != null) throw refused('this function')
    const name = asNode(node['name'])
    expectOnly(name, 'name schema')
    const parts = [optional(name['schema']), ...list(name['name']).map((part) => asNode(part))]
    const path = parts.flatMap((part) => (part === null ? [] : [this.name(part['value'])]))
    const inner = [...this.expression(node['args']), ...this.#over(node['over'])]
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
      ...(inner?.['type'] === 'star' ? [] : this.expression(args['expr'])),
      ...this.terms(args['orderby']).flatMap(({ expression }) => expression),
      ...(separator === null ? [] : this.expression(separator['value'])),
      ...this.#over(node['over']),
    ]
  }

  #cast(node: Node): Reference[] {
    expectOnly(node, 'type keyword expr symbol target parentheses collate')
    for (const item of list(node['target'])) {
      const target = asNode(item)
      expectOnly(target, 'dataType length scale parentheses suffix charset')
      this.name(target['dataType'])
    }
    return this.expression(node['expr'])
  }

  #over(value: unknown): Reference[] {
    const node = optional(value)
    if (node === null) return []
    if (node['type'] !== 'window') throw refused('this window')
    return this.window(node)
  }

  /** What a window refers to. */
  window(node: Node): Reference[] {
    expectOnly(node, 'type name as_window_specification keyword')
    if (typeof node['name'] === 'string') this.name(node['name'])
    const specification = node['as_window_specification']
    if (typeof specification === 'string') {
      this.name(specification)
      return []
    }
    const outer = asNode(specification)
    expectOnly(outer, 'window_specification parentheses')
    const inner = asNode(outer['window_specification'])
    expectOnly(inner, 'name partitionby orderby window_frame_clause')
    if (typeof inner['name'] === 'string') this.name(inner['name'])
    return [
      ...this.terms(inner['partitionby']).flatMap(({ expression }) => expression),
      ...this.terms(inner['orderby']).flatMap(({ expression }) => expression),
      ...this.expression(inner['window_frame_clause']),
    ]
  }

  /** The name behind a text of the tree. */
  name(value: unknown): string {
    if (typeof value !== 'string') throw refused('a name of this form')
    return this.#names.of(value)
  }
}

function isColumn(value: unknown): boolean {
  return asNode(value)['type'] === 'column_ref'
}
