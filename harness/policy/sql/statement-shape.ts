import type { Catalogue } from './catalogue.ts'
import {
  SQL_REASON_CODES,
  type SqlObjection,
  type SqlReasonCode,
  type SqlVerdict,
  shownName,
} from './sql-verdict.ts'

/** What one statement touches, collected while its names are resolved, with every objection to it. */
export class StatementShape {
  readonly #catalogue: Catalogue
  readonly #objections = new Map<string, SqlObjection>()
  readonly #read = new Set<string>()
  readonly #written = new Set<string>()
  readonly #columns = new Set<string>()
  readonly #functions = new Set<string>()
  #locksOrWrites = false

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue
  }

  get tablesRead(): ReadonlySet<string> {
    return this.#read
  }

  get tablesWritten(): ReadonlySet<string> {
    return this.#written
  }

  get columns(): ReadonlySet<string> {
    return this.#columns
  }

  get functions(): ReadonlySet<string> {
    return this.#functions
  }

  object(reason: SqlReasonCode, message: string): void {
    this.#objections.set(`${reason} ${message}`, { reason, message })
  }

  /** A relation named where rows are read; tells its key. */
  read(path: readonly string[]): string {
    const key = this.#keyOf(path)
    if (!this.#objectToCatalogue(path)) this.readKey(key)
    return key
  }

  readKey(key: string): void {
    this.#read.add(key)
    if (!this.#catalogue.isReadable(key)) {
      this.object('table-not-readable', `Table "${shownName(key)}" may not be read`)
    }
  }

  /** A relation named as the target of a write; tells its key. */
  target(path: readonly string[]): string {
    this.#objectToCatalogue(path)
    return this.#keyOf(path)
  }

  /** A target of DDL, with those of its columns that are named. */
  define(path: readonly string[], columns: readonly string[]): void {
    if (this.#objectToCatalogue(path)) return
    const key = this.#keyOf(path)
    this.writeKey(key)
    for (const column of columns) this.#touch(key, this.#catalogue.foldColumn(column))
  }

  writeKey(key: string): void {
    this.#locksOrWrites = true
    this.#written.add(key)
    if (!this.#catalogue.isWritable(key)) {
      this.object('table-not-writable', `Table "${shownName(key)}" may not be written`)
    }
  }

  lock(key: string): void {
    this.#locksOrWrites = true
    if (!this.#catalogue.isWritable(key)) {
      this.object('table-not-writable', `Locking table "${shownName(key)}" needs write permission`)
    }
  }

  readColumn(key: string, column: string): void {
    this.readKey(key)
    this.#touch(key, column)
  }

  writeColumn(key: string, column: string): void {
    this.#touch(key, column)
  }

  readStar(key: string, columns: readonly string[] | null): void {
    this.readKey(key)
    this.writeStar(key, columns)
  }

  writeStar(key: string, columns: readonly string[] | null): void {
    for (const column of columns ?? ['*']) this.#columns.add(`${key}.${column}`)
    const covered = this.#catalogue.restrictedColumnsOf(key)
    if (covered.length === 0) return
    const list = covered.map((column) => `${shownName(key)}.${shownName(column)}`).join(', ')
    this.object('column-restricted', `* covers ${list}: name the columns that are needed instead`)
  }

  call(path: readonly string[]): void {
    const name = path.join('.')
    this.#functions.add(name.toLowerCase())
    if (path.length === 1 && this.#catalogue.isFunctionAllowed(name)) return
    if (/^pragma_/i.test(name)) this.object('system-catalog', 'PRAGMA functions are not allowed')
    this.object(
      'dangerous-function',
      `Function "${shownName(name)}" is not on the list of allowed ones`,
    )
  }

  /** The verdict over everything that was recorded. */
  verdict(): SqlVerdict {
    const objections = [...this.#objections.values()].sort(
      (a, b) => SQL_REASON_CODES.indexOf(a.reason) - SQL_REASON_CODES.indexOf(b.reason),
    )
    const [reasonCode, ...alsoReasons] = new Set(objections.map(({ reason }) => reason))
    return {
      decision: reasonCode === undefined ? 'allow' : 'deny',
      ...(reasonCode === undefined ? {} : { reasonCode }),
      alsoReasons,
      action: this.#locksOrWrites ? 'write' : 'read',
      tables: { read: [...this.#read].sort(), written: [...this.#written].sort() },
      columns: [...this.#columns].sort(),
      functions: [...this.#functions].sort(),
      message: objections.length === 0 ? 'Allowed' : messageOf(objections),
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

  #touch(key: string, column: string): void {
    this.#columns.add(`${key}.${column}`)
    if (!this.#catalogue.isRestricted(key, column)) return
    const name = `${shownName(key)}.${shownName(column)}`
    this.object('column-restricted', `Column ${name} is restricted, wherever it stands`)
  }
}

function messageOf(objections: readonly SqlObjection[]): string {
  const shown = objections.slice(0, 8).map(({ message }) => message)
  if (objections.length > shown.length) shown.push(`${objections.length - shown.length} more`)
  return shown.join('; ')
}
