import type { Catalogue } from './catalogue.ts'
import { type FilterItem, type SplicedText, spliceFilters } from './splice-filters.ts'
import { lexSql, type Token } from './sql-lexer.ts'
import { type NarrowedSql, SqlRefusal, type SqlRules } from './sql-verdict.ts'
import type { StatementShape } from './statement-shape.ts'

/** Reads a text with the names of a catalogue that permits everything; throws what the reading throws. */
export type Reread = (sql: string) => StatementShape

/**
 * Narrows a statement to the rows of a requester and reads the result again as a stranger would: it must
 * touch the same tables, and a filtered one nowhere but in the item that filters it.
 *
 * @returns The narrowed statement, or null when it reads no filtered table.
 * @throws {SqlRefusal} `row-filter`: it cannot be narrowed with certainty.
 */
export function narrowStatement(
  text: SplicedText,
  { shape, catalogue, reread }: { shape: StatementShape; catalogue: Catalogue; reread: Reread },
): NarrowedSql | null {
  const filters = filtersOf(shape, catalogue)
  if (filters.length === 0) return null
  const narrowed = spliceFilters(text, filters)
  checkTokens(text, narrowed.sql)
  checkShape(shape, catalogue, reread, narrowed.sql)
  return narrowed
}

/** Rules that permit everything, for reading a text whose permission has been decided. */
export function openRules(rules: SqlRules): SqlRules {
  return {
    ...rules,
    readableTables: ['*'],
    writableTables: ['*'],
    restrictedColumns: [],
    rowFilter: null,
  }
}

/** Where a filtered table is put for {@link probeStatement}, so that nothing else can reach it. */
export function hiddenName(table: string): string {
  return `airlock_hidden_${table}`
}

/**
 * The narrowed statement as it would be if each filtered table were somewhere else. Where there is no table
 * of the old name, an engine accepts it only if every mention of that name means the WITH item.
 */
export function probeStatement(
  text: SplicedText,
  { shape, catalogue }: { shape: StatementShape; catalogue: Catalogue },
): string {
  const hidden = filtersOf(shape, catalogue).map(({ path, ...filter }) => ({
    ...filter,
    name: path[1],
    path: [path[0], hiddenName(path[1])] as const,
  }))
  return spliceFilters(text, hidden).sql
}

function filtersOf(shape: StatementShape, catalogue: Catalogue): readonly FilterItem[] {
  return [...shape.tablesRead].sort().flatMap((key) => {
    const filter = catalogue.filterOf(key)
    return filter.kind === 'filtered' ? [{ ...filter, name: filter.path[1] }] : []
  })
}

/** All tokens of the statement are still there, in order, around what was put in at one place. */
function checkTokens({ tokens, dialect }: SplicedText, narrowed: string): void {
  const spell = (token: Token | undefined) => (token?.kind === 'parameter' ? '?' : token?.text)
  const after = lexSql(narrowed, dialect).tokens
  const end = after.findLastIndex(({ text }) => text !== ';') + 1
  const added = end - tokens.length
  const isSameAround = (place: number) =>
    tokens.every((token, index) => {
      return spell(token) === spell(after[index < place ? index : index + added])
    })
  if (added <= 0 || ![0, 1, 2].some(isSameAround)) throw uncertain()
}

function checkShape(
  shape: StatementShape,
  catalogue: Catalogue,
  reread: Reread,
  narrowed: string,
): void {
  const after = readAgain(reread, narrowed)
  const areReadAsOften = [...shape.tablesRead].every((key) => {
    const isFiltered = catalogue.filterOf(key).kind === 'filtered'
    return after.namingsOf(key) === (isFiltered ? 1 : shape.namingsOf(key))
  })
  // Functions of a condition are the policy's own and need not be on the list of allowed ones.
  const isUnderstood = after.objections.every((each) => each.reasonCode === 'dangerous-function')
  const areTablesSame =
    isSameSet(after.tablesRead, shape.tablesRead) &&
    isSameSet(after.tablesWritten, shape.tablesWritten)
  if (!areReadAsOften || !isUnderstood || !areTablesSame) throw uncertain()
}

function readAgain(reread: Reread, narrowed: string): StatementShape {
  try {
    return reread(narrowed)
  } catch (error) {
    if (error instanceof SqlRefusal) throw uncertain()
    throw error
  }
}

function isSameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((item) => other.has(item))
}

function uncertain(): SqlRefusal {
  return new SqlRefusal(
    'row-filter',
    'The statement cannot be narrowed to your rows with certainty',
  )
}
