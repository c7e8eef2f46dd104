import { types } from 'node:util'
import type { JsonValue } from '../json-value.ts'
import type { ExecutionTrace } from './execution-trace.ts'
import { REDACTED, redactText } from './redact-text.ts'
import { countsTokens, isSecretName } from './secret-names.ts'

/** Longest text kept, in UTF-16 units: the largest program fits. */
const MAX_TEXT_LENGTH = 262_144

/** How much beyond the cut is looked at, so that a secret across it is still recognised. */
const CUT_MARGIN = 8_192

const MAX_DEPTH = 100

/**
 * Copies a value without its secrets, for logs and records. Names of properties decide (`password`,
 * `apiKey`, `Set-Cookie`), and so does the shape of texts (see {@link redactText}). Structure stays;
 * texts are cut at 262 144 characters, nesting at 100 levels. Takes linear time and never throws, whatever the value.
 *
 * @example
 * ```ts
 * redact({ user: 'ada', password: 'x', url: 'https://a:b@host/' })
 * // { user: 'ada', password: '[redacted]', url: 'https://[redacted]@host/' }
 * ```
 */
export function redact(value: unknown): JsonValue {
  return copy(value, { inSecret: false, keepsNumbers: false, depth: 0, parents: new Set() })
}

/** The same for a trace, which is made of JSON and so comes out with the shape it had. */
export function redactTrace(trace: ExecutionTrace): ExecutionTrace {
  return redact(trace) as unknown as ExecutionTrace
}

interface Place {
  /** True below a property whose name says "secret". */
  readonly inSecret: boolean
  readonly keepsNumbers: boolean
  readonly depth: number
  readonly parents: Set<object>
}

function copy(value: unknown, place: Place): JsonValue {
  switch (typeof value) {
    case 'string':
      return place.inSecret && value !== '' ? REDACTED : redactAndCut(value)
    case 'number':
      if (place.inSecret && !place.keepsNumbers) return REDACTED
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
      return place.inSecret && !place.keepsNumbers ? REDACTED : String(value)
    case 'boolean':
      return value
    case 'object':
      return value === null ? null : copyObject(value, place)
    default:
      return `[${typeof value}]`
  }
}

function copyObject(value: object, place: Place): JsonValue {
  if (place.parents.has(value)) return '[circular]'
  if (place.depth >= MAX_DEPTH) return '[nested too deep]'
  place.parents.add(value)
  try {
    return copyParts(value, { ...place, depth: place.depth + 1 })
  } catch {
    // A getter or a proxy threw. What a log can say about it is that it could not be read.
    return '[unreadable]'
  } finally {
    place.parents.delete(value)
  }
}

function copyParts(value: object, place: Place): JsonValue {
  if (Array.isArray(value)) return value.map((part: unknown) => copy(part, place))
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    return `[${value.byteLength} bytes]`
  }
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (types.isMap(value))
    return copyEntries(
      [...value].map(([k, v]) => [String(k), v]),
      place,
    )
  if (types.isSet(value)) return [...value].map((part: unknown) => copy(part, place))
  if (types.isNativeError(value)) return copyEntries(errorEntries(value), place)
  return copyEntries(Object.entries(value), place)
}

/** Name, message, stack and cause of an error are not enumerable. */
function errorEntries(error: Error): [string, unknown][] {
  const { name, message, stack, cause } = error
  const hidden = { name, message, stack, cause }
  return Object.entries(Object.assign(hidden, error))
}

function copyEntries(entries: readonly (readonly [string, unknown])[], place: Place): JsonValue {
  const result: { [key: string]: JsonValue } = {}
  for (const [rawName, value] of entries) {
    if (value === undefined) continue
    const isSecret = isSecretName(rawName)
    const inside = isSecret
      ? { ...place, inSecret: true, keepsNumbers: countsTokens(rawName) }
      : place
    // Defined, not assigned: a property called __proto__ would set the prototype.
    Object.defineProperty(result, redactAndCut(rawName), {
      value: copy(value, inside),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return result
}

function redactAndCut(text: string): string {
  const redacted = redactText(text.slice(0, MAX_TEXT_LENGTH + CUT_MARGIN))
  if (text.length <= MAX_TEXT_LENGTH && redacted.length <= MAX_TEXT_LENGTH + CUT_MARGIN) {
    return redacted
  }
  return `${redacted.slice(0, MAX_TEXT_LENGTH)}… [${text.length} characters]`
}
