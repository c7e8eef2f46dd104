import type { DatabaseSync } from 'node:sqlite'
import { foldAscii } from './sql-access.ts'

interface SqliteTable {
  /** As it was declared. */
  readonly name: string
  readonly columns: readonly string[]
}

/** What is in a database file; keys are folded names. */
export interface SqliteCatalogue {
  readonly tables: ReadonlyMap<string, SqliteTable>
  /** Views and triggers: what they read is the business of who defined them. */
  readonly definitions: ReadonlySet<string>
  /** The tables in which virtual tables keep their data, and which virtual table that is. */
  readonly shadows: ReadonlyMap<string, string>
}

interface ListedTable {
  readonly schema: string
  readonly name: string
  readonly type: string
}

/** Reads the catalogue of a database whose authorizer lets this through. */
export function readSqliteCatalogue(database: DatabaseSync): SqliteCatalogue {
  const listed = (database.prepare('PRAGMA table_list').all() as unknown as ListedTable[]).filter(
    ({ schema }) => schema === 'main',
  )
  const triggers = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all()
  const names = (type: string) => listed.flatMap((table) => (table.type === type ? table.name : []))
  const virtual = names('virtual')
  return {
    tables: new Map(
      listed.map(({ name }) => [foldAscii(name), { name, columns: columnsOf(database, name) }]),
    ),
    definitions: new Set(
      [...names('view'), ...triggers.map(({ name }) => String(name))].map(foldAscii),
    ),
    shadows: new Map(
      names('shadow').flatMap((shadow) => {
        const owner = virtual.find((name) => foldAscii(shadow).startsWith(`${foldAscii(name)}_`))
        return owner === undefined ? [] : [[foldAscii(shadow), foldAscii(owner)] as const]
      }),
    ),
  }
}

function columnsOf(database: DatabaseSync, table: string): readonly string[] {
  try {
    const columns = database.prepare('SELECT name FROM pragma_table_xinfo(?)').all(table)
    return columns.map(({ name }) => String(name))
  } catch {
    // A view whose tables are gone, or a module that is not there: nothing can be read of it either.
    return []
  }
}
