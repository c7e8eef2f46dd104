import { arrangeMysql } from './arrange-mysql.ts'
import { MYSQL_AS_POSTGRESQL, UNITS } from './dialect-words.ts'
import { isUnitArgument, MYSQL_OPERATORS } from './mask-mysql.ts'
import { convertAsCast } from './mysql-convert.ts'
import type { Token } from './sql-lexer.ts'
import { LimitComma, type MaskedSql, TokenMask } from './token-mask.ts'

const SYMBOLS: ReadonlyMap<string, string> = new Map([
  ['<=>', '='],
  ['&&', 'AND'],
  ['||', 'OR'],
])

const WORDS: ReadonlyMap<string, string> = new Map([
  ['distinctrow', 'DISTINCT'],
  ['straight_join', 'JOIN'],
  ['utc_date', 'CURRENT_DATE'],
  ['utc_time', 'CURRENT_TIME'],
  ['utc_timestamp', 'CURRENT_TIMESTAMP'],
])

/**
 * Rewrites a MySQL statement into PostgreSQL's grammar, for a second reading by a parser that shares
 * nothing with the first. What the two grammars do not have in common is spelled differently or, where it
 * refers to nothing, left out; what is not known stays and is then refused.
 */
export function maskMysqlAsPostgresql(tokens: readonly Token[]): MaskedSql {
  const { pieces, duplicateFrom } = arrangeMysql(tokens)
  const writer = new MysqlWriter(tokens, duplicateFrom)
  for (const piece of pieces) writer.add(piece)
  return writer.result()
}

class MysqlWriter {
  readonly #mask: TokenMask
  readonly #duplicateFrom: number | null
  readonly #limit = new LimitComma()
  /** Positions that are left out, and what stands in the place of others. */
  readonly #instead = new Map<number, string>()
  #isAfterString = false

  constructor(tokens: readonly Token[], duplicateFrom: number | null) {
    this.#mask = new TokenMask(tokens, MYSQL_AS_POSTGRESQL)
    this.#duplicateFrom = duplicateFrom
  }

  result(): MaskedSql {
    return this.#mask.result()
  }

  add(piece: number | string): void {
    if (typeof piece === 'string') {
      this.#mask.push(piece)
      return
    }
    const token = this.#mask.tokens[piece]
    const isLimitComma = this.#limit.isAt(token)
    // Strings side by side are one.
    const isString = token?.kind === 'string'
    if (isString && this.#isAfterString) return
    this.#isAfterString = isString && this.#mask.word(piece - 1) !== 'as'
    if (this.#isInsertedValue(piece)) {
      this.#mask.name(piece)
      return
    }
    const text = isLimitComma ? 'OFFSET' : this.#translated(piece)
    if (text === null) this.#mask.add(piece)
    else if (text !== '') this.#mask.push(text)
  }

  /** VALUES(column) after ON DUPLICATE KEY UPDATE is a function. */
  #isInsertedValue(index: number): boolean {
    const isAfter = this.#duplicateFrom !== null && index > this.#duplicateFrom
    return isAfter && this.#mask.word(index) === 'values' && this.#mask.text(index + 1) === '('
  }

  /** What stands in the place of a token; empty when nothing does, null when the token itself does. */
  #translated(index: number): string | null {
    const mask = this.#mask
    const instead = this.#instead.get(index)
    if (instead !== undefined) return instead
    const token = mask.tokens[index]
    if (token?.kind === 'symbol') return SYMBOLS.get(token.text) ?? null
    const word = mask.word(index)
    if (word === '' || mask.text(index - 1) === '.' || mask.text(index + 1) === '.') return null
    if (isUnitArgument(mask, index)) return `'s'`
    return this.#call(index, word) ?? (mask.isGrammar(index) ? this.#grammar(index, word) : null)
  }

  /** Functions with a syntax of their own. */
  #call(index: number, word: string): string | null {
    const mask = this.#mask
    if (word === 'separator' && mask.tokens[index + 1]?.kind === 'string') {
      return this.#without('', index + 1)
    }
    if (word === 'interval') return this.#interval(index)
    if (mask.text(index + 1) !== '(') return null
    if (word === 'row' && /^(?:values|,)$/i.test(mask.text(index - 1) ?? '')) return ''
    if (word === 'position') return 'POSITION'
    if (word === 'convert') return this.#convert(index)
    const end = this.#closing(index + 1)
    const isSpelledOut = this.#findInside(index + 1, end, /^from$/) !== null
    return /^(?:substring|substr|mid)$/.test(word) && isSpelledOut ? 'SUBSTRING' : null
  }

  #grammar(index: number, word: string): string | null {
    const mask = this.#mask
    const after = mask.word(index + 1)
    if (word === 'with' && after === 'rollup') return this.#without('', index + 1)
    if (word === 'lock' && after === 'in') {
      return this.#without('FOR SHARE', index + 1, index + 2, index + 3)
    }
    if (word === 'dual' && mask.word(index - 1) === 'from') return '(SELECT 1) AS dual'
    if ((word === 'inner' || word === 'cross') && after === 'join') return ''
    if (word === 'join' || word === 'straight_join') return this.#join(index)
    // SIGNED INTEGER is one type.
    if ((word === 'signed' || word === 'unsigned') && /^int(?:eger)?$/.test(after)) {
      return this.#without('integer', index + 1)
    }
    return WORDS.get(word) ?? MYSQL_OPERATORS.get(word) ?? null
  }

  /** JOIN needs no condition in MySQL. */
  #join(index: number): string {
    const mask = this.#mask
    if (mask.text(index + 1) === '(') this.#joinCommas(index + 1)
    const isOuter = /^(?:natural|left|right|outer)$/.test(mask.word(index - 1))
    if (isOuter) return 'JOIN'
    for (let at = index + 1; at < mask.tokens.length; at += 1) {
      if (mask.text(at) === '(') at = this.#closing(at)
      else if (mask.text(at) === ')' || mask.text(at) === ',') break
      else if (/^(?:on|using)$/.test(mask.word(at)) && mask.isGrammar(at)) return 'JOIN'
      else if (
        /^(?:join|straight_join|where|group|having|order|limit|union|for|set)$/.test(mask.word(at))
      )
        break
    }
    return 'CROSS JOIN'
  }

  /** `JOIN (a, b)` is a join of a and b. */
  #joinCommas(open: number): void {
    if (/^(?:select|with|values|table)$/.test(this.#mask.word(open + 1))) return
    const end = this.#closing(open)
    for (let at = open + 1; at < end; at += 1) {
      if (this.#mask.text(at) === '(') at = this.#closing(at)
      else if (this.#mask.text(at) === ',') this.#instead.set(at, 'CROSS JOIN')
    }
  }

  /** The amount of an INTERVAL is all that can refer to anything. */
  #interval(index: number): string | null {
    const mask = this.#mask
    const close = mask.text(index + 1) === '(' ? this.#closing(index + 1) : null
    // A function of the same name has at least two arguments.
    if (close !== null && this.#findInside(index + 1, close, /^,$/) !== null) return null
    let unit = close === null ? index + 1 : close + 1
    while (unit < mask.tokens.length && !UNITS.has(mask.word(unit))) {
      if (mask.text(unit) === ',' || mask.text(unit) === ')') return null
      unit = mask.text(unit) === '(' ? this.#closing(unit) + 1 : unit + 1
    }
    return UNITS.has(mask.word(unit)) ? this.#without('', unit) : null
  }

  #convert(index: number): string | null {
    const instead = convertAsCast(this.#mask, index)
    for (const [at, text] of instead) this.#instead.set(at, text)
    return instead.get(index) ?? null
  }

  /** The text that stands for a token and further ones, which are left out. */
  #without(text: string, ...leftOut: readonly number[]): string {
    for (const index of leftOut) this.#instead.set(index, '')
    return text
  }

  #findInside(open: number, close: number, text: RegExp): number | null {
    for (let index = open + 1; index < close; index += 1) {
      if (this.#mask.text(index) === '(') index = this.#closing(index)
      else if (text.test(this.#mask.text(index)?.toLowerCase() ?? '')) return index
    }
    return null
  }

  #closing(open: number): number {
    let depth = 0
    for (let index = open; index < this.#mask.tokens.length; index += 1) {
      const { kind, text } = this.#mask.tokens[index] ?? {}
      if (kind !== 'symbol') continue
      if (text === '(') depth += 1
      if (text === ')') depth -= 1
      if (depth === 0) return index
    }
    return this.#mask.tokens.length
  }
}
