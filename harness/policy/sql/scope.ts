/** A relation as a name lookup sees it: a table of the catalogue, or rows that a query produces. */
export interface ScopeRelation {
  /** The name it answers to; null when it has none. */
  readonly alias: string | null
  /** Set for a table without an alias that may be called by its qualified name. */
  readonly qualifiedKey: string | null
  /** The catalogue key; null for derived rows, whose columns were judged where they were read. */
  readonly tableKey: string | null
  /** Folded column names; null when they are not known. */
  readonly columns: readonly string[] | null
}

/** The relations that are visible in one query, and the query around it. */
export interface Scope {
  readonly relations: readonly ScopeRelation[]
  readonly parent: Scope | null
  /** Result names that expressions of this scope may use where no relation has such a column. */
  readonly outputNames: ReadonlySet<string>
  /**
   * True where some of the relations may in fact be invisible, as in ON: then a name found here is
   * looked for further out as well, and everything it could mean counts.
   */
  readonly isLoose: boolean
}

/** Everything a column name can mean. */
export interface Lookup {
  readonly relations: readonly ScopeRelation[]
  /** False when nothing that was found is known to have the column and nothing unknown could have it. */
  readonly isResolved: boolean
}

/**
 * Looks an unqualified column up: the innermost scope that has a relation with such a column. A
 * relation with unknown columns may have any, so the search goes on beyond it.
 */
export function findColumn(scope: Scope | null, column: string): Lookup {
  const relations: ScopeRelation[] = []
  let isResolved = false
  for (let current = scope; current !== null; current = current.parent) {
    const known = current.relations.filter((relation) => relation.columns?.includes(column))
    const unknown = current.relations.filter((relation) => relation.columns === null)
    relations.push(...known, ...unknown)
    const isOutputName = current.outputNames.has(column)
    isResolved ||= known.length > 0 || unknown.length > 0 || isOutputName
    const isCertain = known.length > 0 || (isOutputName && unknown.length === 0)
    if (isCertain && !current.isLoose) break
  }
  return { relations, isResolved }
}

/** Looks `qualifier.column` up; with an undefined column only the qualifier, as in `t.*`. */
export function findQualified(
  scope: Scope | null,
  matches: (relation: ScopeRelation) => boolean,
  column: string | undefined,
): Lookup {
  const relations: ScopeRelation[] = []
  let isResolved = false
  for (let current = scope; current !== null; current = current.parent) {
    const named = current.relations.filter(matches)
    const having = named.filter(
      (relation) =>
        column === undefined || relation.columns === null || relation.columns.includes(column),
    )
    relations.push(...having)
    isResolved ||= having.length > 0
    const isCertain = having.some((relation) => column === undefined || relation.columns !== null)
    if (isCertain && !current.isLoose) break
  }
  return { relations, isResolved }
}
