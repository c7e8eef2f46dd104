import type { Constant } from './constant-value.ts'

type Operation = (...values: readonly Constant[]) => Constant

/** Functions of the language whose answer follows from constant arguments, by the name they are called. */
export const CONSTANT_FUNCTIONS: Readonly<Record<string, Operation>> = table({
  String: (value) => String(value),
  Number: (value) => Number(value),
  'String.fromCharCode': (...codes) => String.fromCharCode(...codes.map(Number)),
  'String.fromCodePoint': (...codes) => String.fromCodePoint(...codes.map(Number)),
  'Array.from': (value) => [...items(value)],
  'Array.of': (...values) => values,
  atob: (value) => atob(text(value)),
  decodeURIComponent: (value) => decodeURIComponent(text(value)),
  decodeURI: (value) => decodeURI(text(value)),
  unescape: (value) =>
    text(value).replaceAll(/%u([\da-f]{4})|%([\da-f]{2})/gi, (_all, long: string, short: string) =>
      String.fromCharCode(Number.parseInt(long ?? short, 16)),
    ),
})

/** Methods of strings, arrays and numbers, by name; the first argument is what they are called on. */
export const CONSTANT_METHODS: Readonly<Record<string, Operation>> = table({
  at: (of, index) => items(of).at(Number(index)),
  charAt: (of, index) => text(of).charAt(Number(index)),
  concat: (of, ...more) =>
    typeof of === 'string'
      ? of.concat(...more.map(String))
      : [...items(of), ...more.flatMap((one) => (Array.isArray(one) ? one : [one]))],
  join: (of, separator = ',') => list(of).map(String).join(text(separator)),
  replace: (of, search, by) => text(of).replace(text(search), () => text(by)),
  replaceAll: (of, search, by) => text(of).replaceAll(text(search), () => text(by)),
  repeat: (of, count) => (Number(count) <= 1_000 ? text(of).repeat(Number(count)) : undefined),
  reverse: (of) => [...list(of)].reverse(),
  slice: (of, from, to) =>
    typeof of === 'string' ? of.slice(...bounds(from, to)) : list(of).slice(...bounds(from, to)),
  split: (of, separator) => text(of).split(text(separator)),
  substring: (of, from, to) => text(of).substring(...bounds(from, to)),
  toLowerCase: (of) => text(of).toLowerCase(),
  toReversed: (of) => [...list(of)].reverse(),
  toString: digits,
  toUpperCase: (of) => text(of).toUpperCase(),
  trim: (of) => text(of).trim(),
  valueOf: itself,
})

/** A record without inherited names: `constructor` must not find one. */
function table(operations: Record<string, Operation>): Readonly<Record<string, Operation>> {
  return Object.assign(Object.create(null), operations)
}

// Named and typed here: the two keys are members of every object, whose types would be taken instead.
function digits(of: Constant, radix: Constant): string {
  return typeof of === 'number' ? of.toString(Number(radix ?? 10)) : String(of)
}

function itself(of: Constant): Constant {
  return of
}

function text(value: Constant): string {
  if (typeof value !== 'string') throw new TypeError('A string was expected')
  return value
}

function list(value: Constant): readonly Constant[] {
  if (!Array.isArray(value)) throw new TypeError('An array was expected')
  return value
}

function items(value: Constant): readonly Constant[] {
  return typeof value === 'string' ? [...value] : list(value)
}

function bounds(from: Constant, to: Constant): [number, number | undefined] {
  return [Number(from ?? 0), to === undefined ? undefined : Number(to)]
}
