import { ConfigurationError } from '../../errors.ts'
import type { SqlRules } from './sql-verdict.ts'

/** What a `DataPolicy` permits. Names are spelled as in the database's catalogue. */
export interface DataPolicyOptions {
  /**
   * Tables and views that may be read, as `table` or `schema.table`; `'*'` means all but system
   * catalogues. An empty list permits nothing. A view is a relation of its own: listing it is enough,
   * and what is restricted in the tables beneath does not carry over.
   */
  readonly readableTables: readonly string[]
  /**
   * Tables that may be written. Default: none. A write that also reads its target, in WHERE or RETURNING
   * for instance, needs it in `readableTables` too.
   */
  readonly writableTables?: readonly string[]
  /** Columns that no statement may mention, as `table.column`, `schema.table.column` or `*.column`. */
  readonly restrictedColumns?: readonly string[]
  /**
   * The columns of every table. With it names are resolved exactly; without it an unqualified name is
   * taken to belong to any table in scope, and a star over a table with a restricted column is denied.
   */
  readonly schema?: { readonly [table: string]: readonly string[] }
  /** What an unqualified name is in. Default `public` for PostgreSQL, `main` for SQLite, none for MySQL. */
  readonly defaultSchema?: string
  /**
   * Whether every statement that defines, empties or drops something is denied. Default true. Otherwise
   * simple forms for tables, views and indexes are permitted on `writableTables`.
   */
  readonly denyDdl?: boolean
  /** Most rows a tool that answers with rows may return. It never denies: the tool stops there. */
  readonly maxResultRows?: number
  /** Functions that may be called beside the built-in list of harmless ones. */
  readonly allowedFunctions?: readonly string[]
}

const OPTION_NAMES: ReadonlySet<string> = new Set([
  'readableTables',
  'writableTables',
  'restrictedColumns',
  'schema',
  'defaultSchema',
  'denyDdl',
  'maxResultRows',
  'allowedFunctions',
] satisfies readonly (keyof DataPolicyOptions)[])

const TABLE_ENTRY = /^(?:\*|[^.*]+(?:\.[^.*]+)?)$/
const COLUMN_ENTRY = /^(?:\*|[^.*]+(?:\.[^.*]+)?)\.[^.*]+$/
const NAME_ENTRY = /^[^.*\s]+$/
const SCHEMA_ENTRY = /^[^.*]+(?:\.[^.*]+)?$/

/**
 * Checks the options of a `DataPolicy` and turns them into the rules that travel to the parsing child.
 *
 * @throws {ConfigurationError} An option is unknown, or an entry is not of the form it must have.
 */
export function readSqlRules(options: DataPolicyOptions): SqlRules {
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.has(name))
      throw invalid(`has no option "${name}"; ${nearest(name, [...OPTION_NAMES])}`)
  }
  checkScalars(options)
  const rules: SqlRules = {
    readableTables: entries(
      'readableTables',
      options.readableTables,
      TABLE_ENTRY,
      'table or schema.table',
    ),
    writableTables: entries(
      'writableTables',
      options.writableTables ?? [],
      TABLE_ENTRY,
      'table or schema.table',
    ),
    restrictedColumns: entries(
      'restrictedColumns',
      options.restrictedColumns ?? [],
      COLUMN_ENTRY,
      'table.column, schema.table.column or *.column',
    ),
    schema: options.schema === undefined ? null : checkedSchema(options.schema),
    defaultSchema: options.defaultSchema ?? null,
    denyDdl: options.denyDdl ?? true,
    allowedFunctions: entries(
      'allowedFunctions',
      options.allowedFunctions ?? [],
      NAME_ENTRY,
      'a plain function name',
    ),
  }
  checkRestrictedColumns(rules)
  return rules
}

function checkScalars({ denyDdl, maxResultRows, defaultSchema }: DataPolicyOptions): void {
  if (denyDdl !== undefined && typeof denyDdl !== 'boolean') {
    throw invalid('needs a boolean as denyDdl')
  }
  if (maxResultRows !== undefined && !(Number.isSafeInteger(maxResultRows) && maxResultRows > 0)) {
    throw invalid('needs a positive whole number as maxResultRows')
  }
  const isName = typeof defaultSchema === 'string' && NAME_ENTRY.test(defaultSchema)
  if (defaultSchema !== undefined && !isName) throw invalid('needs a plain name as defaultSchema')
}

function entries(
  option: string,
  values: readonly string[],
  form: RegExp,
  description: string,
): readonly string[] {
  if (!Array.isArray(values)) throw invalid(`needs a list as ${option}`)
  for (const value of values) {
    if (typeof value !== 'string' || !form.test(value)) {
      throw invalid(`has the entry "${String(value)}" in ${option}, which must be ${description}`)
    }
  }
  return [...values]
}

function checkedSchema(schema: {
  readonly [table: string]: readonly string[]
}): SqlRules['schema'] {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw invalid('needs an object of column lists as schema')
  }
  const tables = Object.entries(schema).map(([table, columns]) => {
    const areNames =
      Array.isArray(columns) && columns.every((name) => typeof name === 'string' && name !== '')
    if (!areNames || !SCHEMA_ENTRY.test(table)) {
      throw invalid(`needs a list of column names for "${table}" in schema`)
    }
    return [table, [...columns]] as const
  })
  return Object.fromEntries(tables)
}

/** A restricted column that does not exist protects nothing; most likely it is misspelled. */
function checkRestrictedColumns({ schema, restrictedColumns }: SqlRules): void {
  for (const entry of schema === null ? [] : restrictedColumns) {
    const dot = entry.lastIndexOf('.')
    const columns = schema?.[entry.slice(0, dot)]
    const column = entry.slice(dot + 1)
    const exists = columns?.some((name) => name.toLowerCase() === column.toLowerCase()) ?? true
    if (!exists) {
      throw invalid(
        `restricts "${entry}", which schema does not have; ${nearest(column, columns ?? [])}`,
      )
    }
  }
}

function nearest(name: string, known: readonly string[]): string {
  const [best] = [...known].sort((a, b) => distance(name, a) - distance(name, b))
  return best === undefined ? 'there is none to choose from' : `did you mean "${best}"`
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, left] of [...a.toLowerCase()].entries()) {
    const next = [i + 1]
    for (const [j, right] of [...b.toLowerCase()].entries()) {
      const replace = (row[j] ?? 0) + (left === right ? 0 : 1)
      next.push(Math.min(replace, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

function invalid(what: string): ConfigurationError {
  return new ConfigurationError(`DataPolicy ${what}`)
}
