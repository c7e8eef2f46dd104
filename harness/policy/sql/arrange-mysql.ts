import { wordOf } from './sql-gate.ts'
import type { Token } from './sql-lexer.ts'

/** The position of a token, or text in its place. */
export type Piece = number | string

/** A MySQL statement put in the order of PostgreSQL's grammar. */
export interface ArrangedMysql {
  readonly pieces: readonly Piece[]
  /** From here on VALUES(column) is the value that could not be inserted; null where it is not. */
  readonly duplicateFrom: number | null
}

/**
 * Arranges the tokens of a MySQL statement as PostgreSQL's grammar wants them, so that everything which can
 * refer to a table, a column or a function stays in its scope. UPDATE and DELETE, which can have many
 * targets, become queries over what they join: what they write is for another reading to say.
 */
export function arrangeMysql(tokens: readonly Token[]): ArrangedMysql {
  const verb = findVerb(tokens)
  const before = range(0, verb)
  const word = wordOf(tokens[verb])
  if (word === 'update') return plain([...before, ...arrangeUpdate(tokens, verb)])
  if (word === 'delete') return plain([...before, ...arrangeDelete(tokens, verb)])
  if (word !== 'insert' && word !== 'replace') return plain(range(0, tokens.length))
  const duplicate = findAtDepth(tokens, verb, (index) => {
    return wordOf(tokens[index]) === 'on' && wordOf(tokens[index + 1]) === 'duplicate'
  })
  const end = duplicate ?? tokens.length
  const action: Piece[] =
    duplicate === null ? [] : ['ON CONFLICT DO UPDATE SET', ...range(duplicate + 4, tokens.length)]
  return {
    pieces: [...before, ...arrangeInsert(tokens, verb, end), ...action],
    duplicateFrom: duplicate,
  }
}

function plain(pieces: readonly Piece[]): ArrangedMysql {
  return { pieces, duplicateFrom: null }
}

function arrangeUpdate(tokens: readonly Token[], verb: number): Piece[] {
  const start = skipModifiers(tokens, verb + 1)
  const set = findWord(tokens, start, /^set$/) ?? tokens.length
  const rest = findWord(tokens, set, /^(?:where|order|limit)$/) ?? tokens.length
  const assignments = range(set + 1, rest)
  return ['SELECT', ...assignments, 'FROM', ...range(start, set), ...range(rest, tokens.length)]
}

function arrangeDelete(tokens: readonly Token[], verb: number): Piece[] {
  const from = findWord(tokens, verb, /^from$/) ?? tokens.length
  // In DELETE FROM targets USING tables the tables come last, otherwise they follow FROM.
  const isBare = skipModifiers(tokens, verb + 1) === from
  const where = findWord(tokens, verb, /^(?:where|order|limit)$/) ?? tokens.length
  const using = isBare ? findTargetsEnd(tokens, from, where) : null
  return ['SELECT 1 FROM', ...range((using ?? from) + 1, tokens.length)]
}

/** The USING after a list of targets; one after a JOIN names columns instead. */
function findTargetsEnd(tokens: readonly Token[], from: number, end: number): number | null {
  const using = findWord(tokens, from, /^using$/)
  const isList = range(from + 1, using ?? end).every((index) => {
    const { text = '' } = tokens[index] ?? {}
    return !/^(?:join|on|\()$/i.test(text)
  })
  return using !== null && using < end && isList ? using : null
}

function arrangeInsert(tokens: readonly Token[], verb: number, end: number): Piece[] {
  let start = skipModifiers(tokens, verb + 1)
  if (wordOf(tokens[start]) === 'into') start += 1
  const set = findWord(tokens, start, /^(?:set|values?|select|with)$/)
  if (set === null || set >= end || wordOf(tokens[set]) !== 'set') {
    return ['INSERT INTO', ...range(start, end).map((index) => singularValue(tokens, index))]
  }
  const columns: Piece[] = []
  const values: Piece[] = []
  for (const assignment of splitAtCommas(tokens, set + 1, end)) {
    const equals = assignment.find((index) => tokens[index]?.text === '=') ?? end
    if (columns.length > 0) columns.push(',')
    if (values.length > 0) values.push(',')
    columns.push(...assignment.filter((index) => index < equals))
    values.push(...assignment.filter((index) => index > equals))
  }
  return ['INSERT INTO', ...range(start, set), '(', ...columns, ') VALUES (', ...values, ')']
}

/** MySQL takes VALUE for VALUES. */
function singularValue(tokens: readonly Token[], index: number): Piece {
  const isVerb = wordOf(tokens[index]) === 'value' && tokens[index + 1]?.text === '('
  return isVerb && tokens[index - 1]?.text !== '.' ? 'VALUES' : index
}

function skipModifiers(tokens: readonly Token[], start: number): number {
  let index = start
  while (/^(?:ignore|low_priority|high_priority|delayed|quick)$/.test(wordOf(tokens[index])))
    index += 1
  return index
}

function findVerb(tokens: readonly Token[]): number {
  if (wordOf(tokens[0]) !== 'with') return 0
  return findWord(tokens, 1, /^(?:select|insert|replace|update|delete|values)$/) ?? 0
}

function findWord(tokens: readonly Token[], start: number, word: RegExp): number | null {
  return findAtDepth(tokens, start, (index) => {
    return word.test(wordOf(tokens[index])) && tokens[index - 1]?.text !== '.'
  })
}

/** The first position outside of brackets that fits. */
function findAtDepth(
  tokens: readonly Token[],
  start: number,
  fits: (index: number) => boolean,
): number | null {
  let depth = 0
  for (let index = start; index < tokens.length; index += 1) {
    const { text, kind } = tokens[index] ?? {}
    if (kind === 'symbol' && text === '(') depth += 1
    else if (kind === 'symbol' && text === ')') depth -= 1
    else if (depth === 0 && fits(index)) return index
  }
  return null
}

function splitAtCommas(tokens: readonly Token[], start: number, end: number): number[][] {
  const parts: number[][] = [[]]
  let depth = 0
  for (const index of range(start, end)) {
    const { text, kind } = tokens[index] ?? {}
    if (kind === 'symbol' && text === '(') depth += 1
    if (kind === 'symbol' && text === ')') depth -= 1
    if (kind === 'symbol' && text === ',' && depth === 0) parts.push([])
    else parts.at(-1)?.push(index)
  }
  return parts
}

function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, offset) => start + offset)
}
