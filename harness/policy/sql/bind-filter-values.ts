import type { JsonObject, JsonValue } from '../../json-value.ts'
import type { Requester } from '../../requester.ts'
import { type FilterValue, type NarrowedSql, SqlRefusal } from './sql-verdict.ts'

/** A statement with everything that is bound to it. */
export interface BoundSql {
  readonly sql: string
  /** For a statement with named placeholders an object by their full names, otherwise a list. */
  readonly params: readonly JsonValue[] | JsonObject
}

/**
 * Binds the values of row filters beside those that the caller bound.
 *
 * @param params - What the caller bound: a list, an object for named placeholders, or nothing.
 * @throws {SqlRefusal} `row-filter`: the requester has no such value, or the caller's do not fit, so that
 * one could end up in the place of another.
 */
export function bindFilterValues(
  { sql, bound, placing }: NarrowedSql,
  params: JsonValue | undefined,
  requester: Requester | null,
): BoundSql {
  const values = bound.map((value) => boundValue(value, requester))
  if (placing.kind === 'named') {
    const added = placing.added.map((name, index) => [name, values[index] ?? ''] as const)
    return { sql, params: { ...namedParams(params, placing.own), ...Object.fromEntries(added) } }
  }
  const own = params ?? []
  if (!Array.isArray(own)) throw misfit('a list')
  if (placing.kind === 'before') return { sql, params: [...values, ...own] }
  // One more would take the number of a value of ours.
  if (own.length !== placing.ownCount) throw misfit(`a list of ${placing.ownCount}`)
  return { sql, params: [...own, ...values] }
}

function boundValue(value: FilterValue, requester: Requester | null): string {
  const text = requester?.[value]
  if (typeof text === 'string' && text !== '') return text
  const what = value === 'userId' ? 'authenticated user' : 'tenant'
  throw new SqlRefusal('row-filter', `Rows are filtered by ${what}, and this run has none`)
}

/** Only what the statement asks for: a further name could be another spelling of one of ours. */
function namedParams(params: JsonValue | undefined, own: readonly string[]): JsonObject {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw misfit('an object')
  }
  const given = params as JsonObject
  const entries = own.map((name): [string, JsonValue] => {
    const [spelling, ...others] = [name, name.slice(1)].filter((key) => Object.hasOwn(given, key))
    const value = spelling === undefined ? undefined : given[spelling]
    if (value === undefined || others.length > 0) throw misfit('an object with every name once')
    return [name, value]
  })
  return Object.fromEntries(entries)
}

function misfit(form: string): SqlRefusal {
  return new SqlRefusal('row-filter', `Rows are filtered, so the bound values must be ${form}`)
}
