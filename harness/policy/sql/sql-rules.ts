import { ConfigurationError } from '../../errors.ts'
import type { PolicyMode } from '../policy.ts'
import { checkSqlRules } from './check-sql-rules.ts'
import { nearestName } from './nearest-name.ts'
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
  /**
   * Which rows of each table the authenticated user may see: a condition in SQL on columns of that table
   * alone, where `:userId` and `:tenantId` stand for the user's own, bound and never text; `'TRUE'` means
   * every row. It needs `schema` and an entry for each readable table, views included, because a view shows
   * what it shows whatever is said of the tables beneath. A filtered table can only be read, and not in
   * MySQL, where it cannot be done with certainty. See `DataPolicy.rewriteSql`.
   */
  readonly rowFilter?: { readonly [table: string]: string }
  /** What violations do; `enforce` by default. Rows cannot be filtered by a policy that only observes. */
  readonly mode?: PolicyMode
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
  'rowFilter',
  'mode',
] satisfies readonly (keyof DataPolicyOptions)[])

const TABLE_ENTRY = /^(?:\*|[^.*]+(?:\.[^.*]+)?)$/
const COLUMN_ENTRY = /^(?:\*|[^.*]+(?:\.[^.*]+)?)\.[^.*]+$/
const NAME_ENTRY = /^[^.*\s]+$/
const SCHEMA_ENTRY = /^[^.*]+(?:\.[^.*]+)?$/

/**
 * Checks the options of a `DataPolicy` and turns them into the rules that travel to the parsing child.
 *
 * @throws {ConfigurationError} An option is unknown, an entry is not of the form it must have, names
 * something that does not exist or contradicts another one; the message names the nearest right name.
 */
export function readSqlRules(options: DataPolicyOptions): SqlRules {
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.has(name))
      throw invalid(`has no option "${name}"; ${nearestName(name, [...OPTION_NAMES])}`)
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
    rowFilter: options.rowFilter === undefined ? null : checkedFilter(options.rowFilter),
  }
  if (rules.rowFilter !== null && options.mode === 'observe') {
    throw invalid('cannot filter rows in mode "observe"')
  }
  checkSqlRules(rules)
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

function checkedFilter(rowFilter: { readonly [table: string]: string }): SqlRules['rowFilter'] {
  if (typeof rowFilter !== 'object' || rowFilter === null || Array.isArray(rowFilter)) {
    throw invalid('needs an object of conditions as rowFilter')
  }
  for (const [table, condition] of Object.entries(rowFilter)) {
    if (typeof condition !== 'string' || !SCHEMA_ENTRY.test(table)) {
      throw invalid(`needs a condition as text for "${table}" in rowFilter`)
    }
  }
  return { ...rowFilter }
}

function invalid(what: string): ConfigurationError {
  return new ConfigurationError(`DataPolicy ${what}`)
}
