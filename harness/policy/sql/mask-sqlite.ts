import { SQLITE } from './dialect-words.ts'
import type { Token } from './sql-lexer.ts'
import { LimitComma, type MaskedSql, TokenMask } from './token-mask.ts'

/** Rewrites a SQLite statement into PostgreSQL's grammar, which SQLite's was modelled on. */
export function maskSqlite(tokens: readonly Token[]): MaskedSql {
  const mask = new SqliteMask(tokens)
  for (let index = 0; index < tokens.length; ) index += mask.add(index)
  return mask.result()
}

class SqliteMask {
  readonly #mask: TokenMask
  readonly #limit = new LimitComma()
  #hasConflictClause = false

  constructor(tokens: readonly Token[]) {
    this.#mask = new TokenMask(tokens, SQLITE)
  }

  result(): MaskedSql {
    return this.#mask.result({ hasConflictClause: this.#hasConflictClause })
  }

  /** Adds one token, or several that SQLite spells otherwise; tells how many. */
  add(index: number): number {
    const mask = this.#mask
    const token = mask.tokens[index]
    const second = mask.tokens[index + 1]
    const [word, after] = [mask.word(index), mask.word(index + 1)]
    const isAfterOperand = mask.isOperand(index - 1)
    if (word === 'replace' && after === 'into') return this.#emitConflict('insert', 1)
    if ((word === 'insert' || word === 'update') && after === 'or')
      return this.#emitConflict(word, 3)
    if (word === 'not' && after === 'indexed' && isAfterOperand) return 2
    if (word === 'indexed' && after === 'by' && isAfterOperand) return 3
    if (word === 'not' && after === 'null' && isAfterOperand) return this.#emit('notnull', 2)
    if (word === 'glob' && second?.text !== '(') return this.#emit('like', 1)
    if (word === 'is') return this.#is(after, mask.word(index + 2))
    if (word === 'in' && second !== undefined && second.text !== '(')
      return this.#inTable(index + 1)
    if (token?.text === '==') return this.#emit('=', 1)
    if (this.#limit.isAt(token)) return this.#emit('offset', 1)
    mask.add(index)
    return 1
  }

  #emit(text: string, consumed: number): number {
    this.#mask.push(text)
    return consumed
  }

  #emitConflict(verb: string, consumed: number): number {
    this.#hasConflictClause = true
    return this.#emit(verb, consumed)
  }

  /** SQLite's IS compares anything. */
  #is(after: string, last: string): number {
    const tested = after === 'not' ? last : after
    if (/^(?:null|true|false|distinct)$/.test(tested)) return this.#emit('is', 1)
    return after === 'not' ? this.#emit('<>', 2) : this.#emit('=', 1)
  }

  /** `x IN t` means `x IN (SELECT * FROM t)`. */
  #inTable(start: number): number {
    const mask = this.#mask
    mask.push('in (table')
    let index = start
    mask.name(index)
    while (mask.text(index + 1) === '.' && mask.tokens[index + 2] !== undefined) {
      index += 2
      mask.push('.')
      mask.name(index)
    }
    mask.push(')')
    return index - start + 2
  }
}
