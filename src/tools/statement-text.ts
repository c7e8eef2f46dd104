import type { SqlMode } from './sql-source.ts'
import { StatementError } from './sql-source.ts'

/** The dialects of databases that can be opened. */
export type OpenDialect = 'sqlite' | 'postgresql'

const READ_WORDS: Readonly<Record<OpenDialect, readonly string[]>> = {
  sqlite: ['SELECT', 'WITH', 'VALUES'],
  postgresql: ['SELECT', 'WITH', 'VALUES', 'TABLE'],
}

const WRITE_WORDS: Readonly<Record<OpenDialect, readonly string[]>> = {
  sqlite: ['INSERT', 'UPDATE', 'DELETE', 'REPLACE'],
  postgresql: ['INSERT', 'UPDATE', 'DELETE', 'MERGE'],
}

const DEFINITION =
  /^(?:(?:CREATE(?: OR REPLACE)?(?: (?:TEMP|TEMPORARY|UNLOGGED|UNIQUE|MATERIALIZED|RECURSIVE))*|DROP|ALTER)(?: MATERIALIZED)? (?:TABLE|INDEX|VIEW)|TRUNCATE)(?: |$)/

const MAX_LEADING_WORDS = 8

/**
 * Refuses a text that begins with anything but a query or a change of rows, tables, indexes or views.
 * Whatever steers the session or the server (`SET`, `DO`, `COPY`, `ATTACH`, `EXPLAIN`, …) never arrives.
 *
 * @throws {StatementError} Says with which words a statement may begin.
 */
export function requireKnownStatement(text: string, dialect: OpenDialect, mode: SqlMode): void {
  // PostgreSQL's protocol ends a text at NUL and would take the rest for something else.
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new StatementError('The SQL statement holds characters that no text can hold')
  }
  const words = leadingWords(text, dialect)
  const known = [...READ_WORDS[dialect], ...(mode === 'read' ? [] : WRITE_WORDS[dialect])]
  if (words[0] !== undefined && known.includes(words[0])) return
  if (mode === 'read-write' && DEFINITION.test(words.join(' '))) return
  throw new StatementError(`An SQL statement must start with one of ${known.join(', ')} here`)
}

function leadingWords(text: string, dialect: OpenDialect): readonly string[] {
  const words: string[] = []
  let index = 0
  while (words.length < MAX_LEADING_WORDS) {
    index = skipBlanks(text, index, dialect)
    if (text[index] === '(' && words.length === 0 && dialect === 'postgresql') {
      index++
      continue
    }
    const word = /^[a-z]+/i.exec(text.slice(index, index + 32))?.[0]
    if (word === undefined) break
    words.push(word.toUpperCase())
    index += word.length
  }
  return words
}

const SQLITE_BLANK = /[ \t\n\f\r;]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y
const POSTGRESQL_BLANK = /[ \t\n\v\f\r;]+|--[^\n\r]*/y

/** The index of the first character from `start` that is no blank, comment or semicolon. */
export function skipBlanks(text: string, start: number, dialect: OpenDialect): number {
  const blank = dialect === 'sqlite' ? SQLITE_BLANK : POSTGRESQL_BLANK
  let index = start
  while (index < text.length) {
    blank.lastIndex = index
    if (blank.test(text)) index = blank.lastIndex
    else if (dialect === 'postgresql' && text.startsWith('/*', index))
      index = endOfNested(text, index)
    else break
  }
  return index
}

/** Block comments of PostgreSQL nest. */
function endOfNested(text: string, start: number): number {
  let depth = 0
  for (let index = start; index < text.length; index++) {
    const two = text.slice(index, index + 2)
    if (two === '/*') depth++
    else if (two === '*/') depth--
    else continue
    index++
    if (depth === 0) return index + 1
  }
  return text.length
}
