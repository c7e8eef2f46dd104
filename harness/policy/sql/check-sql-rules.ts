import { ConfigurationError } from '../../errors.ts'
import type { SqlDialect } from '../../sandbox/tool-host.ts'
import { nearestName } from './nearest-name.ts'
import { readFilterCondition, UnknownFilterColumn } from './row-filter.ts'
import { SqlRefusal, type SqlRules } from './sql-verdict.ts'

const DIALECTS: readonly SqlDialect[] = ['postgresql', 'sqlite', 'mysql']

const NEVER_ALLOWED = /^(?:information_schema|pg_catalog)\.|^sqlite_(?:master|schema)$/i

/**
 * Checks that the entries of a policy fit its schema and each other. A name that does not exist protects
 * nothing and permits nothing; most likely it is misspelled.
 *
 * @throws {ConfigurationError} Naming the entry and, where there is one, the nearest right name.
 */
export function checkSqlRules(rules: SqlRules): void {
  checkTables(rules)
  checkRestrictedColumns(rules)
  if (!rules.denyDdl && rules.writableTables.length === 0) {
    throw invalid('permits DDL on writableTables with denyDdl: false, but there are none')
  }
  if (rules.rowFilter !== null) checkRowFilter(rules, rules.rowFilter)
}

function checkTables(rules: SqlRules): void {
  for (const option of ['readableTables', 'writableTables'] as const) {
    const entries = rules[option]
    if (entries.includes('*') && entries.length > 1) {
      throw invalid(`has "*" and single tables in ${option}; "*" means every table`)
    }
    for (const entry of entries) {
      if (entry === '*') continue
      if (NEVER_ALLOWED.test(entry)) {
        throw invalid(
          `has "${entry}" in ${option}, but system catalogues are never allowed; list a view`,
        )
      }
      // DDL may be permitted on a table that is yet to be made.
      const tables = option === 'writableTables' && !rules.denyDdl ? null : tablesOf(rules)
      if (tables !== null && !tables.has(bareName(entry, rules))) {
        throw invalid(
          `has "${entry}" in ${option}, which schema does not have; ${nearestName(entry, tables.keys())}`,
        )
      }
    }
  }
}

function checkRestrictedColumns(rules: SqlRules): void {
  const tables = tablesOf(rules)
  if (tables === null) return
  for (const entry of rules.restrictedColumns) {
    const dot = entry.lastIndexOf('.')
    const [table, column] = [entry.slice(0, dot), entry.slice(dot + 1)]
    const isAnyTable = table === '*'
    const columns = isAnyTable ? [...tables.values()].flat() : tables.get(bareName(table, rules))
    if (columns === undefined) {
      throw invalid(
        `restricts "${entry}", a table that schema does not have; ${nearestName(table, tables.keys())}`,
      )
    }
    if (!columns.some((name) => isSameColumn(name, column))) {
      throw invalid(
        `restricts "${entry}", which schema does not have; ${nearestName(column, columns)}`,
      )
    }
  }
  for (const table of rules.readableTables) {
    const columns = tables.get(bareName(table, rules)) ?? []
    const isNothingLeft = columns.every((column) => isRestricted(rules, table, column))
    if (columns.length > 0 && isNothingLeft) {
      throw invalid(`has "${table}" in readableTables and restricts every column of it`)
    }
  }
}

function checkRowFilter(rules: SqlRules, filter: { readonly [table: string]: string }): void {
  const tables = tablesOf(rules)
  if (tables === null) throw invalid('needs schema for rowFilter, to know the columns')
  const readable = new Set(rules.readableTables.map((entry) => bareName(entry, rules)))
  const writable = new Set(rules.writableTables.map((entry) => bareName(entry, rules)))
  const filtered = new Set(Object.keys(filter).map((entry) => bareName(entry, rules)))
  for (const [entry, condition] of Object.entries(filter)) {
    const table = bareName(entry, rules)
    if (!readable.has(table) && !readable.has('*')) {
      throw invalid(
        `filters "${entry}", which readableTables does not have; ${nearestName(entry, readable)}`,
      )
    }
    const columns = tables.get(table)
    if (columns === undefined) {
      throw invalid(
        `filters "${entry}", which schema does not have; ${nearestName(entry, tables.keys())}`,
      )
    }
    const isFiltered = readsCondition(entry, condition, columns)
    if (isFiltered && table.includes('.')) {
      throw invalid(`filters "${entry}", which is outside the default schema; use a view of it`)
    }
    if (isFiltered && writable.has(table)) {
      throw invalid(`filters "${entry}", so it can only be read, but writableTables has it`)
    }
  }
  for (const table of readable) {
    if (table !== '*' && !filtered.has(table)) {
      throw invalid(`has no condition for "${table}" in rowFilter; 'TRUE' means every row`)
    }
  }
}

/** Whether a condition leaves anything out; it must be readable in at least one dialect. */
function readsCondition(table: string, condition: string, columns: readonly string[]): boolean {
  const problems: string[] = []
  for (const dialect of DIALECTS) {
    try {
      return readFilterCondition(condition, dialect, columns) !== null
    } catch (error) {
      if (error instanceof UnknownFilterColumn) {
        problems.push(
          `is about the column "${error.column}", which schema does not have; ${nearestName(error.column, columns)}`,
        )
      } else if (error instanceof SqlRefusal) problems.push(`cannot be read: ${error.message}`)
      else throw error
    }
  }
  throw invalid(`has a condition for "${table}" in rowFilter that ${problems[0] ?? ''}`)
}

function tablesOf(rules: SqlRules): ReadonlyMap<string, readonly string[]> | null {
  if (rules.schema === null) return null
  return new Map(
    Object.entries(rules.schema).map(([table, columns]) => [bareName(table, rules), columns]),
  )
}

/** A table of the default schema may be written with or without it; the dialect is not known yet. */
function bareName(entry: string, { defaultSchema }: SqlRules): string {
  const defaults = defaultSchema === null ? ['public', 'main'] : [defaultSchema]
  const schema = defaults.find((name) => entry.startsWith(`${name}.`))
  return schema === undefined ? entry : entry.slice(schema.length + 1)
}

function isRestricted(rules: SqlRules, table: string, column: string): boolean {
  return rules.restrictedColumns.some((entry) => {
    const dot = entry.lastIndexOf('.')
    const owner = entry.slice(0, dot)
    const isOwner = owner === '*' || bareName(owner, rules) === bareName(table, rules)
    return isOwner && isSameColumn(column, entry.slice(dot + 1))
  })
}

/** Restricted columns are compared without regard to case in every dialect. */
function isSameColumn(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

function invalid(what: string): ConfigurationError {
  return new ConfigurationError(`DataPolicy ${what}`)
}
