/** Folded column names; null when they are not known. */
export type Columns = readonly string[] | null

/** Names of WITH items that are in force, innermost first. */
export interface CommonNames {
  readonly name: string
  readonly columns: readonly string[] | null
  readonly outer: CommonNames | null
}

/** The WITH item that a bare name means; null when it means a table. */
export function findCommon(common: CommonNames | null, name: string): CommonNames | null {
  for (let item = common; item !== null; item = item.outer) if (item.name === name) return item
  return null
}

/** Columns after a list of aliases has renamed the first of them. */
export function aliased(columns: Columns, aliases: readonly string[] | null): Columns {
  if (aliases === null) return columns
  return columns === null ? null : [...aliases, ...columns.slice(aliases.length)]
}
