/**
 * The characters that one place of a pattern takes: ranges of code units in ascending order, and names of
 * properties (`\p{L}`) that are only known to be equal to themselves.
 */
export interface CharacterSet {
  readonly ranges: readonly (readonly [first: number, last: number])[]
  readonly properties: readonly string[]
}

type Range = readonly [number, number]

const LAST = 0x10ffff
const DIGITS: readonly Range[] = [[48, 57]]
const WORD: readonly Range[] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]
const SPACE: readonly Range[] = [
  [9, 13],
  [32, 32],
  [160, 160],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]
const LINE_ENDS: readonly Range[] = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
]

/** Whether some character is in both sets. */
export function overlaps(a: CharacterSet, b: CharacterSet): boolean {
  if (a.properties.some((name) => b.properties.includes(name))) return true
  let i = 0
  let j = 0
  while (i < a.ranges.length && j < b.ranges.length) {
    const [firstA, lastA] = a.ranges[i] ?? [0, -1]
    const [firstB, lastB] = b.ranges[j] ?? [0, -1]
    if (lastA < firstB) i += 1
    else if (lastB < firstA) j += 1
    else return true
  }
  return false
}

/** `.` */
export function dotSet(isAll: boolean): CharacterSet {
  return { ranges: isAll ? [[0, LAST]] : complement(LINE_ENDS), properties: [] }
}

/** One character that stands for itself. */
export function literalSet(character: string, ignoresCase: boolean): CharacterSet {
  return toSet([codeRange(character.charCodeAt(0))], ignoresCase)
}

/** The set of an escape such as `\d` or `\x41`, and how many characters it takes, the backslash left out. */
export function escapeSet(
  text: string,
  options: { readonly ignoresCase: boolean },
): { readonly set: CharacterSet; readonly length: number } {
  const { ranges, properties, length } = readEscape(text)
  return { set: { ...toSet(ranges, options.ignoresCase), properties }, length }
}

/** The set of what stands between `[` and `]`. */
export function classSet(text: string, ignoresCase: boolean): CharacterSet {
  const isNegated = text.startsWith('^')
  const ranges: Range[] = []
  const properties: string[] = []
  let at = isNegated ? 1 : 0
  let previous: number | null = null
  let isRange = false
  while (at < text.length) {
    const character = text.charAt(at)
    at += 1
    if (character === '-' && previous !== null && !isRange && at < text.length) {
      isRange = true
      continue
    }
    let found: readonly Range[] = [codeRange(character.charCodeAt(0))]
    if (character === '\\') {
      const escaped = readEscape(text.slice(at, at + 100))
      found = escaped.ranges
      properties.push(...escaped.properties)
      at += escaped.length
    }
    const [only] = found
    const single = found.length === 1 && only !== undefined && only[0] === only[1] ? only[0] : null
    if (isRange && previous !== null && single !== null) {
      ranges.push([Math.min(previous, single), Math.max(previous, single)])
      previous = null
    } else {
      ranges.push(...found)
      previous = single
    }
    isRange = false
  }
  const set = toSet(ranges, ignoresCase)
  // A negated property is left out: too few overlaps only mean too few warnings.
  return isNegated ? { ranges: complement(set.ranges), properties: [] } : { ...set, properties }
}

interface Escape {
  readonly ranges: readonly Range[]
  readonly properties: readonly string[]
  readonly length: number
}

const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 }
const CLASSES: Readonly<Record<string, readonly Range[]>> = { d: DIGITS, w: WORD, s: SPACE }

function readEscape(text: string): Escape {
  const letter = text.charAt(0)
  const known = CLASSES[letter.toLowerCase()]
  if (known !== undefined) {
    const ranges = letter === letter.toLowerCase() ? known : complement(known)
    return { ranges, properties: [], length: 1 }
  }
  if (letter === 'p' || letter === 'P') {
    const name = /^[pP]\{[^}]{1,80}\}/.exec(text)?.[0]
    if (name !== undefined) return { ranges: [], properties: [name], length: name.length }
  }
  const hex =
    /^u\{([\da-fA-F]{1,6})\}/.exec(text) ??
    /^u([\da-fA-F]{4})/.exec(text) ??
    /^x([\da-fA-F]{2})/.exec(text)
  if (hex !== null) {
    const code = Number.parseInt(hex[1] ?? '0', 16)
    return { ranges: [codeRange(code)], properties: [], length: hex[0].length }
  }
  if (letter === 'c') {
    return { ranges: [codeRange(text.charCodeAt(1) % 32)], properties: [], length: 2 }
  }
  const code = CONTROLS[letter] ?? letter.charCodeAt(0)
  return { ranges: [codeRange(code)], properties: [], length: 1 }
}

function codeRange(code: number): Range {
  return [code, code]
}

function toSet(ranges: readonly Range[], ignoresCase: boolean): CharacterSet {
  return {
    ranges: merged(ignoresCase ? [...ranges, ...otherCase(ranges)] : ranges),
    properties: [],
  }
}

/** ASCII letters in the other case. */
function otherCase(ranges: readonly Range[]): Range[] {
  return ranges.flatMap(([first, last]) => {
    const upper: Range = [Math.max(first, 65) + 32, Math.min(last, 90) + 32]
    const lower: Range = [Math.max(first, 97) - 32, Math.min(last, 122) - 32]
    return [upper, lower].filter(([from, to]) => from <= to)
  })
}

function merged(ranges: readonly Range[]): Range[] {
  const result: [number, number][] = []
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = result.at(-1)
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else result.push([first, last])
  }
  return result
}

function complement(ranges: readonly Range[]): Range[] {
  const result: Range[] = []
  let from = 0
  for (const [first, last] of merged(ranges)) {
    if (from < first) result.push([from, first - 1])
    from = last + 1
  }
  if (from <= LAST) result.push([from, LAST])
  return result
}
