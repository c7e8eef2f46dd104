import type { Catalogue } from './catalogue.ts'
import { aliased, type Columns, type CommonNames, findCommon } from './common-names.ts'
import { ReferenceRecorder } from './reference-recorder.ts'
import { findColumn, findQualified, type Scope, type ScopeRelation } from './scope.ts'
import type {
  Body,
  Expression,
  OutputColumn,
  Query,
  Reference,
  Relation,
  Source,
  Statement,
  Term,
  Write,
} from './sql-statement.ts'
import { shownName } from './sql-verdict.ts'
import type { StatementShape } from './statement-shape.ts'

interface Surroundings {
  readonly common: CommonNames | null
  readonly scope: Scope | null
}

const NO_NAMES: ReadonlySet<string> = new Set()

/**
 * Resolves every name of a statement by the scope rules of SQL and records in `shape` what is touched
 * and what the policy has against it.
 */
export class NameResolver {
  readonly #catalogue: Catalogue
  readonly #shape: StatementShape
  readonly #references: ReferenceRecorder

  constructor(catalogue: Catalogue, shape: StatementShape) {
    this.#catalogue = catalogue
    this.#shape = shape
    this.#references = new ReferenceRecorder(catalogue, shape)
  }

  statement(statement: Statement): void {
    const nowhere = { common: null, scope: null }
    if (statement.kind === 'query') {
      this.#query(statement.query, nowhere)
      return
    }
    for (const target of statement.targets) this.#shape.define(target, statement.columns)
    if (statement.query !== null) this.#query(statement.query, nowhere)
  }

  /** Judges a query and tells its result columns. */
  #query(query: Query, outside: Surroundings): Columns {
    const inside = { ...outside, common: this.#commonTables(query, outside) }
    const body = query.body
    if (body.kind === 'select') return this.#select(query, body, inside)
    if (body.kind === 'write') return this.#write(body.write, inside)
    if (body.kind === 'values') {
      this.#expression(body.rows, inside)
      this.#tail(query, resultScope([null], inside.scope), inside)
      return null
    }
    const left = this.#query(body.left, inside)
    const right = this.#query(body.right, inside)
    this.#tail(query, resultScope([left, right], inside.scope), inside)
    return left
  }

  #select(query: Query, body: Extract<Body, { kind: 'select' }>, inside: Surroundings): Columns {
    const relations = this.#source(body.from, inside)
    const names = aliasesOf(body.output, (name) => this.#catalogue.foldColumn(name))
    const { dialect } = this.#catalogue
    const scope = (isAliasVisible: boolean): Surroundings => ({
      common: inside.common,
      scope: {
        relations,
        parent: inside.scope,
        outputNames: isAliasVisible ? names : NO_NAMES,
        isLoose: false,
      },
    })
    // SQLite lets any clause but the result itself use a result name, MySQL those after GROUP BY,
    // PostgreSQL none.
    const early = scope(dialect === 'sqlite')
    const late = scope(dialect !== 'postgresql')
    const columns = body.output.map((column) => this.#output(column, scope(false), relations))
    this.#expression(body.filter, early)
    for (const term of body.group)
      this.#expression(term.expression, term.bareName ? scope(true) : late)
    this.#expression(body.having, late)
    this.#terms(query.order, names, late)
    this.#expression(query.limits, inside)
    this.#lock(query, relations)
    return columns.some((column) => column === null)
      ? null
      : columns.flatMap((column) => column ?? [])
  }

  #tail(query: Query, scope: Scope, inside: Surroundings): void {
    this.#terms(query.order, NO_NAMES, { common: inside.common, scope })
    this.#expression(query.limits, inside)
    this.#lock(query, [])
  }

  #terms(terms: readonly Term[], names: ReadonlySet<string>, at: Surroundings): void {
    for (const term of terms) {
      // A sort term that is nothing but a name means the result column of that name first.
      const isOutput =
        term.bareName !== null && names.has(this.#catalogue.foldColumn(term.bareName))
      if (!isOutput) this.#expression(term.expression, at)
    }
  }

  #commonTables(query: Query, outside: Surroundings): CommonNames | null {
    const { dialect } = this.#catalogue
    let common = outside.common
    const seesSiblings = query.isRecursive && dialect === 'postgresql'
    if (seesSiblings) {
      for (const item of query.commonTables) common = this.#commonName(item.name, null, common)
    }
    for (const item of query.commonTables) {
      this.#shape.defineCommon(this.#catalogue.foldTable(item.name))
      if (this.#catalogue.isSystemCatalogue([item.name])) {
        this.#shape.object(
          'system-catalog',
          `${shownName(item.name)} is a name of the system catalogue`,
        )
      }
      if (this.#catalogue.isFilteredName(item.name)) {
        const name = shownName(item.name)
        this.#shape.object('row-filter', `WITH may not use ${name}, the name of a filtered table`)
      }
      const seesItself = query.isRecursive || dialect === 'sqlite'
      const inBody = seesItself ? this.#commonName(item.name, item.columnAliases, common) : common
      const columns = this.#query(item.query, { common: inBody, scope: outside.scope })
      common = this.#commonName(item.name, aliased(columns, item.columnAliases), common)
    }
    return common
  }

  #commonName(name: string, columns: Columns, outer: CommonNames | null): CommonNames {
    const folded = columns?.map((column) => this.#catalogue.foldColumn(column)) ?? null
    return { name: this.#catalogue.foldTable(name), columns: folded, outer }
  }

  #source(source: Source, outside: Surroundings): ScopeRelation[] {
    const relations: ScopeRelation[] = []
    for (const relation of source.relations) {
      const lateral = looseScope([...relations], outside)
      relations.push(this.#relation(relation, outside, lateral))
    }
    const all = looseScope(relations, outside)
    this.#expression(source.conditions, all)
    for (const column of source.usingColumns) this.#references.column([column], all.scope)
    if (source.isNatural) {
      for (const relation of relations) this.#references.natural(relation, relations)
    }
    return relations
  }

  #relation(relation: Relation, outside: Surroundings, lateral: Surroundings): ScopeRelation {
    if (relation.kind === 'table') return this.#table(relation, outside.common)
    const { foldTable, foldColumn } = this.#folding()
    const alias = relation.alias === null ? null : foldTable(relation.alias)
    const derived = { alias, qualifiedKey: null, tableKey: null }
    if (relation.kind === 'function') {
      this.#expression(relation.expression, lateral)
      return { ...derived, columns: null }
    }
    const columns = this.#query(relation.query, relation.isLateral ? lateral : outside)
    const renamed = aliased(columns, relation.columnAliases)
    return { ...derived, columns: renamed?.map(foldColumn) ?? null }
  }

  #table(
    relation: Extract<Relation, { kind: 'table' }>,
    common: CommonNames | null,
  ): ScopeRelation {
    const { foldTable, foldColumn } = this.#folding()
    const ownName = foldTable(relation.path.at(-1) ?? '')
    const alias = relation.alias === null ? ownName : foldTable(relation.alias)
    const item = relation.path.length === 1 ? findCommon(common, ownName) : null
    if (item !== null) {
      const columns = aliased(item.columns, relation.columnAliases)?.map(foldColumn) ?? null
      return { alias, qualifiedKey: null, tableKey: null, columns }
    }
    const key = this.#shape.read(relation.path)
    const tableColumns = this.#catalogue.columnsOf(key)
    // Renamed columns would hide the restricted ones, so such a list counts as a star.
    if (relation.columnAliases !== null)
      this.#references.star([this.#asRelation(key, alias, tableColumns)])
    const columns = relation.columnAliases === null ? tableColumns : null
    const qualifiedKey = relation.alias === null ? key : null
    return { alias, qualifiedKey, tableKey: key, columns }
  }

  #asRelation(tableKey: string, alias: string, columns: Columns): ScopeRelation {
    return { alias, qualifiedKey: null, tableKey, columns }
  }

  #output(column: OutputColumn, at: Surroundings, relations: readonly ScopeRelation[]): Columns {
    this.#expression(column.expression, at)
    const [only] = column.expression
    if (only?.kind === 'star' && column.name === null && column.expression.length === 1) {
      const covered =
        only.path.length === 0
          ? relations
          : this.#references.findStar(only.path, at.scope).relations
      if (covered.some((relation) => relation.columns === null)) return null
      return covered.flatMap((relation) => relation.columns ?? [])
    }
    return column.name === null ? null : [this.#catalogue.foldColumn(column.name)]
  }

  #expression(expression: Expression, at: Surroundings): void {
    for (const reference of expression) this.#reference(reference, at)
  }

  #reference(reference: Reference, at: Surroundings): void {
    switch (reference.kind) {
      case 'column':
        this.#references.column(reference.path, at.scope)
        break
      case 'star':
        this.#references.starReference(reference.path, at.scope)
        break
      case 'call':
        this.#shape.call(reference.path)
        break
      case 'query':
        this.#query(reference.query, at)
        break
      case 'catalog-cast':
        this.#shape.object('system-catalog', 'Casts to catalogue types are not allowed')
    }
  }

  #lock(query: Query, relations: readonly ScopeRelation[]): void {
    if (query.locks === 'none') return
    const { locks } = query
    const locked =
      locks === 'all'
        ? relations
        : relations.filter(({ alias }) => alias !== null && locks.includes(alias))
    const reaches = locked.every(({ tableKey }) => tableKey !== null)
    if (locked.length === 0 || !reaches) {
      this.#shape.object('table-not-writable', 'Locks are allowed on plain tables only')
    }
    for (const { tableKey } of locked) if (tableKey !== null) this.#shape.lock(tableKey)
  }

  #write(write: Write, outside: Surroundings): Columns {
    if (write.rows !== null) this.#query(write.rows, { common: outside.common, scope: null })
    const targets = write.targets
    const relations: ScopeRelation[] = []
    for (const [index, relation] of write.from.relations.entries()) {
      const lateral = looseScope([...relations], outside)
      const isTable = relation.kind === 'table'
      if (isTable && targets?.includes(index) === true) relations.push(this.#target(relation))
      else if (isTable && targets === null) relations.push(this.#possibleTarget(relation, outside))
      else relations.push(this.#relation(relation, outside, lateral))
    }
    const written = this.#assigned(write, relations)
    if (written.length === 0)
      this.#shape.object('unparseable', 'The target of a write is not clear')
    for (const relation of written) {
      if (relation.tableKey === null) {
        this.#shape.object('table-not-writable', 'Only tables can be written')
        continue
      }
      this.#shape.writeKey(relation.tableKey)
      if (write.assignsEveryColumn) this.#shape.writeStar(relation.tableKey, relation.columns)
      if (write.readsTarget) this.#shape.readKey(relation.tableKey)
    }
    this.#readOthers(relations, written)
    // SQLite reads all of them whole, by its own account, to join them before the target is looked at.
    const others = relations.filter((relation) => !written.includes(relation))
    if (this.#catalogue.dialect === 'sqlite' && others.length > 1) this.#references.star(others)
    const scope = this.#writeScope(write, relations, written)
    const at = { common: outside.common, scope: { ...scope, parent: outside.scope } }
    this.#expression(write.from.conditions, at)
    for (const column of write.from.usingColumns) this.#references.column([column], at.scope)
    if (write.from.isNatural) this.#references.star(relations)
    this.#expression(write.expressions, at)
    const columns = write.returning.map((column) => this.#output(column, at, relations))
    return columns.some((column) => column === null)
      ? null
      : columns.flatMap((column) => column ?? [])
  }

  /** The target of a write never means a WITH item. */
  #target(relation: Extract<Relation, { kind: 'table' }>): ScopeRelation {
    const { foldTable } = this.#folding()
    const key = this.#shape.target(relation.path)
    const alias = foldTable(relation.alias ?? relation.path.at(-1) ?? '')
    const qualifiedKey = relation.alias === null ? key : null
    return { alias, qualifiedKey, tableKey: key, columns: this.#catalogue.columnsOf(key) }
  }

  #possibleTarget(
    relation: Extract<Relation, { kind: 'table' }>,
    outside: Surroundings,
  ): ScopeRelation {
    const name = this.#catalogue.foldTable(relation.path.at(-1) ?? '')
    const isCommon = relation.path.length === 1 && findCommon(outside.common, name) !== null
    return isCommon ? this.#table(relation, outside.common) : this.#target(relation)
  }

  #assigned(write: Write, relations: readonly ScopeRelation[]): readonly ScopeRelation[] {
    const isTarget = (_: ScopeRelation, index: number) => write.targets?.includes(index) === true
    const candidates = write.targets === null ? relations : relations.filter(isTarget)
    const scope: Scope = {
      relations: candidates,
      parent: null,
      outputNames: NO_NAMES,
      isLoose: false,
    }
    const written = new Set<ScopeRelation>(write.targets === null ? [] : candidates)
    for (const path of write.assigned) {
      const column = this.#catalogue.foldColumn(path.at(-1) ?? '')
      const found =
        path.length === 1
          ? findColumn(scope, column)
          : findQualified(scope, this.#references.qualifier(path.slice(0, -1)), column)
      if (!found.isResolved) {
        this.#shape.object('unparseable', `Column "${shownName(column)}" is not one of the target`)
      }
      for (const relation of found.relations) {
        written.add(relation)
        if (relation.tableKey !== null) this.#shape.writeColumn(relation.tableKey, column)
      }
    }
    return [...written]
  }

  #readOthers(relations: readonly ScopeRelation[], written: readonly ScopeRelation[]): void {
    for (const relation of relations) {
      const isRead = relation.tableKey !== null && !written.includes(relation)
      if (isRead && relation.tableKey !== null) this.#shape.readKey(relation.tableKey)
    }
  }

  #writeScope(
    write: Write,
    relations: readonly ScopeRelation[],
    written: readonly ScopeRelation[],
  ): Scope {
    const [target] = written
    const excluded: readonly ScopeRelation[] =
      write.hasExcluded && target !== undefined
        ? [{ ...target, alias: 'excluded', qualifiedKey: null }]
        : []
    return {
      relations: [...relations, ...excluded],
      parent: null,
      outputNames: NO_NAMES,
      isLoose: false,
    }
  }

  #folding(): { foldTable: (name: string) => string; foldColumn: (name: string) => string } {
    return {
      foldTable: (name) => this.#catalogue.foldTable(name),
      foldColumn: (name) => this.#catalogue.foldColumn(name),
    }
  }
}

function looseScope(relations: readonly ScopeRelation[], outside: Surroundings): Surroundings {
  const scope = { relations, parent: outside.scope, outputNames: NO_NAMES, isLoose: true }
  return { common: outside.common, scope }
}

/** Sorting a set operation sees the result columns only. */
function resultScope(results: readonly Columns[], parent: Scope | null): Scope {
  const relations = results.map((columns) => ({
    alias: null,
    qualifiedKey: null,
    tableKey: null,
    columns,
  }))
  return { relations, parent, outputNames: NO_NAMES, isLoose: false }
}

function aliasesOf(
  output: readonly OutputColumn[],
  fold: (name: string) => string,
): ReadonlySet<string> {
  return new Set(
    output.flatMap(({ name, isAlias }) => (isAlias && name !== null ? [fold(name)] : [])),
  )
}
