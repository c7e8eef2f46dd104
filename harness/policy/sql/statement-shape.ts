import type { Catalogue } from './catalogue.ts'
import {
  type NarrowedSql,
  SQL_REASON_CODES,
  type SqlObjection,
  type SqlReading,
  type SqlReasonCode,
  shownName,
} from './sql-verdict.ts'

/** What one statement touches, collected while its names are resolved, with every objection to it. */
export class StatementShape {
  readonly #catalogue: Catalogue
  readonly #objections = new Map<string, SqlObjection>()
  /** How often each table is named where rows are read. */
  readonly #namings = new Map<string, number>()
  /** Names of WITH items, wherever they stand. */
  readonly #commonNames = new Set<string>()
  readonly #read = new Set<string>()
  readonly #written = new Set<string>()
  readonly #columnsRead = new Set<string>()
  readonly #columnsWritten = new Set<string>()
  readonly #functions = new Set<string>()
  #locksOrWrites = false

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue
  }

  get isAllowed(): boolean {
    return this.#objections.size === 0
  }

  get objections(): readonly SqlObjection[] {
    return [...this.#objections.values()].sort(
      (a, b) => SQL_REASON_CODES.indexOf(a.reasonCode) - SQL_REASON_CODES.indexOf(b.reasonCode),
    )
  }

  get tablesRead(): ReadonlySet<string> {
    return this.#read
  }

  get tablesWritten(): ReadonlySet<string> {
    return this.#written
  }

  get functions(): ReadonlySet<string> {
    return this.#functions
  }

  /** Whether the statement was understood to refer to a column; `*` stands for every one. */
  hasColumn(name: string): boolean {
    return this.#columnsRead.has(name) || this.#columnsWritten.has(name)
  }

  /** Whether a table is read or written. */
  touches(key: string): boolean {
    return this.#read.has(key) || this.#written.has(key)
  }

  /** Whether a WITH item somewhere in the statement has this name. */
  hasCommonName(name: string): boolean {
    return this.#commonNames.has(name)
  }

  /** How often a table of the catalogue is named where rows are read. */
  namingsOf(key: string): number {
    return this.#namings.get(key) ?? 0
  }

  object(reasonCode: SqlReasonCode, message: string): void {
    this.#objections.set(`${reasonCode} ${message}`, { reasonCode, message })
  }

  /** A WITH item that the statement defines. */
  defineCommon(name: string): void {
    this.#commonNames.add(name)
  }

  /** A relation named where rows are read; tells its key. */
  read(path: readonly string[]): string {
    const key = this.#keyOf(path)
    this.#namings.set(key, this.namingsOf(key) + 1)
    if (this.#objectToCatalogue(path)) return key
    this.readKey(key)
    if (this.#catalogue.filterOf(key).kind === 'filtered' && path.length > 1) {
      this.object('row-filter', `Table ${quoted(key)} is filtered by row: write its bare name`)
    }
    return key
  }

  readKey(key: string): void {
    this.#read.add(key)
    if (!this.#catalogue.isReadable(key)) {
      this.object('table-not-readable', `Table ${quoted(key)} may not be read`)
    }
    const filter = this.#catalogue.filterOf(key).kind
    if (filter === 'missing') {
      this.object('row-filter', `The row filter of the policy says nothing about ${quoted(key)}`)
    } else if (filter === 'broken') {
      this.object('row-filter', `The row filter of ${quoted(key)} does not fit this database`)
    }
  }

  /** A relation named as the target of a write; tells its key. */
  target(path: readonly string[]): string {
    this.#objectToCatalogue(path)
    const key = this.#keyOf(path)
    this.#objectToFiltered(key)
    return key
  }

  /** A target of DDL, with those of its columns that are named. */
  define(path: readonly string[], columns: readonly string[]): void {
    if (this.#objectToCatalogue(path)) return
    const key = this.#keyOf(path)
    this.#objectToFiltered(key)
    this.writeKey(key)
    for (const column of columns) this.writeColumn(key, this.#catalogue.foldColumn(column))
  }

  writeKey(key: string): void {
    this.#locksOrWrites = true
    this.#written.add(key)
    if (!this.#catalogue.isWritable(key)) {
      this.object('table-not-writable', `Table ${quoted(key)} may not be written`)
    }
  }

  lock(key: string): void {
    this.#locksOrWrites = true
    this.#objectToFiltered(key)
    if (!this.#catalogue.isWritable(key)) {
      this.object('table-not-writable', `Locking table ${quoted(key)} needs write permission`)
    }
  }

  readColumn(key: string, column: string): void {
    this.readKey(key)
    this.#columnsRead.add(`${key}.${column}`)
    this.#objectToRestricted(key, column)
  }

  writeColumn(key: string, column: string): void {
    this.#columnsWritten.add(`${key}.${column}`)
    this.#objectToRestricted(key, column)
  }

  readStar(key: string, columns: readonly string[] | null): void {
    this.readKey(key)
    for (const column of columns ?? ['*']) this.#columnsRead.add(`${key}.${column}`)
    this.#objectToCovered(key)
  }

  writeStar(key: string, columns: readonly string[] | null): void {
    for (const column of columns ?? ['*']) this.#columnsWritten.add(`${key}.${column}`)
    this.#objectToCovered(key)
  }

  call(path: readonly string[]): void {
    const name = path.join('.')
    this.#functions.add(name.toLowerCase())
    if (path.length === 1 && this.#catalogue.isFunctionAllowed(name)) return
    if (/^pragma_/i.test(name)) this.object('system-catalog', 'PRAGMA functions are not allowed')
    this.object('dangerous-function', `Function ${quoted(name)} is not on the list of allowed ones`)
  }

  /** The verdict over everything that was recorded. */
  reading(narrowed: NarrowedSql | null): SqlReading {
    const { objections } = this
    const [reasonCode, ...alsoReasons] = new Set(objections.map((each) => each.reasonCode))
    const action = this.#locksOrWrites ? 'write' : 'read'
    const tables = { read: [...this.#read].sort(), written: [...this.#written].sort() }
    const functions = [...this.#functions].sort()
    const columns = {
      read: [...this.#columnsRead].sort(),
      written: [...this.#columnsWritten].sort(),
    }
    return {
      verdict: {
        decision: reasonCode === undefined ? 'allow' : 'deny',
        ...(reasonCode === undefined ? {} : { reasonCode }),
        alsoReasons,
        action,
        tables,
        columns: [...new Set([...columns.read, ...columns.written])].sort(),
        functions,
      },
      objections,
      touched: { action, tables, columns, functions },
      narrowed: reasonCode === undefined ? narrowed : null,
    }
  }

  #keyOf(path: readonly string[]): string {
    const key = this.#catalogue.keyOf(path)
    if (key !== null) return key
    this.object('unparseable', 'A table name has more parts than are understood')
    return path.join('.')
  }

  #objectToCatalogue(path: readonly string[]): boolean {
    if (!this.#catalogue.isSystemCatalogue(path)) return false
    this.object('system-catalog', `${shownName(path.join('.'))} is part of the system catalogue`)
    return true
  }

  /** A row filter narrows what is read; a write or a lock would go past it. */
  #objectToFiltered(key: string): void {
    const { kind } = this.#catalogue.filterOf(key)
    if (kind !== 'filtered' && kind !== 'broken') return
    this.object('row-filter', `Table ${quoted(key)} is filtered by row and can only be read`)
  }

  #objectToRestricted(key: string, column: string): void {
    if (!this.#catalogue.isRestricted(key, column)) return
    const name = `${shownName(key)}.${shownName(column)}`
    this.object('column-restricted', `Column ${name} is restricted, wherever it stands`)
  }

  #objectToCovered(key: string): void {
    const covered = this.#catalogue.restrictedColumnsOf(key)
    if (covered.length === 0) return
    const list = covered.map((column) => `${shownName(key)}.${shownName(column)}`).join(', ')
    this.object('column-restricted', `* covers ${list}: name the columns that are needed instead`)
  }
}

function quoted(name: string): string {
  return `"${shownName(name)}"`
}
