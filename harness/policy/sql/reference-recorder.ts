import type { Catalogue } from './catalogue.ts'
import { findColumn, findQualified, type Lookup, type Scope, type ScopeRelation } from './scope.ts'
import { shownName } from './sql-verdict.ts'
import type { StatementShape } from './statement-shape.ts'

/** Finds out what the names in expressions mean where they stand, and records it. */
export class ReferenceRecorder {
  readonly #catalogue: Catalogue
  readonly #shape: StatementShape

  constructor(catalogue: Catalogue, shape: StatementShape) {
    this.#catalogue = catalogue
    this.#shape = shape
  }

  /** A column, or in PostgreSQL the whole row of a relation. */
  column(path: readonly string[], scope: Scope | null): void {
    const column = this.#catalogue.foldColumn(path.at(-1) ?? '')
    const found =
      path.length === 1
        ? findColumn(scope, column)
        : findQualified(scope, this.qualifier(path.slice(0, -1)), column)
    for (const relation of found.relations) this.#touch(relation, column)
    const wholeRow =
      path.length === 1 ? this.#wholeRow(this.#catalogue.foldTable(column), scope) : null
    const isRow = wholeRow !== null && (!found.isResolved || found.relations.some(isUnknown))
    if (isRow) this.star(wholeRow.relations)
    else if (!found.isResolved && !this.#rowId(path, column, scope)) {
      const name = shownName(path.join('.'))
      this.#shape.object('unparseable', `Column "${name}" belongs to no table that is in scope`)
    }
  }

  /** PostgreSQL reads the name of a relation as its whole row where no column has that name. */
  #wholeRow(name: string, scope: Scope | null): Lookup | null {
    if (this.#catalogue.dialect !== 'postgresql') return null
    const found = findQualified(scope, (relation) => relation.alias === name, undefined)
    return found.isResolved ? found : null
  }

  /** SQLite's hidden row number; it can be another name of a primary key, so nothing may be restricted. */
  #rowId(path: readonly string[], column: string, scope: Scope | null): boolean {
    if (this.#catalogue.dialect !== 'sqlite' || !/^(?:rowid|oid|_rowid_)$/.test(column))
      return false
    const found =
      path.length === 1
        ? (scope?.relations ?? [])
        : findQualified(scope, this.qualifier(path.slice(0, -1)), undefined).relations
    return (
      found.length > 0 &&
      found.every(
        ({ tableKey }) =>
          tableKey !== null &&
          this.#catalogue.restrictedColumnsOf(tableKey).length === 0 &&
          this.#catalogue.filterOf(tableKey).kind === 'none',
      )
    )
  }

  /** `*` or `table.*`. */
  starReference(path: readonly string[], scope: Scope | null): void {
    const found = this.findStar(path, scope)
    if (!found.isResolved) {
      this.#shape.object('unparseable', 'A star belongs to no table that is in scope')
    }
    this.star(found.relations)
  }

  /** The relations that a star covers. */
  findStar(path: readonly string[], scope: Scope | null): Lookup {
    if (path.length === 0) {
      const relations = scope?.relations ?? []
      return { relations, isResolved: relations.length > 0 }
    }
    return findQualified(scope, this.qualifier(path), undefined)
  }

  /** Tells which relations a qualifier can mean. */
  qualifier(path: readonly string[]): (relation: ScopeRelation) => boolean {
    if (path.length === 1) {
      const alias = this.#catalogue.foldTable(path[0] ?? '')
      return (relation) => relation.alias === alias
    }
    const key = this.#catalogue.keyOf(path)
    return (relation) => key !== null && relation.qualifiedKey === key
  }

  /** Every column of the relations. */
  star(relations: readonly ScopeRelation[]): void {
    for (const { tableKey, columns } of relations) {
      if (tableKey !== null) this.#shape.readStar(tableKey, columns)
    }
  }

  #touch(relation: ScopeRelation, column: string): void {
    if (relation.tableKey === null) return
    this.#shape.readColumn(relation.tableKey, column)
    // Without a schema `t.f` may be a column or, in PostgreSQL, the function f applied to the row.
    const mayBeCall = relation.columns === null && this.#catalogue.dialect === 'postgresql'
    if (mayBeCall && this.#catalogue.isFunctionAllowed(column)) this.star([relation])
  }

  /** The columns that a natural join of a relation with the others compares. */
  natural(relation: ScopeRelation, all: readonly ScopeRelation[]): void {
    const others = all.filter((other) => other !== relation)
    const shared =
      relation.columns?.filter((column) =>
        others.some((other) => other.columns === null || other.columns.includes(column)),
      ) ?? null
    if (shared === null) this.star([relation])
    else for (const column of shared) this.#touch(relation, column)
  }
}

function isUnknown(relation: ScopeRelation): boolean {
  return relation.columns === null
}
