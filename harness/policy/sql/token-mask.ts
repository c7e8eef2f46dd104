import type { Grammar } from './dialect-words.ts'
import { maskedNames, type Names } from './names.ts'
import { wordOf } from './sql-gate.ts'
import type { Token } from './sql-lexer.ts'

/** A statement rewritten so that a parser sees nothing but grammar. It is parsed and never executed. */
export interface MaskedSql {
  readonly text: string
  readonly names: Names
  readonly hasConflictClause: boolean
  /** The text had a NATURAL join, which the parser for MySQL does not know. */
  readonly hasNaturalJoin: boolean
  /** True for the position of a name that follows AS, as a type in CAST does. */
  readonly isAfterAs: (position: number) => boolean
}

/** Writes a statement down piece by piece, with every name and literal replaced. */
export class TokenMask {
  readonly tokens: readonly Token[]
  readonly #grammar: Grammar
  readonly #parts: string[] = []
  readonly #positions = new Set<number>()

  constructor(tokens: readonly Token[], grammar: Grammar) {
    this.tokens = tokens
    this.#grammar = grammar
  }

  result(found: Partial<Pick<MaskedSql, 'hasConflictClause' | 'hasNaturalJoin'>> = {}): MaskedSql {
    return {
      text: this.#parts.join(' '),
      names: maskedNames(this.tokens, this.#positions),
      hasConflictClause: found.hasConflictClause ?? false,
      hasNaturalJoin: found.hasNaturalJoin ?? false,
      isAfterAs: (position) => this.word(position - 1) === 'as',
    }
  }

  /** The word at a position in lower case; empty for anything that is not a plain word. */
  word(index: number): string {
    return wordOf(this.tokens[index])
  }

  text(index: number): string | undefined {
    return this.tokens[index]?.text
  }

  /** Adds text as it is. */
  push(text: string): void {
    this.#parts.push(text)
  }

  /** Adds one token as the grammar has it: masked, or as a word of the grammar. */
  add(index: number): void {
    const token = this.tokens[index]
    if (token === undefined) return
    if (token.kind === 'parameter') this.#parts.push(this.#grammar.parameter)
    else if (token.kind === 'name' || (token.kind === 'string' && this.#isNameLike(index)))
      this.name(index)
    else if (token.kind === 'string') this.#parts.push(`'s'`)
    else if (token.kind === 'word' && !this.isGrammar(index)) this.name(index)
    else this.#parts.push(token.kind === 'word' ? token.text.toUpperCase() : token.text)
  }

  /** Adds one token as a name, whatever it is. */
  name(index: number): void {
    this.#positions.add(index)
    this.#parts.push(`x${index}`)
  }

  /** Whether a word stands where it is part of the grammar rather than a name. */
  isGrammar(index: number): boolean {
    const { reserved, beforeBracket, contextual } = this.#grammar
    const token = this.tokens[index]
    const before = this.tokens[index - 1]
    const next = this.tokens[index + 1]
    const word = wordOf(token)
    if (before?.text === '.' || next?.text === '.') return false
    const special = contextual.get(word)
    if (special !== undefined) {
      const isFunction = next?.text === '(' && !beforeBracket.has(word)
      return !isFunction && special(wordOf(before), wordOf(next), next, this.word(index - 2))
    }
    if (next?.text === '(') {
      // REPLACE( and INSERT( are functions unless they begin the statement, which INTO shows.
      return beforeBracket.has(word) && word !== 'replace' && word !== 'insert'
    }
    return reserved.has(word)
  }

  /** True for a token that ends an operand, after which neither a literal nor an operand can follow. */
  isOperand(index: number): boolean {
    const token = this.tokens[index]
    if (token === undefined) return false
    if (token.kind === 'symbol') return token.text === ')'
    if (token.kind !== 'word') return true
    return !this.isGrammar(index) || /^(?:end|null|true|false)$/.test(wordOf(token))
  }

  /** Where only a name can stand a string is one: beside a dot, after FROM, as an alias. */
  #isNameLike(index: number): boolean {
    if (this.text(index - 1) === '.' || this.text(index + 1) === '.') return true
    return this.isOperand(index - 1) || /^(?:from|join|into|update|as)$/.test(this.word(index - 1))
  }
}

/** Finds the comma that SQLite and MySQL take between the two numbers of LIMIT. */
export class LimitComma {
  #depth = 0
  #limitDepth: number | null = null

  /** Told every token in order; true for the comma. */
  isAt(token: Token | undefined): boolean {
    if (wordOf(token) === 'limit') this.#limitDepth = this.#depth
    if (token?.kind !== 'symbol') return false
    if (token.text === '(') this.#depth += 1
    if (token.text === ')') {
      if (this.#limitDepth === this.#depth) this.#limitDepth = null
      this.#depth -= 1
    }
    if (token.text !== ',' || this.#limitDepth !== this.#depth) return false
    this.#limitDepth = null
    return true
  }
}
