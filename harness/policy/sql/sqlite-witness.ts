import { constants, DatabaseSync } from 'node:sqlite'
import { wordOf } from './sql-gate.ts'
import type { Token } from './sql-lexer.ts'

/** One column that SQLite reads. */
export interface SqliteRead {
  readonly table: string
  /** Empty when only the rows count. */
  readonly column: string
  /** False when these may as well be rows that the statement makes itself, as a WITH item does. */
  readonly isStored: boolean
}

/** One thing that SQLite writes. */
export interface SqliteWrite {
  readonly table: string
  /** Set for a column that an UPDATE assigns; otherwise rows come or go. */
  readonly column: string
}

/** What SQLite itself says that a statement does; names in lower case. */
export interface SqliteTestimony {
  readonly reads: readonly SqliteRead[]
  readonly writes: readonly SqliteWrite[]
  readonly functions: readonly string[]
  /** True when it does anything else: pragmas, attached files, transactions, DDL. */
  readonly doesMore: boolean
}

const WRITES: ReadonlySet<number> = new Set([
  constants.SQLITE_INSERT,
  constants.SQLITE_UPDATE,
  constants.SQLITE_DELETE,
])

/**
 * SQLite as a second reader: it prepares a statement, without ever running it, on an empty copy of the
 * schema in memory, and its authorizer tells which tables, columns and functions the statement uses.
 */
export class SqliteWitness {
  readonly #database = new DatabaseSync(':memory:')
  readonly #tables = new Set<string>()

  constructor(schema: { readonly [table: string]: readonly string[] }) {
    for (const [table, columns] of Object.entries(schema)) {
      const name = table.replace(/^main\./i, '')
      if (columns.length === 0 || name.includes('.')) continue
      // An upsert names its conflict target, which must be unique for the statement to be prepared.
      const list = columns.map((column) => `${quoted(column)} UNIQUE`).join(', ')
      this.#database.exec(`CREATE TABLE ${quoted(name)} (${list})`)
      this.#tables.add(lower(name))
    }
  }

  /** Whether there is a table of this name, in lower case. */
  has(table: string): boolean {
    return this.#tables.has(table)
  }

  /** @throws {Error} SQLite does not accept the statement on this schema. */
  testify(sql: string, tokens: readonly Token[]): SqliteTestimony {
    const index = conflictIndex(tokens)
    if (index !== null) this.#database.exec(`CREATE UNIQUE INDEX airlock_conflict ON ${index}`)
    const reads: SqliteRead[] = []
    const writes: SqliteWrite[] = []
    const functions: string[] = []
    let doesMore = false
    this.#database.setAuthorizer((action, first, second, database) => {
      if (action === constants.SQLITE_READ) {
        reads.push({ table: lower(first), column: lower(second), isStored: database !== null })
      } else if (WRITES.has(action)) writes.push({ table: lower(first), column: lower(second) })
      else if (action === constants.SQLITE_FUNCTION) functions.push(lower(second))
      else if (action !== constants.SQLITE_SELECT && action !== constants.SQLITE_RECURSIVE) {
        doesMore = true
        return constants.SQLITE_DENY
      }
      return constants.SQLITE_OK
    })
    try {
      this.#database.prepare(sql)
    } finally {
      this.#database.setAuthorizer(null)
      if (index !== null) this.#database.exec('DROP INDEX airlock_conflict')
    }
    return { reads, writes, functions, doesMore }
  }

  close(): void {
    this.#database.close()
  }
}

/** The table and columns of an upsert's conflict target, when it names several columns. */
function conflictIndex(tokens: readonly Token[]): string | null {
  const into = tokens.findIndex((token) => wordOf(token) === 'into')
  const conflict = tokens.findIndex((token) => wordOf(token) === 'conflict')
  const table = tokens[into + 1]
  if (into < 0 || conflict < 0 || table === undefined || tokens[conflict + 1]?.text !== '(')
    return null
  const end = tokens.findIndex((token, index) => index > conflict && token.text === ')')
  const columns = tokens.slice(conflict + 2, end).filter((token) => token.text !== ',')
  const areNames = columns.every((token) => token.kind === 'word' || token.kind === 'name')
  if (columns.length < 2 || !areNames) return null
  return `${quoted(table.value)} (${columns.map((column) => quoted(column.value)).join(', ')})`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function lower(name: string | null): string {
  return (name ?? '').replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
