/**
 * What any dialect's statement is made of, once read. Both tree readers produce it and one resolver
 * judges it. An expression is only the list of things it refers to: a restricted column is denied in
 * every position alike, so the operators around it do not matter.
 */
export type Expression = readonly Reference[]

/** One thing that an expression refers to. Paths are spelled as the dialect folds them. */
export type Reference =
  /** `column`, `table.column` or `schema.table.column`. */
  | { readonly kind: 'column'; readonly path: readonly string[] }
  /** `*` (empty path), `table.*` or `schema.table.*`, and whole rows used as a value. */
  | { readonly kind: 'star'; readonly path: readonly string[] }
  | { readonly kind: 'call'; readonly path: readonly string[] }
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'catalog-cast'; readonly type: string }

/** One column of a result; `name` is null when the engine makes one up. */
export interface OutputColumn {
  readonly expression: Expression
  readonly name: string | null
  /** True when the statement gives the name: only such a name can be used elsewhere in the query. */
  readonly isAlias: boolean
}

/** A sort or grouping term; `bareName` when it is nothing but one unqualified name. */
export interface Term {
  readonly expression: Expression
  readonly bareName: string | null
}

/** One item of a FROM clause. Joins are flat: which side a relation stood on does not matter. */
export type Relation =
  | {
      readonly kind: 'table'
      readonly path: readonly string[]
      readonly alias: string | null
      readonly columnAliases: readonly string[] | null
    }
  | {
      readonly kind: 'derived'
      readonly query: Query
      readonly alias: string | null
      readonly columnAliases: readonly string[] | null
      readonly isLateral: boolean
    }
  | {
      readonly kind: 'function'
      readonly expression: Expression
      readonly alias: string | null
      readonly columnAliases: readonly string[] | null
    }

/** A FROM clause. */
export interface Source {
  readonly relations: readonly Relation[]
  /** All ON conditions together. */
  readonly conditions: Expression
  readonly usingColumns: readonly string[]
  readonly isNatural: boolean
}

/** A FROM clause with nothing in it. */
export const EMPTY_SOURCE: Source = Object.freeze({
  relations: [],
  conditions: [],
  usingColumns: [],
  isNatural: false,
})

/** A query or a write, with everything around its body. */
export interface Query {
  readonly commonTables: readonly CommonTable[]
  readonly isRecursive: boolean
  readonly body: Body
  readonly order: readonly Term[]
  /** LIMIT, OFFSET and the like. */
  readonly limits: Expression
  /** Row locks: `'all'`, or the aliases named after OF. */
  readonly locks: 'none' | 'all' | readonly string[]
}

/** One item of a WITH clause. */
export interface CommonTable {
  readonly name: string
  readonly columnAliases: readonly string[] | null
  readonly query: Query
}

/** The part of a query that produces rows. */
export type Body =
  | {
      readonly kind: 'select'
      readonly output: readonly OutputColumn[]
      readonly from: Source
      /** WHERE, DISTINCT ON, named windows. */
      readonly filter: Expression
      readonly group: readonly Term[]
      readonly having: Expression
    }
  | { readonly kind: 'set'; readonly left: Query; readonly right: Query }
  | { readonly kind: 'values'; readonly rows: Expression }
  | { readonly kind: 'write'; readonly write: Write }

/** An INSERT, UPDATE, DELETE, MERGE or REPLACE. */
export interface Write {
  /** The targets and whatever is joined to them. */
  readonly from: Source
  /** Positions of the targets in `from.relations`; null: every relation that has an assigned column. */
  readonly targets: readonly number[] | null
  readonly assigned: readonly (readonly string[])[]
  /** An INSERT without a column list writes every column. */
  readonly assignsEveryColumn: boolean
  /** True when the number of affected rows or a conflict reveals something about the target's rows. */
  readonly readsTarget: boolean
  /** The rows of an INSERT, which cannot see the target. */
  readonly rows: Query | null
  /** Everything that can see target and joined relations: right sides, WHERE, conflict actions. */
  readonly expressions: Expression
  readonly returning: readonly OutputColumn[]
  /** True when the target is also known as `excluded`. */
  readonly hasExcluded: boolean
}

/** One statement. */
export type Statement =
  | { readonly kind: 'query'; readonly query: Query }
  /** `columns` are those of the targets that are named; `query` is what a CREATE ... AS reads. */
  | {
      readonly kind: 'definition'
      readonly targets: readonly (readonly string[])[]
      readonly columns: readonly string[]
      readonly query: Query | null
    }

/** A query that has nothing around its body. */
export function plainQuery(body: Body): Query {
  return { commonTables: [], isRecursive: false, body, order: [], limits: [], locks: 'none' }
}
