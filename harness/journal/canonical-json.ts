import { createHash } from 'node:crypto'
import type { JsonValue } from '../json-value.ts'

const MAX_DEPTH = 1_000

/**
 * Writes a value as JSON text that is the same for equal values: properties sorted by UTF-16 code unit,
 * no white space, `-0` as `0`. Properties that are `undefined` vanish.
 *
 * @throws {TypeError} If the value is not JSON or nests deeper than 1 000 levels.
 *
 * @example
 * ```ts
 * canonicalJson({ b: 1, a: [true] }) // '{"a":[true],"b":1}'
 * ```
 */
export function canonicalJson(value: JsonValue): string {
  return write(value, 0)
}

/** SHA-256 of a tool's name and its canonical argument, lower-case hex: equal calls have equal digests. */
export function callDigest(tool: string, argument: JsonValue): string {
  return createHash('sha256')
    .update(canonicalJson([tool, argument]))
    .digest('hex')
}

function write(value: unknown, depth: number): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') {
    return JSON.stringify(value)
  }
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value)
  if (typeof value !== 'object')
    throw new TypeError('A value that is not JSON has no canonical form')
  if (depth >= MAX_DEPTH) throw new TypeError(`JSON may nest ${MAX_DEPTH} levels deep`)
  if (Array.isArray(value)) return `[${value.map((part) => write(part, depth + 1)).join(',')}]`
  const parts = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, part]) => `${JSON.stringify(name)}:${write(part, depth + 1)}`)
  return `{${parts.join(',')}}`
}
