// Tables of type numbers, from the catalogue of PostgreSQL; the numbers of built-in types never change.
import { Buffer } from 'node:buffer'
import type { JsonValue } from '../../harness/index.ts'
import type { SqlParameter, SqlScalar } from './sql-source.ts'

/** Makes JSON of the text in which PostgreSQL sends a value. */
export type TextReader = (text: string) => JsonValue

const asText: TextReader = (text) => text
const asBoolean: TextReader = (text) => text === 't'

const asWhole: TextReader = (text) => {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : text
}

const asFloat: TextReader = (text) => {
  const number = Number(text)
  return Number.isFinite(number) ? number : text
}

// As a number, so that programs can compute with it. Only what has no fraction must stay exact: it may be
// a key, and an average has more digits than any number.
const asNumeric: TextReader = (text) => {
  const number = Number(text)
  return Number.isSafeInteger(Math.trunc(number)) ? number : text
}

const asBase64: TextReader = (text) =>
  text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex').toString('base64') : text

const asTimestamp: TextReader = (text) =>
  text.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)$/, '$1T$2')

// The session's time zone is UTC, so there is one offset only.
const asInstant: TextReader = (text) =>
  text.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)\+00$/, '$1T$2Z')

/** The source text of a number is there since V8 11.4, and not in TypeScript's library. */
type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

const keepLargeIntegers: SourceReviver = (_key, value, { source }) =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
    ? (source ?? String(value))
    : value

const asJson: TextReader = (text) =>
  JSON.parse(text, keepLargeIntegers as (key: string, value: unknown) => unknown)

const READERS: ReadonlyMap<number, TextReader> = new Map([
  [16, asBoolean],
  [17, asBase64],
  [20, asWhole], // int8
  [21, asWhole],
  [23, asWhole],
  [26, asWhole], // oid
  [114, asJson],
  [3802, asJson], // jsonb
  [700, asFloat],
  [701, asFloat],
  [1700, asNumeric],
  [1114, asTimestamp],
  [1184, asInstant],
])

/** Types of lists, and of what is in them; those of text stand for every element that stays text. */
const ELEMENTS: ReadonlyMap<number, number> = new Map([
  [1000, 16],
  [1001, 17],
  [1016, 20],
  [1005, 21],
  [1007, 23],
  [1028, 26],
  [199, 114],
  [3807, 3802],
  [1021, 700],
  [1022, 701],
  [1231, 1700],
  [1115, 1114],
  [1185, 1184],
  ...[1009, 1015, 1014, 1002, 1003, 2951, 1182, 1183, 1270, 1187, 1041, 651, 1040, 791].map(
    (list) => [list, 25] as const,
  ),
])

/** Tells how values of a type are made JSON. Types that are not known stay PostgreSQL's text. */
export function readerOf(typeId: number): TextReader {
  const element = ELEMENTS.get(typeId)
  if (element === undefined) return READERS.get(typeId) ?? asText
  const read = READERS.get(element) ?? asText
  return (text) => readList(text, read)
}

/** Reads `{1,NULL,"a b",{…}}`, with the bounds that may stand before it. */
function readList(text: string, read: TextReader): JsonValue {
  const start = text.indexOf('{')
  const open: JsonValue[][] = [[]]
  // Linear: every expression takes one element and never looks back.
  const part = /[{},]|"((?:[^"\\]|\\.)*)"|[^{},"]+/gsy
  part.lastIndex = start
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    const [whole, quoted] = match
    if (whole === '{') open.push([])
    else if (whole === '}') {
      const done = open.pop() ?? []
      open.at(-1)?.push(done)
    } else if (quoted !== undefined) open.at(-1)?.push(read(quoted.replaceAll(/\\(.)/gs, '$1')))
    else if (whole !== ',') open.at(-1)?.push(whole === 'NULL' ? null : read(whole))
  }
  return open[0]?.[0] ?? []
}

/** The text in which a value is bound. PostgreSQL takes its type from the statement. */
export function toPostgresql(value: SqlParameter): string | null {
  if (typeof value !== 'object' || value === null) return scalarText(value)
  return `{${value.map(elementText).join(',')}}`
}

function scalarText(value: SqlScalar): string | null {
  // -0 is no integer to PostgreSQL.
  return value === null ? null : String(value === 0 ? 0 : value)
}

function elementText(value: SqlScalar): string {
  if (typeof value !== 'string') return scalarText(value) ?? 'NULL'
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`
}
