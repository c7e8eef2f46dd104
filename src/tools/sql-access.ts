// Without the door to the harness: a process that starts for a database would load all of it.

/**
 * What a tool may reach at all, whatever a policy says: the same three lists as a `DataPolicy` has, so that
 * one object serves both.
 */
export interface SqlAccess {
  /** Tables and views that may be read: `table` or `schema.table`, or `'*'` for all but catalogues. */
  readonly readableTables: readonly string[]
  /** Tables that may be written, in the same forms. Default none. */
  readonly writableTables?: readonly string[]
  /** Columns that nothing may mention: `table.column`, `schema.table.column` or `*.column`. */
  readonly restrictedColumns?: readonly string[]
}

/** How names of a dialect are compared. */
export interface NameRules {
  /** What an unqualified table is in. */
  readonly defaultSchema: string
  /** Whether upper and lower case of ASCII letters are the same. */
  readonly foldsCase: boolean
}

/** A table or view as the database lists it. */
export interface KnownTable {
  /** `null` for the default schema. */
  readonly schema: string | null
  readonly name: string
  readonly columns: readonly string[]
}

/** Answers whether a table or column is within an access. Names are those of the catalogue. */
export class AccessList {
  readonly #readable: ReadonlySet<string>
  readonly #writable: ReadonlySet<string>
  readonly #restricted: ReadonlySet<string>
  readonly #rules: NameRules

  constructor(access: SqlAccess, rules: NameRules) {
    this.#rules = rules
    const table = (entry: string) => (entry === '*' ? '*' : this.#key(...splitTable(entry)))
    this.#readable = new Set(access.readableTables.map(table))
    this.#writable = new Set((access.writableTables ?? []).map(table))
    this.#restricted = new Set(
      (access.restrictedColumns ?? []).map((entry) => {
        const dot = entry.lastIndexOf('.')
        // Restricted columns are compared without regard to case in every dialect.
        return `${table(entry.slice(0, dot))}.${foldAscii(entry.slice(dot + 1))}`
      }),
    )
  }

  mayRead(schema: string | null, table: string): boolean {
    return this.#readable.has('*') || this.#readable.has(this.#key(schema, table))
  }

  mayWrite(schema: string | null, table: string): boolean {
    return this.#writable.has('*') || this.#writable.has(this.#key(schema, table))
  }

  isRestricted(schema: string | null, table: string, column: string): boolean {
    const name = foldAscii(column)
    const key = this.#key(schema, table)
    return this.#restricted.has(`*.${name}`) || this.#restricted.has(`${key}.${name}`)
  }

  /** The restricted columns of a table, folded; those of every table included. */
  restrictedOf(schema: string | null, table: string): readonly string[] {
    const prefixes = ['*.', `${this.#key(schema, table)}.`]
    return [...this.#restricted].flatMap((entry) =>
      prefixes.flatMap((prefix) => (entry.startsWith(prefix) ? entry.slice(prefix.length) : [])),
    )
  }

  /** Whether a word is the name of any restricted column. */
  namesRestricted(word: string): boolean {
    const end = `.${foldAscii(word)}`
    return [...this.#restricted].some((entry) => entry.endsWith(end))
  }

  /** Entries that name nothing that is there: most likely they are misspelled, and protect nothing. */
  unknownEntries(known: Iterable<KnownTable>): readonly string[] {
    const tables = new Map(
      [...known].map(({ schema, name, columns }) => [this.#key(schema, name), columns] as const),
    )
    const unknownTables = [...this.#readable, ...this.#writable].filter(
      (table) => table !== '*' && !tables.has(table),
    )
    const unknownColumns = [...this.#restricted].filter((entry) => {
      const dot = entry.lastIndexOf('.')
      const [table, column] = [entry.slice(0, dot), entry.slice(dot + 1)]
      if (table === '*') return false
      return !tables.get(table)?.some((name) => foldAscii(name) === column)
    })
    return [...new Set([...unknownTables, ...unknownColumns])]
  }

  #key(schema: string | null, table: string): string {
    const { defaultSchema, foldsCase } = this.#rules
    const key = `${schema ?? defaultSchema}.${table}`
    return foldsCase ? foldAscii(key) : key
  }
}

function splitTable(entry: string): readonly [schema: string | null, table: string] {
  const dot = entry.indexOf('.')
  return dot === -1 ? [null, entry] : [entry.slice(0, dot), entry.slice(dot + 1)]
}

/** Lower case for ASCII letters only, as SQLite folds names. */
export function foldAscii(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
