import { ConfigurationError, refuseUnknownOptions } from '../../harness/index.ts'
import type { SqlAccess } from './sql-access.ts'

const ACCESS_OPTIONS = ['readableTables', 'writableTables', 'restrictedColumns'] as const
const TABLE_ENTRY = /^(?:\*|[^.*]+(?:\.[^.*]+)?)$/
const COLUMN_ENTRY = /^(?:\*|[^.*]+(?:\.[^.*]+)?)\.[^.*]+$/

/**
 * Checks what a user gave as `access`.
 *
 * @throws {ConfigurationError} When it is not three lists of names in the forms they must have.
 */
export function checkAccess(access: SqlAccess): SqlAccess {
  refuseUnknownOptions('access of sqlTool', access, ACCESS_OPTIONS)
  const { readableTables, writableTables = [], restrictedColumns = [] } = access
  return {
    readableTables: checkEntries('readableTables', readableTables, TABLE_ENTRY),
    writableTables: checkEntries('writableTables', writableTables, TABLE_ENTRY),
    restrictedColumns: checkEntries('restrictedColumns', restrictedColumns, COLUMN_ENTRY),
  }
}

function checkEntries(option: string, entries: readonly string[], form: RegExp): readonly string[] {
  const isList = Array.isArray(entries) && entries.every((entry) => typeof entry === 'string')
  if (isList && entries.every((entry) => form.test(entry))) return [...entries]
  throw new ConfigurationError(
    `sqlTool: access.${option} must be a list of ${form === TABLE_ENTRY ? 'table or schema.table' : 'table.column, schema.table.column or *.column'}`,
  )
}
