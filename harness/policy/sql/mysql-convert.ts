import type { TokenMask } from './token-mask.ts'

/**
 * What stands in the place of the tokens of a MySQL `CONVERT(…)` in grammars without its two forms:
 * `CONVERT(x, type)` is a CAST, and `CONVERT(x USING charset)` a function of x. Empty text leaves a token out.
 *
 * @param index - The word CONVERT, which a bracket follows.
 */
export function convertAsCast(mask: TokenMask, index: number): ReadonlyMap<number, string> {
  const instead = new Map<number, string>()
  let depth = 0
  for (let at = index + 1; at < mask.tokens.length; at += 1) {
    const text = mask.tokens[at]?.kind === 'symbol' ? mask.text(at) : ''
    if (text === '(') depth += 1
    if (text === ')') depth -= 1
    if (depth === 0) break
    if (depth > 1) continue
    if (text === ',') {
      instead.set(index, 'CAST').set(at, 'AS')
      const type = mask.word(at + 1)
      if (type !== '') instead.set(at + 1, type)
      break
    }
    if (mask.word(at) === 'using') {
      instead
        .set(index, 'convert')
        .set(at, '')
        .set(at + 1, '')
      break
    }
  }
  return instead
}
