import type { CustomTypesConfig } from 'pg'
import type { SqlValue } from './statement.ts'

// PostgreSQL's text holds every character but NUL, which may stand in what a caller wrote. It is written as
// a private character and a digit, and so is that character itself: different texts stay different.
const ESCAPE = '\u{F8FF}'

/** What is bound for a value, as text. PostgreSQL takes its type from the statement. */
export function toParameter(value: SqlValue): string | Uint8Array | null {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? escapeNul(value) : value
}

/** Reads values as SQLite gives them: whole numbers of any size and truth values are numbers. */
export function storeTypes(standard: CustomTypesConfig): CustomTypesConfig {
  const getTypeParser = (typeId: number, format?: 'text' | 'binary') =>
    READERS.get(typeId) ?? standard.getTypeParser(typeId, format as 'text')
  return { getTypeParser: getTypeParser as CustomTypesConfig['getTypeParser'] }
}

// The numbers of built-in types never change.
const READERS: ReadonlyMap<number, (text: string) => number | string> = new Map<
  number,
  (text: string) => number | string
>([
  [16, (text) => (text === 't' ? 1 : 0)],
  [20, Number], // int8
  [25, unescapeNul], // text
  [1043, unescapeNul], // varchar
  [1700, Number], // numeric, what sums are
])

function escapeNul(text: string): string {
  if (!/[\0\u{F8FF}]/u.test(text)) return text
  return text.replaceAll(ESCAPE, `${ESCAPE}1`).replaceAll('\0', `${ESCAPE}0`)
}

function unescapeNul(text: string): string {
  if (!text.includes(ESCAPE)) return text
  return text.replaceAll(`${ESCAPE}0`, '\0').replaceAll(`${ESCAPE}1`, ESCAPE)
}
