import { constants, type DatabaseSync } from 'node:sqlite'
import { AccessList, foldAscii, type SqlAccess } from './sql-access.ts'
import { type SqlMode, StatementError } from './sql-source.ts'
import { readSqliteCatalogue, type SqliteCatalogue } from './sqlite-catalogue.ts'
import { readSqliteNames, type SqliteNames } from './sqlite-tokens.ts'

/** What a guard lets through. */
export interface SqliteGuardOptions {
  readonly mode: SqlMode
  /** `null` for every table, column and definition. */
  readonly access: SqlAccess | null
}

const READ_ACTIONS: ReadonlySet<number> = new Set([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
])

const ROW_ACTIONS: ReadonlySet<number> = new Set([
  ...READ_ACTIONS,
  constants.SQLITE_INSERT,
  constants.SQLITE_UPDATE,
  constants.SQLITE_DELETE,
])

// What nobody may do: reach other files, change the connection, or hold a transaction open.
const DENIED_ACTIONS: ReadonlySet<number> = new Set([
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
  constants.SQLITE_PRAGMA,
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
  constants.SQLITE_CREATE_VTABLE,
  constants.SQLITE_DROP_VTABLE,
  constants.SQLITE_CREATE_TRIGGER,
  constants.SQLITE_CREATE_TEMP_TRIGGER,
])

// Tables that are functions and hold nothing of the database.
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set(['json_each', 'json_tree'])

const NO_NAMES: SqliteNames = {
  all: new Set(),
  defined: new Set(),
  hasNaturalJoin: false,
  using: new Set(),
  inserted: null,
  placeholders: new Set(),
}

/**
 * SQLite asks this for everything that a statement would do, and refuses what it refuses. It knows of no
 * policy, only of what the tool was made for.
 */
export class SqliteGuard {
  readonly #database: DatabaseSync
  readonly #mode: SqlMode
  readonly #access: AccessList | null
  #catalogue: SqliteCatalogue
  #schemaVersion: unknown
  #names = NO_NAMES
  #isLifted = false

  constructor(database: DatabaseSync, { mode, access }: SqliteGuardOptions) {
    this.#database = database
    this.#mode = mode
    this.#access =
      access === null ? null : new AccessList(access, { defaultSchema: 'main', foldsCase: true })
    this.#schemaVersion = this.#readSchemaVersion()
    this.#catalogue = readSqliteCatalogue(database)
    database.setAuthorizer((action, first, second, _schema, definition) =>
      this.#isLifted || this.#allows(action, first ?? '', second ?? '', definition)
        ? constants.SQLITE_OK
        : constants.SQLITE_DENY,
    )
  }

  get access(): AccessList | null {
    return this.#access
  }

  get catalogue(): SqliteCatalogue {
    return this.#catalogue
  }

  /** The names in the statement that was prepared last. */
  get names(): SqliteNames {
    return this.#names
  }

  /**
   * Must be called with the text before it is prepared: what SQLite does not ask about is read from there.
   *
   * @throws {StatementError} When a join may reach what is out of reach.
   */
  prepare(text: string): void {
    const version = this.lift(() => this.#readSchemaVersion())
    if (version !== this.#schemaVersion) {
      this.#catalogue = this.lift(() => readSqliteCatalogue(this.#database))
      this.#schemaVersion = version
    }
    this.#names = readSqliteNames(text)
    if (this.#access !== null) this.#refuseHiddenReads(this.#access)
  }

  /** Does something of the tool's own past the guard. */
  lift<T>(work: () => T): T {
    this.#isLifted = true
    try {
      return work()
    } finally {
      this.#isLifted = false
    }
  }

  #readSchemaVersion(): unknown {
    return this.#database.prepare('PRAGMA schema_version').get()?.['schema_version']
  }

  #refuseHiddenReads(access: AccessList): void {
    const { all, hasNaturalJoin, using } = this.#names
    if (!hasNaturalJoin && using.size === 0) return
    const isHidden = (name: string) => {
      const table = this.#catalogue.tables.get(name)
      if (table === undefined) return false
      if (!access.mayRead(null, name)) return true
      const restricted = table.columns.filter((column) => access.isRestricted(null, name, column))
      return restricted.some((column) => hasNaturalJoin || using.has(foldAscii(column)))
    }
    if ([...all].some(isHidden)) {
      throw new StatementError(
        'A join here needs ON: USING or NATURAL may reach what is not allowed',
      )
    }
  }

  #allows(action: number, first: string, second: string, definition: string | null): boolean {
    // Full-text search asks for this one itself.
    if (action === constants.SQLITE_PRAGMA && first === 'data_version') return true
    if (this.#mode === 'read' && !READ_ACTIONS.has(action)) return false
    if (this.#access === null) return !DENIED_ACTIONS.has(action)
    if (!ROW_ACTIONS.has(action)) return false
    const isRead = action === constants.SQLITE_READ
    if (!isRead && READ_ACTIONS.has(action)) return true
    // Views and triggers do what they were defined to do; who may use one is asked separately.
    if (definition !== null && this.#isDefinition(foldAscii(definition))) return true
    return isRead
      ? this.#mayRead(this.#access, first, second)
      : this.#mayWrite(action, first, second)
  }

  /** A query of the statement's own under the name of a view would pass for the view. */
  #isDefinition(name: string): boolean {
    return this.#catalogue.definitions.has(name) && !this.#names.defined.has(name)
  }

  #mayRead(access: AccessList, table: string, column: string): boolean {
    const name = foldAscii(table)
    const owner = this.#catalogue.shadows.get(name)
    if (owner !== undefined) return isWhole(access, owner) && access.mayRead(null, owner)
    if (!this.#catalogue.tables.has(name)) return TABLE_FUNCTIONS.has(name)
    if (/^sqlite_/.test(name)) return false
    return access.mayRead(null, name) && !access.isRestricted(null, name, column)
  }

  #mayWrite(action: number, table: string, column: string): boolean {
    const access = this.#access
    const name = foldAscii(table)
    const owner = this.#catalogue.shadows.get(name) ?? name
    if (access === null || /^sqlite_/.test(name) || !access.mayWrite(null, owner)) return false
    if (owner !== name) return isWhole(access, owner)
    if (action === constants.SQLITE_UPDATE) return !access.isRestricted(null, name, column)
    if (action !== constants.SQLITE_INSERT || isWhole(access, name)) return true
    const { inserted } = this.#names
    return inserted?.every((written) => !access.isRestricted(null, name, written)) ?? false
  }
}

/** Whether nothing of a table is restricted, so that every one of its columns may be reached. */
function isWhole(access: AccessList, table: string): boolean {
  return access.restrictedOf(null, table).length === 0
}
