import { type Constant, isList, numberOf, textOf } from './constant.ts'

type Operation = (...values: readonly Constant[]) => Constant

/** Functions of the language whose answer follows from constant arguments, by the name they are called. */
export const CONSTANT_FUNCTIONS: Readonly<Record<string, Operation>> = table({
  String: (...values) => (values.length === 0 ? '' : textOf(values[0])),
  Number: (value) => numberOf(value),
  parseInt: (value, radix) => Number.parseInt(textOf(value), numberOf(radix ?? 10)),
  parseFloat: (value) => Number.parseFloat(textOf(value)),
  'Number.parseInt': (value, radix) => Number.parseInt(textOf(value), numberOf(radix ?? 10)),
  'String.fromCharCode': (...codes) => String.fromCharCode(...codes.map(numberOf)),
  'String.fromCodePoint': (...codes) => String.fromCodePoint(...codes.map(numberOf)),
  'Array.from': (value) => [...items(value)],
  'Array.of': (...values) => values,
  'Math.abs': (value) => Math.abs(numberOf(value)),
  'Math.ceil': (value) => Math.ceil(numberOf(value)),
  'Math.floor': (value) => Math.floor(numberOf(value)),
  'Math.max': (...values) => Math.max(...values.map(numberOf)),
  'Math.min': (...values) => Math.min(...values.map(numberOf)),
  'Math.pow': (base, exponent) => numberOf(base) ** numberOf(exponent),
  'Math.round': (value) => Math.round(numberOf(value)),
  'Math.trunc': (value) => Math.trunc(numberOf(value)),
  'JSON.parse': (value) => plain(JSON.parse(text(value))),
  atob: (value) => atob(text(value)),
  btoa: (value) => btoa(text(value)),
  decodeURIComponent: (value) => decodeURIComponent(text(value)),
  decodeURI: (value) => decodeURI(text(value)),
  encodeURIComponent: (value) => encodeURIComponent(text(value)),
  unescape: (value) =>
    text(value).replaceAll(/%u([\da-f]{4})|%([\da-f]{2})/gi, (_all, long: string, short: string) =>
      String.fromCharCode(Number.parseInt(long ?? short, 16)),
    ),
})

/** Methods of strings, arrays and numbers, by name; the first argument is what they are called on. */
export const CONSTANT_METHODS: Readonly<Record<string, Operation>> = table({
  at: (of, index) => items(of).at(numberOf(index)),
  charAt: (of, index) => text(of).charAt(numberOf(index ?? 0)),
  charCodeAt: (of, index) => text(of).charCodeAt(numberOf(index ?? 0)),
  codePointAt: (of, index) => text(of).codePointAt(numberOf(index ?? 0)),
  concat: (of, ...more) =>
    typeof of === 'string'
      ? of.concat(...more.map(textOf))
      : [...list(of), ...more.flatMap((one) => (isList(one) ? one : [one]))],
  flat: (of) => list(of).flatMap((one) => (isList(one) ? one : [one])),
  indexOf: (of, value) =>
    typeof of === 'string' ? of.indexOf(text(value)) : list(of).indexOf(value),
  join: (of, separator) =>
    list(of)
      .map((item) => (item === null || item === undefined ? '' : textOf(item)))
      .join(separator === undefined ? ',' : text(separator)),
  normalize: (of, form) => text(of).normalize(form === undefined ? 'NFC' : text(form)),
  padEnd: (of, length, fill) => padded(of, length, fill, 'padEnd'),
  padStart: (of, length, fill) => padded(of, length, fill, 'padStart'),
  replace: (of, search, by) => text(of).replace(text(search), () => text(by)),
  replaceAll: (of, search, by) => text(of).replaceAll(text(search), () => text(by)),
  repeat: (of, count) =>
    numberOf(count) <= MAX_REPEATS ? text(of).repeat(numberOf(count)) : undefined,
  reverse: (of) => [...list(of)].reverse(),
  slice: (of, from, to) =>
    typeof of === 'string' ? of.slice(...bounds(from, to)) : list(of).slice(...bounds(from, to)),
  split: (of, separator) =>
    separator === undefined ? [text(of)] : text(of).split(text(separator)),
  substr: (of, from, length) => {
    const start = text(of).slice(numberOf(from ?? 0))
    return length === undefined ? start : start.slice(0, numberOf(length))
  },
  substring: (of, from, to) => text(of).substring(...bounds(from, to)),
  toLowerCase: (of) => text(of).toLowerCase(),
  toReversed: (of) => [...list(of)].reverse(),
  toString: digits,
  toUpperCase: (of) => text(of).toUpperCase(),
  trim: (of) => text(of).trim(),
  trimEnd: (of) => text(of).trimEnd(),
  trimStart: (of) => text(of).trimStart(),
  valueOf: itself,
})

const MAX_REPEATS = 1_000

/** A record without inherited names: `constructor` must not find one. */
function table(operations: Record<string, Operation>): Readonly<Record<string, Operation>> {
  return Object.assign(Object.create(null), operations)
}

// Named and typed here: the two keys are members of every object, whose types would be taken instead.
function digits(of: Constant, radix: Constant): string {
  return typeof of === 'number' ? of.toString(numberOf(radix ?? 10)) : textOf(of)
}

function itself(of: Constant): Constant {
  return of
}

function padded(
  of: Constant,
  length: Constant,
  fill: Constant,
  method: 'padEnd' | 'padStart',
): Constant {
  const width = numberOf(length)
  return width <= MAX_REPEATS
    ? text(of)[method](width, fill === undefined ? ' ' : text(fill))
    : undefined
}

/** What `JSON.parse` gives, if it is a primitive or a list of such. */
function plain(value: unknown): Constant {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null) throw new TypeError('Objects are not followed')
  return value as string | number | boolean | null
}

function text(value: Constant): string {
  if (typeof value !== 'string') throw new TypeError('A string was expected')
  return value
}

function list(value: Constant): readonly Constant[] {
  if (!isList(value)) throw new TypeError('An array was expected')
  return value
}

function items(value: Constant): readonly Constant[] {
  return typeof value === 'string' ? [...value] : list(value)
}

function bounds(from: Constant, to: Constant): [number, number | undefined] {
  return [numberOf(from ?? 0), to === undefined ? undefined : numberOf(to)]
}
