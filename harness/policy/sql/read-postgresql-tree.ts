// One method per kind of node: long, because the grammar is.
import type { Names } from './names.ts'
import {
  type CommonTable,
  EMPTY_SOURCE,
  type Expression,
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
import { asNode, expectOnly, joined, list, type Node, refused } from './tree-node.ts'

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
  readonly #options: TreeOptions
  readonly #names: Names

  constructor(options: TreeOptions) {
    this.#options = options
    this.#names = options.names
  }

  query(wrapped: Node): Query {
    const [kind, node] = unwrap(wrapped)
    switch (kind) {
      case 'SelectStmt':
        return this.#select(node)
      case 'InsertStmt':
        return this.#written(node, this.#insert(node))
      case 'UpdateStmt':
        return this.#written(node, this.#update(node))
      case 'DeleteStmt':
        return this.#written(node, this.#delete(node))
      case 'MergeStmt':
        return this.#written(node, this.#merge(node))
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
        this.#term(asNode(asNode(item)['SortBy'])['node']),
      ),
      limits: [...this.#expression(node['limitCount']), ...this.#expression(node['limitOffset'])],
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
      return { kind: 'values', rows: this.#expression(node['valuesLists']) }
    }
    return {
      kind: 'select',
      output: list(node['targetList']).map((item) => this.#output(item)),
      from: this.#source(list(node['fromClause'])),
      filter: [
        ...this.#expression(node['whereClause']),
        // `DISTINCT` alone is a list with one empty node.
        ...list(node['distinctClause']).flatMap((item) =>
          Object.keys(asNode(item)).length === 0 ? [] : this.#expression(item),
        ),
        ...this.#expression(node['windowClause']),
      ],
      group: list(node['groupClause']).map((item) => this.#term(item)),
      having: this.#expression(node['havingClause']),
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
      name: this.#name(node['ctename']),
      columnAliases: this.#nameList(node['aliascolnames']),
      query: this.query(asNode(node['ctequery'])),
    }
  }

  #locks(node: Node): Query['locks'] {
    const clauses = list(node['lockingClause']).map((item) => asNode(asNode(item)['LockingClause']))
    if (clauses.length === 0) return 'none'
    if (clauses.some((clause) => clause['lockedRels'] === undefined)) return 'all'
    return clauses.flatMap((clause) =>
      list(clause['lockedRels']).map((item) =>
        this.#name(asNode(asNode(item)['RangeVar'])['relname']),
      ),
    )
  }

  #output(item: unknown): OutputColumn {
    const target = asNode(asNode(item)['ResTarget'])
    expectOnly(target, 'name val location')
    const expression = this.#expression(target['val'])
    const isAlias = target['name'] !== undefined
    const name = isAlias ? this.#name(target['name']) : this.#impliedName(target['val'])
    return { expression, name, isAlias }
  }

  #impliedName(value: unknown): string | null {
    const [kind, node] = unwrap(asNode(value))
    if (kind !== 'ColumnRef') return null
    const last = asNode(list(node['fields']).at(-1))
    return last['String'] === undefined ? null : this.#string(last)
  }

  #term(item: unknown): Term {
    const [kind, node] = unwrap(asNode(item))
    const fields = kind === 'ColumnRef' ? list(node['fields']) : []
    const isBare = fields.length === 1 && asNode(fields[0])['String'] !== undefined
    return { expression: this.#expression(item), bareName: isBare ? this.#string(fields[0]) : null }
  }

  #source(items: readonly unknown[]): Source {
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
      conditions: [...sides.conditions, ...this.#expression(node['quals'])],
      usingColumns: [...sides.usingColumns, ...(this.#nameList(node['usingClause']) ?? [])],
      isNatural: sides.isNatural || node['isNatural'] === true,
    }
  }

  #relation(kind: string, node: Node): Relation {
    if (kind === 'RangeVar') return this.#table(node)
    if (kind === 'RangeTableSample') {
      expectOnly(node, 'relation method args repeatable location')
      const [inner, table] = unwrap(asNode(node['relation']))
      const harmless = [...this.#expression(node['args']), ...this.#expression(node['repeatable'])]
      if (inner !== 'RangeVar' || harmless.length > 0) throw refused('this TABLESAMPLE')
      return this.#table(table)
    }
    const alias = this.#alias(node['alias'])
    if (kind === 'RangeSubselect') {
      expectOnly(node, 'lateral subquery alias')
      const query = this.query(asNode(node['subquery']))
      return { kind: 'derived', query, ...alias, isLateral: node['lateral'] === true }
    }
    if (kind !== 'RangeFunction') throw refused('this kind of relation')
    expectOnly(node, 'lateral ordinality functions alias coldeflist')
    const calls = list(node['functions']).map((item) => {
      const [call, ...definitions] = list(asNode(asNode(item)['List'])['items'])
      if (definitions.some((extra) => Object.keys(asNode(extra)).length > 0)) {
        throw refused('column definitions of a function')
      }
      return this.#expression(call)
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
    return call === undefined ? null : this.#string(list(asNode(call)['funcname']).at(-1))
  }

  #table(node: Node): Extract<Relation, { kind: 'table' }> {
    expectOnly(node, 'catalogname schemaname relname inh relpersistence alias location')
    const parts = [node['catalogname'], node['schemaname'], node['relname']]
    const path = parts.filter((part) => part !== undefined).map((part) => this.#name(part))
    return { kind: 'table', path, ...this.#alias(node['alias']) }
  }

  #alias(value: unknown): { alias: string | null; columnAliases: readonly string[] | null } {
    if (value === undefined) return { alias: null, columnAliases: null }
    const node = asNode(value)
    expectOnly(node, 'aliasname colnames')
    return {
      alias: this.#name(node['aliasname']),
      columnAliases: this.#nameList(node['colnames']),
    }
  }

  #written(node: Node, write: Write): Query {
    return { ...plainQuery({ kind: 'write', write }), ...this.#with(node) }
  }

  #insert(node: Node): Write {
    expectOnly(
      node,
      'relation cols selectStmt onConflictClause returningClause withClause override location',
    )
    const conflict =
      node['onConflictClause'] === undefined ? null : asNode(node['onConflictClause'])
    if (conflict !== null) expectOnly(conflict, 'action infer targetList whereClause location')
    const infer = conflict?.['infer'] === undefined ? {} : asNode(conflict['infer'])
    expectOnly(infer, 'indexElems whereClause conname location')
    const conflictTargets = list(infer['indexElems']).flatMap((item) => this.#indexElement(item))
    const assignments = this.#assignments(conflict?.['targetList'])
    return {
      from: { ...EMPTY_SOURCE, relations: [this.#table(asNode(node['relation']))] },
      targets: [0],
      assigned: [
        ...list(node['cols']).map((item) => this.#assignedColumn(item)),
        ...assignments.columns,
      ],
      assignsEveryColumn: node['cols'] === undefined,
      readsTarget: conflict !== null || this.#options.hasConflictClause,
      rows: node['selectStmt'] === undefined ? null : this.query(asNode(node['selectStmt'])),
      expressions: [
        ...conflictTargets,
        ...this.#expression(infer['whereClause']),
        ...assignments.expressions,
        ...this.#expression(conflict?.['whereClause']),
      ],
      returning: this.#returning(node),
      hasExcluded: conflict !== null,
    }
  }

  #indexElement(item: unknown): Expression {
    const node = asNode(asNode(item)['IndexElem'])
    expectOnly(node, 'name expr ordering nulls_ordering location')
    const own: Expression =
      node['name'] === undefined ? [] : [{ kind: 'column', path: [this.#name(node['name'])] }]
    return [...own, ...this.#expression(node['expr'])]
  }

  #update(node: Node): Write {
    expectOnly(node, 'relation targetList whereClause fromClause returningClause withClause')
    const assignments = this.#assignments(node['targetList'])
    return {
      ...this.#targeted(node['relation'], list(node['fromClause'])),
      assigned: assignments.columns,
      expressions: [...assignments.expressions, ...this.#expression(node['whereClause'])],
      returning: this.#returning(node),
    }
  }

  #delete(node: Node): Write {
    expectOnly(node, 'relation usingClause whereClause returningClause withClause')
    return {
      ...this.#targeted(node['relation'], list(node['usingClause'])),
      expressions: this.#expression(node['whereClause']),
      returning: this.#returning(node),
    }
  }

  #merge(node: Node): Write {
    expectOnly(
      node,
      'relation sourceRelation joinCondition mergeWhenClauses returningClause withClause',
    )
    const clauses = list(node['mergeWhenClauses']).map((item) =>
      asNode(asNode(item)['MergeWhenClause']),
    )
    const assigned: string[][] = []
    const expressions = [...this.#expression(node['joinCondition'])]
    let assignsEveryColumn = false
    for (const clause of clauses) {
      expectOnly(clause, 'matchKind commandType override targetList condition values')
      const assignments = this.#assignments(clause['targetList'])
      assigned.push(...assignments.columns)
      expressions.push(...assignments.expressions)
      expressions.push(
        ...this.#expression(clause['condition']),
        ...this.#expression(clause['values']),
      )
      assignsEveryColumn ||=
        clause['commandType'] === 'CMD_INSERT' && clause['targetList'] === undefined
    }
    return {
      ...this.#targeted(node['relation'], [node['sourceRelation']]),
      assigned,
      assignsEveryColumn,
      expressions,
      returning: this.#returning(node),
    }
  }

  #targeted(relation: unknown, others: readonly unknown[]): Write {
    const target = this.#table(asNode(relation))
    const from = joined({ ...EMPTY_SOURCE, relations: [target] }, this.#source(others))
    return {
      from,
      targets: [0],
      assigned: [],
      assignsEveryColumn: false,
      // The number of affected rows tells something about the rows that are there.
      readsTarget: true,
      rows: null,
      expressions: [],
      returning: [],
      hasExcluded: false,
    }
  }

  #assignments(value: unknown): { columns: string[][]; expressions: Reference[] } {
    const items = list(value)
    return {
      columns: items.map((item) => this.#assignedColumn(item)),
      expressions: items.flatMap((item) => [
        ...this.#expression(asNode(asNode(item)['ResTarget'])['val']),
      ]),
    }
  }

  #assignedColumn(item: unknown): string[] {
    const node = asNode(asNode(item)['ResTarget'])
    expectOnly(node, 'name val location')
    return [this.#name(node['name'])]
  }

  #returning(node: Node): readonly OutputColumn[] {
    if (node['returningClause'] === undefined) return []
    const clause = asNode(node['returningClause'])
    expectOnly(clause, 'exprs')
    return list(clause['exprs']).map((item) => this.#output(item))
  }

  #expression(value: unknown): Reference[] {
    if (value === undefined || value === null) return []
    if (Array.isArray(value)) return value.flatMap((item) => this.#expression(item))
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
          ...this.#expression(node['testexpr']),
          { kind: 'query', query: this.query(asNode(node['subselect'])) },
        ]
      case 'TypeCast':
        expectOnly(node, 'arg typeName location')
        return [...this.#expression(node['arg']), ...this.#type(asNode(node['typeName']))]
      case 'CollateClause':
        expectOnly(node, 'arg collname location')
        this.#nameList(node['collname'])
        return this.#expression(node['arg'])
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
      return this.#expression(value)
    })
  }

  #window(node: Node): Reference[] {
    expectOnly(
      node,
      'name refname partitionClause orderClause frameOptions startOffset endOffset location',
    )
    for (const name of [node['name'], node['refname']]) if (name !== undefined) this.#name(name)
    return this.#children(node, '')
  }

  #columnReference(fields: readonly unknown[]): Reference {
    const isStar = asNode(fields.at(-1))['A_Star'] !== undefined
    const path = (isStar ? fields.slice(0, -1) : fields).map((field) => this.#string(field))
    return { kind: isStar ? 'star' : 'column', path }
  }

  /** `(t).column` and `(t).*` read a whole row; subscripts are expressions of their own. */
  #indirection(node: Node): Reference[] {
    expectOnly(node, 'arg indirection')
    const steps = list(node['indirection']).map((step) => asNode(step))
    const subscripts = steps.filter((step) => step['A_Indices'] !== undefined)
    if (subscripts.length === steps.length) {
      return [...this.#expression(node['arg']), ...this.#expression(subscripts)]
    }
    const [kind, base] = unwrap(asNode(node['arg']))
    if (kind !== 'ColumnRef') throw refused('a field of this kind of expression')
    return [
      ...this.#expression(subscripts),
      { kind: 'star', path: list(base['fields']).map((field) => this.#string(field)) },
    ]
  }

  #call(node: Node): Reference[] {
    expectOnly(
      node,
      'funcname args agg_order agg_filter over agg_within_group agg_star agg_distinct func_variadic ' +
        'funcformat location',
    )
    const path = list(node['funcname']).map((part) => this.#string(part))
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
      this.#expression(node[field]),
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
    const path = parts.map((part) => this.#string(part))
    if (path.length > 1 && path[0] !== 'pg_catalog') throw refused('types with a schema')
    const name = path.at(-1) ?? ''
    if (/^(?:reg|pg_|_reg)/.test(name)) return [{ kind: 'catalog-cast', type: name }]
    return this.#expression(node['typmods'])
  }

  #nameList(value: unknown): readonly string[] | null {
    return value === undefined ? null : list(value).map((item) => this.#string(item))
  }

  #name(value: unknown): string {
    if (typeof value !== 'string') throw refused('a name that is missing')
    return this.#names.of(value)
  }

  #string(item: unknown): string {
    return this.#names.of(rawString(item))
  }
}

function rawString(item: unknown): string {
  const text = asNode(asNode(item)['String'])['sval']
  if (typeof text !== 'string') throw refused('a name of this form')
  return text
}

function unwrap(wrapped: Node): readonly [string, Node] {
  const entries = Object.entries(wrapped)
  const [entry] = entries
  if (entry === undefined || entries.length > 1 || !/^[A-Z]/.test(entry[0])) {
    throw refused('a node of this form')
  }
  return [entry[0], asNode(entry[1])]
}
