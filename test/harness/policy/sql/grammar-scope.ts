/** What generated statements are about. Every table also has a column `pad` that is never named. */
export interface GrammarSchema {
  readonly tables: { readonly [table: string]: { readonly [column: string]: 'int' | 'text' } }
  readonly writable: readonly string[]
  readonly dialect: 'postgresql' | 'sqlite'
  /** Leaves out what may have several right answers: LIMIT without an order, ties, ambiguous updates. */
  readonly isDeterministic?: boolean
}

/** A column that a generated statement can name. */
export interface Column {
  readonly name: string
  readonly type: 'int' | 'text'
}

/** A relation that is in scope. */
export interface Relation {
  readonly alias: string
  readonly columns: readonly Column[]
}

/** What a generated query can see. */
export interface Scope {
  readonly relations: readonly Relation[]
  readonly outer: Scope | null
  readonly common: readonly Relation[]
}
