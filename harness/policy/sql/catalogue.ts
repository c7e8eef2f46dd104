import type { SqlDialect } from '../../sandbox/tool-host.ts'
import { ALLOWED_FUNCTIONS } from './allowed-functions.ts'
import { type FilterCondition, readFilterCondition, UnknownFilterColumn } from './row-filter.ts'
import { SqlRefusal, type SqlRules } from './sql-verdict.ts'

const DEFAULT_SCHEMAS: Readonly<Record<SqlDialect, string | null>> = {
  postgresql: 'public',
  mysql: null,
  sqlite: 'main',
}

const CATALOGUE_SCHEMAS: Readonly<Record<SqlDialect, RegExp>> = {
  postgresql: /^(?:information_schema|pg_.*)$/i,
  mysql: /^(?:information_schema|mysql|performance_schema|sys)$/i,
  sqlite: /^sqlite_/i,
}

const CATALOGUE_TABLES: Readonly<Record<SqlDialect, RegExp>> = {
  postgresql: /^pg_/,
  mysql: /^$/,
  // Beside the schema tables: the virtual tables that exist without being created.
  sqlite: /^(?:sqlite_.*|pragma_.*|dbstat|bytecode|tables_used|fsdir|zipfile|completion|stmt)$/,
}

/** How the rows of a table are filtered: not at all, not known, wrongly, or by a condition. */
export type TableFilter =
  | { readonly kind: 'none' | 'missing' | 'broken' }
  | {
      readonly kind: 'filtered'
      /** The table's full name. */
      readonly path: readonly [schema: string, table: string]
      /** The columns that may be seen, in catalogue spelling. */
      readonly columns: readonly string[]
      readonly condition: FilterCondition
    }

/**
 * A policy in the spelling of one dialect's catalogue: which names mean which table, what may be read
 * and written, and which columns are restricted.
 *
 * A table is identified by a key: its bare name in the default schema, `schema.name` elsewhere.
 */
export class Catalogue {
  readonly dialect: SqlDialect
  readonly #defaultSchema: string | null
  readonly #readable: ReadonlySet<string>
  readonly #writable: ReadonlySet<string>
  readonly #columns: ReadonlyMap<string, readonly string[]>
  readonly #restrictedByTable = new Map<string, Set<string>>()
  readonly #restrictedEverywhere = new Set<string>()
  readonly #functions: ReadonlySet<string>
  readonly #filters: ReadonlyMap<string, TableFilter> | null

  constructor(dialect: SqlDialect, rules: SqlRules) {
    this.dialect = dialect
    this.#defaultSchema = rules.defaultSchema ?? DEFAULT_SCHEMAS[dialect]
    this.#readable = new Set(rules.readableTables.map((entry) => this.#keyOfEntry(entry)))
    this.#writable = new Set(rules.writableTables.map((entry) => this.#keyOfEntry(entry)))
    this.#columns = new Map(
      Object.entries(rules.schema ?? {}).map(([table, columns]) => [
        this.#keyOfEntry(table),
        columns.map((column) => this.foldColumn(column)),
      ]),
    )
    this.#functions = new Set(rules.allowedFunctions.map((name) => name.toLowerCase()))
    for (const entry of rules.restrictedColumns) this.#restrict(entry)
    this.#filters = rules.rowFilter === null ? null : this.#filtersOf(rules, rules.rowFilter)
  }

  /** Case folding of table names: only SQLite has any left once its grammar has folded. */
  foldTable(name: string): string {
    return this.dialect === 'sqlite' ? lowerAscii(name) : name
  }

  /** Case folding of column names. */
  foldColumn(name: string): string {
    return this.dialect === 'postgresql' ? name : lowerAscii(name)
  }

  /** The key of a table path, or null when the path has more parts than are understood. */
  keyOf(path: readonly string[]): string | null {
    const [first, second] = path.map((part) => this.foldTable(part))
    if (first === undefined || path.length > 2) return null
    if (second === undefined) return first
    return first === this.#foldedDefaultSchema ? second : `${first}.${second}`
  }

  isSystemCatalogue(path: readonly string[]): boolean {
    const parts = path.map((part) => this.foldTable(part))
    const schemas = parts.slice(0, -1)
    return (
      schemas.some((schema) => CATALOGUE_SCHEMAS[this.dialect].test(schema)) ||
      CATALOGUE_TABLES[this.dialect].test(parts.at(-1) ?? '')
    )
  }

  isReadable(key: string): boolean {
    return this.#readable.has('*') || this.#readable.has(key)
  }

  isWritable(key: string): boolean {
    return this.#writable.has('*') || this.#writable.has(key)
  }

  /** The columns of a table, folded; null when no schema tells. */
  columnsOf(key: string): readonly string[] | null {
    return this.#columns.get(key) ?? null
  }

  isRestricted(key: string, column: string): boolean {
    const lower = column.toLowerCase()
    return (
      this.#restrictedEverywhere.has(lower) || this.#restrictedByTable.get(key)?.has(lower) === true
    )
  }

  /** The restricted columns that a star over the table covers, or may cover when no schema tells. */
  restrictedColumnsOf(key: string): readonly string[] {
    const known = this.columnsOf(key)
    const everywhere =
      known === null
        ? [...this.#restrictedEverywhere]
        : known.filter((column) => this.#restrictedEverywhere.has(column.toLowerCase()))
    return [...(this.#restrictedByTable.get(key) ?? []), ...everywhere]
  }

  isFunctionAllowed(name: string): boolean {
    const lower = this.dialect === 'postgresql' ? name : lowerAscii(name)
    return ALLOWED_FUNCTIONS[this.dialect].has(lower) || this.#functions.has(lower)
  }

  /** How the rows of a table are filtered. Once rows are filtered, every table must be accounted for. */
  filterOf(key: string): TableFilter {
    if (this.#filters === null) return NO_FILTER
    return this.#filters.get(key) ?? { kind: 'missing' }
  }

  /** Whether a name is, in any spelling, that of a table whose rows are filtered. */
  isFilteredName(name: string): boolean {
    const lower = name.toLowerCase()
    return [...(this.#filters ?? [])].some(
      ([key, { kind }]) => kind !== 'none' && key.toLowerCase() === lower,
    )
  }

  get #foldedDefaultSchema(): string | null {
    return this.#defaultSchema === null ? null : this.foldTable(this.#defaultSchema)
  }

  #keyOfEntry(entry: string): string {
    return this.keyOf(entry.split('.')) ?? entry
  }

  #filtersOf(
    rules: SqlRules,
    conditions: { readonly [table: string]: string },
  ): ReadonlyMap<string, TableFilter> {
    const columns = new Map(
      Object.entries(rules.schema ?? {}).map(([table, names]) => [this.#keyOfEntry(table), names]),
    )
    return new Map(
      Object.entries(conditions).map(([table, text]) => {
        const key = this.#keyOfEntry(table)
        return [key, this.#filter(key, text, columns.get(key) ?? [])]
      }),
    )
  }

  #filter(key: string, text: string, columns: readonly string[]): TableFilter {
    try {
      const condition = readFilterCondition(text, this.dialect, columns)
      if (condition === null) return NO_FILTER
      const schema = this.#defaultSchema
      // Only a bare name can be given another meaning, and only a full one keeps its own. MariaDB 10.11 does
      // not see an outer WITH from a WITH in a derived table, so there a name may mean the table after all.
      const isCertain = this.dialect !== 'mysql' && !key.includes('.')
      if (schema === null || !isCertain) return { kind: 'broken' }
      const visible = columns.filter((column) => !this.isRestricted(key, this.foldColumn(column)))
      return { kind: 'filtered', path: [schema, key], columns: visible, condition }
    } catch (error) {
      if (error instanceof SqlRefusal || error instanceof UnknownFilterColumn) {
        return { kind: 'broken' }
      }
      throw error
    }
  }

  #restrict(entry: string): void {
    const dot = entry.lastIndexOf('.')
    const table = entry.slice(0, dot)
    const column = entry.slice(dot + 1).toLowerCase()
    if (table === '*') {
      this.#restrictedEverywhere.add(column)
      return
    }
    const key = this.#keyOfEntry(table)
    const columns = this.#restrictedByTable.get(key) ?? new Set()
    this.#restrictedByTable.set(key, columns.add(column))
  }
}

const NO_FILTER: TableFilter = { kind: 'none' }

// The engines fold ASCII letters only; toLowerCase would make the Kelvin sign equal to k.
function lowerAscii(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
