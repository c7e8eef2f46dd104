import { canonicalJson } from '../journal/canonical-json.ts'
import type { JsonObject, JsonValue } from '../json-value.ts'

/** One place at which two JSON values differ. */
export interface JsonChange {
  /** A JSON Pointer (RFC 6901); empty for the whole value. */
  readonly path: string
  /** Absent where there was nothing. */
  readonly before?: JsonValue
  /** Absent where nothing is left. */
  readonly after?: JsonValue
}

/** With more differences than this, the smallest whole that holds them is told instead. */
const MAX_CHANGES = 200

/**
 * What differs between two JSON values, place by place, in the order of the properties. Lists of different
 * length differ as a whole: nobody can tell from an index which entry went.
 *
 * @example
 * ```ts
 * changesBetween({ cents: 500 }, { cents: 50 }) // [{ path: '/cents', before: 500, after: 50 }]
 * ```
 */
export function changesBetween(before: JsonValue, after: JsonValue): readonly JsonChange[] {
  return differences('', before, after)
}

function differences(path: string, before: JsonValue, after: JsonValue): readonly JsonChange[] {
  if (canonicalJson(before) === canonicalJson(after)) return []
  const parts = partsOf(before, after)
  if (parts === null) return [{ path, before, after }]
  const changes = parts.flatMap(([name, was, is]) => {
    const place = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (was === undefined) return is === undefined ? [] : [{ path: place, after: is }]
    return is === undefined ? [{ path: place, before: was }] : differences(place, was, is)
  })
  return changes.length > MAX_CHANGES ? [{ path, before, after }] : changes
}

type Part = readonly [name: string, before: JsonValue | undefined, after: JsonValue | undefined]

function partsOf(before: JsonValue, after: JsonValue): readonly Part[] | null {
  if (Array.isArray(before) && Array.isArray(after)) {
    if (before.length !== after.length) return null
    return before.map((part: JsonValue, index) => [String(index), part, after[index]])
  }
  if (!isObject(before) || !isObject(after)) return null
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].map((name) => [name, own(before, name), own(after, name)])
}

function own(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
