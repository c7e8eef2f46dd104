import type { Token } from './sql-lexer.ts'
import { SqlRefusal } from './sql-verdict.ts'

/**
 * Leads the names in a parser's tree back to the tokens of our own lexer. The text that a parser sees has
 * every name replaced by `x<n>`, so it decides neither quoting nor spelling; and a name that it dropped
 * is noticed, because every one of them must come back.
 */
export interface Names {
  /** The name behind a text of the tree. */
  readonly of: (text: string) => string
  /** The position of the token behind a text of the tree; undefined for a word of the grammar. */
  readonly positionOf: (text: string) => number | undefined
  /** @throws {SqlRefusal} When a name of the statement is not in the parser's reading. */
  readonly expectAllSeen: () => void
}

/** For a tree that was read from the text itself. */
export const ORIGINAL_NAMES: Names = Object.freeze({
  of: (text: string) => text,
  positionOf: () => undefined,
  expectAllSeen() {},
})

/** Names for a text in which the tokens at `positions` are masked. */
export function maskedNames(tokens: readonly Token[], positions: ReadonlySet<number>): Names {
  const unseen = new Set(positions)
  const positionOf = (text: string) => {
    const digits = /^x(\d+)$/.exec(text)?.[1]
    return digits !== undefined && positions.has(Number(digits)) ? Number(digits) : undefined
  }
  return {
    positionOf,
    of: (text) => {
      const position = positionOf(text)
      // Only words of the grammar are left unmasked; some of them may be used as names.
      if (position === undefined) return text
      unseen.delete(position)
      return tokens[position]?.value ?? text
    },
    expectAllSeen: () => {
      if (unseen.size > 0) {
        throw new SqlRefusal('unparseable', 'The parser does not account for every name')
      }
    },
  }
}
