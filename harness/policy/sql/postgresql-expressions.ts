// One method per kind of node: long, because the grammar is.
import type { Names } from './names.ts'
import type { OutputColumn, Query, Reference, Term } from './sql-statement.ts'
import { asNode, expectOnly, list, type Node, rawString, refused, unwrap } from './tree-node.ts'

/** Where the tree stands for another dialect's masked text, and what that dialect does not have. */
export interface TreeOptions {
  readonly names: Names
  /** Tells whether the name at this position stands in `CAST(... AS here)`; null: types are unmasked. */
  readonly isTypePosition: ((position: number) => boolean) | null
  /** The text had `OR REPLACE` or the like, so that a write depends on rows that are there. */
  readonly hasConflictClause: boolean
}

// Expressions that are no more than what they contain. Everything that is not here or below is refused.
const TRANSPARENT = new Set([
  'A_Const',
  'A_ArrayExpr',
  'A_Indices',
  'BoolExpr',
  'BooleanTest',
  'CaseExpr',
  'CaseWhen',
  'GroupingFunc',
  'GroupingSet',
  'List',
  'MultiAssignRef',
  'NullTest',
  'ParamRef',
  'RowExpr',
  'SetToDefault',
  'SortBy',
  'WindowDef',
])

// What the grammar itself makes of SQL syntax such as EXTRACT(... FROM ...) or AT TIME ZONE.
const SYNTAX_FUNCTIONS = new Set([
  'extract',
  'timezone',
  'position',
  'substring',
  'overlay',
  'btrim',
  'ltrim',
  'rtrim',
  'like_escape',
  'similar_to_escape',
])

const VALUE_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['SVFOP_CURRENT_DATE', 'current_date'],
  ['SVFOP_CURRENT_TIME', 'current_time'],
  ['SVFOP_CURRENT_TIME_N', 'current_time'],
  ['SVFOP_CURRENT_TIMESTAMP', 'current_timestamp'],
  ['SVFOP_CURRENT_TIMESTAMP_N', 'current_timestamp'],
  ['SVFOP_LOCALTIME', 'localtime'],
  ['SVFOP_LOCALTIMESTAMP', 'localtimestamp'],
])

/** Reads the expressions of PostgreSQL's tree; the queries inside of them go to `readQuery`. */
export class PostgresqlExpressions {
  readonly #options: TreeOptions
  readonly #names: Names
  readonly #readQuery: (node: Node) => Query

  constructor(options: TreeOptions, readQuery: (node: Node) => Query) {
    this.#options = options
    this.#names = options.names
    this.#readQuery = readQuery
  }

  /** One column of a result. */
  output(item: unknown): OutputColumn {
    const target = asNode(asNode(item)['ResTarget'])
    expectOnly(target, 'name val location')
    const expression = this.expression(target['val'])
    const isAlias = target['name'] !== undefined
    const name = isAlias ? this.name(target['name']) : this.#impliedName(target['val'])
    return { expression, name, isAlias }
  }

  #impliedName(value: unknown): string | null {
    const [kind, node] = unwrap(asNode(value))
    if (kind !== 'ColumnRef') return null
    const last = asNode(list(node['fields']).at(-1))
    return last['String'] === undefined ? null : this.string(last)
  }

  /** One sort or grouping term. */
  term(item: unknown): Term {
    const [kind, node] = unwrap(asNode(item))
    const fields = kind === 'ColumnRef' ? list(node['fields']) : []
    const isBare = fields.length === 1 && asNode(fields[0])['String'] !== undefined
    return { expression: this.expression(item), bareName: isBare ? this.string(fields[0]) : null }
  }

  /** Everything that an expression refers to. */
  expression(value: unknown): Reference[] {
    if (value === undefined || value === null) return []
    if (Array.isArray(value)) return value.flatMap((item) => this.expression(item))
    const wrapped = asNode(value)
    if (Object.keys(wrapped).length === 0) return []
    const [kind, node] = unwrap(wrapped)
    switch (kind) {
      case 'ColumnRef':
        return [this.#columnReference(list(node['fields']))]
      case 'A_Indirection':
        return this.#indirection(node)
      case 'A_Expr':
        // OPERATOR(schema.op) chooses an operator that the search path would not.
        if (list(node['name']).length > 1) throw refused('operators with a schema')
        return this.#children(node, 'name')
      case 'FuncCall':
        return this.#call(node)
      case 'SubLink':
        expectOnly(node, 'subLinkType subLinkId testexpr operName subselect location')
        if (list(node['operName']).length > 1) throw refused('operators with a schema')
        return [
          ...this.expression(node['testexpr']),
          { kind: 'query', query: this.#readQuery(asNode(node['subselect'])) },
        ]
      case 'TypeCast':
        expectOnly(node, 'arg typeName location')
        return [...this.expression(node['arg']), ...this.#type(asNode(node['typeName']))]
      case 'CollateClause':
        expectOnly(node, 'arg collname location')
        this.nameList(node['collname'])
        return this.expression(node['arg'])
      case 'SQLValueFunction':
        return [{ kind: 'call', path: [VALUE_FUNCTIONS.get(String(node['op'])) ?? 'current_user'] }]
      case 'CoalesceExpr':
        return [{ kind: 'call', path: ['coalesce'] }, ...this.#children(node, '')]
      case 'MinMaxExpr':
        return [
          { kind: 'call', path: [node['op'] === 'IS_LEAST' ? 'least' : 'greatest'] },
          ...this.#children(node, ''),
        ]
      case 'WindowDef':
        return this.#window(node)
      default:
        if (!TRANSPARENT.has(kind)) throw refused('this kind of expression')
        return this.#children(node, '')
    }
  }

  /** Every expression below a node; plain values are fine, names are not, unless they were dealt with. */
  #children(node: Node, dealtWith: string): Reference[] {
    return Object.entries(node).flatMap(([field, value]) => {
      if (field === dealtWith || typeof value !== 'object') return []
      // The constants of A_Const, which are wrapped by field name.
      if (/^(?:ival|fval|sval|boolval|bsval)$/.test(field)) return []
      return this.expression(value)
    })
  }

  #window(node: Node): Reference[] {
    expectOnly(
      node,
      'name refname partitionClause orderClause frameOptions startOffset endOffset location',
    )
    for (const name of [node['name'], node['refname']]) if (name !== undefined) this.name(name)
    return this.#children(node, '')
  }

  #columnReference(fields: readonly unknown[]): Reference {
    const isStar = asNode(fields.at(-1))['A_Star'] !== undefined
    const path = (isStar ? fields.slice(0, -1) : fields).map((field) => this.string(field))
    return { kind: isStar ? 'star' : 'column', path }
  }

  /** `(t).column` and `(t).*` read a whole row; subscripts are expressions of their own. */
  #indirection(node: Node): Reference[] {
    expectOnly(node, 'arg indirection')
    const steps = list(node['indirection']).map((step) => asNode(step))
    const subscripts = steps.filter((step) => step['A_Indices'] !== undefined)
    if (subscripts.length === steps.length) {
      return [...this.expression(node['arg']), ...this.expression(subscripts)]
    }
    const [kind, base] = unwrap(asNode(node['arg']))
    if (kind !== 'ColumnRef') throw refused('a field of this kind of expression')
    return [
      ...this.expression(subscripts),
      { kind: 'star', path: list(base['fields']).map((field) => this.string(field)) },
    ]
  }

  #call(node: Node): Reference[] {
    expectOnly(
      node,
      'funcname args agg_order agg_filter over agg_within_group agg_star agg_distinct func_variadic ' +
        'funcformat location',
    )
    const path = list(node['funcname']).map((part) => this.string(part))
    const [schema, name] = path
    const isSyntax =
      path.length === 2 &&
      schema === 'pg_catalog' &&
      SYNTAX_FUNCTIONS.has(name ?? '') &&
      (node['funcformat'] === 'COERCE_SQL_SYNTAX' ||
        name === 'like_escape' ||
        name === 'similar_to_escape')
    const call: Reference[] = isSyntax ? [] : [{ kind: 'call', path }]
    const over = node['over'] === undefined ? [] : this.#window(asNode(node['over']))
    const rest = ['args', 'agg_order', 'agg_filter'].flatMap((field) =>
      this.expression(node[field]),
    )
    return [...call, ...rest, ...over]
  }

  #type(node: Node): Reference[] {
    expectOnly(node, 'names typmods typemod arrayBounds location setof')
    const parts = list(node['names'])
    const { isTypePosition } = this.#options
    if (isTypePosition !== null) {
      for (const part of parts) {
        const position = this.#names.positionOf(rawString(part))
        if (position !== undefined && !isTypePosition(position)) {
          throw refused('a name that is read as a type')
        }
      }
    }
    const path = parts.map((part) => this.string(part))
    if (path.length > 1 && path[0] !== 'pg_catalog') throw refused('types with a schema')
    const name = path.at(-1) ?? ''
    if (/^(?:reg|pg_|_reg)/.test(name)) return [{ kind: 'catalog-cast', type: name }]
    return this.expression(node['typmods'])
  }

  /** The names behind a list of string nodes; null when there is none. */
  nameList(value: unknown): readonly string[] | null {
    return value === undefined ? null : list(value).map((item) => this.string(item))
  }

  /** The name behind a text of the tree. */
  name(value: unknown): string {
    if (typeof value !== 'string') throw refused('a name that is missing')
    return this.#names.of(value)
  }

  /** The name behind a string node of the tree. */
  string(item: unknown): string {
    return this.#names.of(rawString(item))
  }
}
