import { MYSQL, UNITS } from './dialect-words.ts'
import { convertAsCast } from './mysql-convert.ts'
import type { Token } from './sql-lexer.ts'
import { type MaskedSql, TokenMask } from './token-mask.ts'

/**
 * Operators that parsers do not know everywhere, as ones that they do: what is compared or combined is all
 * that counts here, not how.
 */
export const MYSQL_OPERATORS: ReadonlyMap<string, string> = new Map([
  ['<=>', '='],
  ['div', '/'],
  ['mod', '%'],
  ['xor', 'OR'],
  ['rlike', 'LIKE'],
  ['regexp', 'LIKE'],
])

/** Rewrites a MySQL statement for node-sql-parser: only names, strings and comments change. */
export function maskMysql(tokens: readonly Token[]): MaskedSql {
  const mask = new TokenMask(tokens, MYSQL)
  const instead = new Map<number, string>()
  let hasNaturalJoin = false
  for (const [index, token] of tokens.entries()) {
    if (mask.word(index) === 'convert' && mask.text(index + 1) === '(') {
      for (const [at, text] of convertAsCast(mask, index)) instead.set(at, text)
    }
    const other = instead.get(index)
    if (other !== undefined) {
      // As a masked name a function has none of the parser's special forms.
      if (other === 'convert') mask.name(index)
      else if (other !== '') mask.push(other)
      continue
    }
    const operator = MYSQL_OPERATORS.get(mask.word(index) || token.text)
    const isGrammar = token.kind === 'word' && mask.isGrammar(index)
    if (operator !== undefined && (token.kind === 'symbol' || isGrammar)) mask.push(operator)
    else if (isUnitArgument(mask, index)) mask.push(`'s'`)
    else if (mask.word(index) === 'natural' && isGrammar) hasNaturalJoin = true
    else mask.add(index)
  }
  return mask.result({ hasNaturalJoin })
}

/** The first argument of TIMESTAMPDIFF and TIMESTAMPADD is a unit, which parsers take for a column. */
export function isUnitArgument(mask: TokenMask, index: number): boolean {
  return (
    UNITS.has(mask.word(index)) &&
    mask.text(index - 1) === '(' &&
    /^timestamp(?:diff|add)$/.test(mask.word(index - 2))
  )
}
