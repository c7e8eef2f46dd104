import { type SqlTouch, shownName } from './sql-verdict.ts'

const MAX_NAMES = 20

/**
 * What a statement touches in plain words, for whoever has to say yes to it: `writes orders.status; reads
 * orders.id`. Empty when it touches no table. The names come from the statement; they are bounded and without
 * control characters, but not escaped for HTML.
 */
export function describeTouch({ tables, columns }: SqlTouch): string {
  const parts = [
    named('writes', tables.written, columns.written),
    named('reads', tables.read, columns.read),
  ]
  return parts.filter((part) => part !== '').join('; ')
}

/** Columns say more than their table; a table of which no column is named stands for itself. */
function named(verb: string, tables: readonly string[], columns: readonly string[]): string {
  const bare = tables.filter((table) => !columns.some((column) => isOf(table, column)))
  const names = [...columns, ...bare].map((name) => shownName(name))
  if (names.length === 0) return ''
  const more = names.length - MAX_NAMES
  return `${verb} ${names.slice(0, MAX_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function isOf(table: string, column: string): boolean {
  return column.slice(0, column.lastIndexOf('.')) === table
}
