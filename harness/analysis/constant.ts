/** An object literal whose properties are all constants. */
export class ConstantObject {
  readonly entries: ReadonlyMap<string, Constant>

  constructor(entries: ReadonlyMap<string, Constant>) {
    this.entries = entries
  }
}

/** A value that an expression always has. */
export type Constant =
  | string
  | number
  | boolean
  | bigint
  | null
  | undefined
  | readonly Constant[]
  | ConstantObject

/** A constant in a box, since `null` and `undefined` are constants too. */
export interface Folded {
  readonly value: Constant
}

/** Longest text that is worked out; what is longer counts as unknown. */
const MAX_TEXT = 65_536
const MAX_ITEMS = 4_096

/** The value, unless it is larger than what is worth following. */
export function bounded(folded: Folded | null): Folded | null {
  const value = folded?.value
  if (typeof value === 'string' && value.length > MAX_TEXT) return null
  if (value instanceof ConstantObject) return value.entries.size > MAX_ITEMS ? null : folded
  return Array.isArray(value) && value.length > MAX_ITEMS ? null : folded
}

/**
 * A constant as the language turns it into text.
 *
 * @throws {TypeError} It is an object, which may have methods of its own for that.
 */
export function textOf(value: Constant): string {
  if (value instanceof ConstantObject) throw new TypeError('An object has no constant text')
  if (!isList(value)) return String(value)
  return value.map((item) => (item === null || item === undefined ? '' : textOf(item))).join(',')
}

/**
 * A constant as the language turns it into a number.
 *
 * @throws {TypeError} It is no number, text, boolean, `null` or `undefined`.
 */
export function numberOf(value: Constant): number {
  if (typeof value === 'bigint' || value instanceof ConstantObject) {
    throw new TypeError('A number was expected')
  }
  return isList(value) ? Number(textOf(value)) : Number(value)
}

/** Whether a constant is an array. */
export function isList(value: Constant): value is readonly Constant[] {
  return Array.isArray(value)
}
