import { type CharacterSet, classSet, dotSet, escapeSet, literalSet } from './character-set.ts'

/** A regular expression as far as matching time depends on it. */
export type Pattern =
  /** One character of a set. */
  | { readonly kind: 'character'; readonly set: CharacterSet }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly parts: readonly Pattern[] }
  | {
      readonly kind: 'repeat'
      readonly part: Pattern
      readonly min: number
      /** `Infinity` for `*`, `+` and `{2,}`. */
      readonly max: number
    }
  /** `^`, `$`, `\b`, lookaround: consumes nothing, and may fail. */
  | { readonly kind: 'assertion' }
  /** A reference to a group: consumes what it consumed, and may fail. */
  | { readonly kind: 'reference' }

/** Groups inside groups that are followed. */
const MAX_DEPTH = 50

/**
 * Reads a pattern that an engine has already accepted.
 *
 * @returns The pattern and, as further ones, what its lookarounds look for; nothing when it has something
 * that is not known here.
 */
export function parsePatterns(source: string, flags: string): readonly Pattern[] {
  const parser = new PatternParser(source, flags)
  const pattern = parser.choice(0)
  return pattern !== null && parser.isAtEnd ? [pattern, ...parser.lookarounds] : []
}

class PatternParser {
  readonly #source: string
  readonly #ignoresCase: boolean
  readonly #dotAll: boolean
  readonly #isUnicode: boolean
  readonly lookarounds: Pattern[] = []
  #at = 0

  constructor(source: string, flags: string) {
    this.#source = source
    this.#ignoresCase = flags.includes('i')
    this.#dotAll = flags.includes('s')
    this.#isUnicode = flags.includes('u') || flags.includes('v')
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#source.length
  }

  choice(depth: number): Pattern | null {
    if (depth > MAX_DEPTH) return null
    const parts: Pattern[] = []
    do {
      const part = this.#sequence(depth)
      if (part === null) return null
      parts.push(part)
    } while (this.#eat('|'))
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'choice', parts }
  }

  #sequence(depth: number): Pattern | null {
    const parts: Pattern[] = []
    while (!this.isAtEnd && !'|)'.includes(this.#source.charAt(this.#at))) {
      const atom = this.#atom(depth)
      if (atom === null) return null
      parts.push(this.#repeated(atom))
    }
    return { kind: 'sequence', parts }
  }

  #atom(depth: number): Pattern | null {
    const character = this.#next()
    switch (character) {
      case '^':
      case '$':
        return { kind: 'assertion' }
      case '.':
        return { kind: 'character', set: dotSet(this.#dotAll) }
      case '(':
        return this.#group(depth)
      case '[':
        return this.#class()
      case '\\':
        return this.#escape()
      default:
        return { kind: 'character', set: literalSet(character, this.#ignoresCase) }
    }
  }

  #group(depth: number): Pattern | null {
    let isAssertion = false
    if (this.#eat('?')) {
      const rest = this.#source.slice(this.#at, this.#at + 100)
      const opening = /^(?:<?[=!]|<[^>]{1,90}>|[a-z-]{0,10}:)/.exec(rest)?.[0]
      if (opening === undefined) return null
      this.#at += opening.length
      isAssertion = /^<?[=!]/.test(opening)
    }
    const inside = this.choice(depth + 1)
    if (inside === null || !this.#eat(')')) return null
    if (!isAssertion) return inside
    this.lookarounds.push(inside)
    return { kind: 'assertion' }
  }

  #class(): Pattern | null {
    const start = this.#at
    let depth = 1
    while (depth > 0) {
      if (this.isAtEnd) return null
      const character = this.#next()
      if (character === '\\') this.#at += 1
      else if (character === ']') depth -= 1
      // Only with the flag `v` are there classes inside classes.
      else if (character === '[' && this.#isUnicode) depth += 1
    }
    const text = this.#source.slice(start, this.#at - 1)
    return { kind: 'character', set: classSet(text, this.#ignoresCase) }
  }

  #escape(): Pattern | null {
    const character = this.#next()
    if (character === 'b' || character === 'B') return { kind: 'assertion' }
    if (character === 'k') {
      const name = /^<[^>]{1,90}>/.exec(this.#source.slice(this.#at, this.#at + 100))
      this.#at += name?.[0].length ?? 0
      return { kind: 'reference' }
    }
    if (/[1-9]/.test(character)) {
      while (/\d/.test(this.#source.charAt(this.#at))) this.#at += 1
      return { kind: 'reference' }
    }
    const { set, length } = escapeSet(this.#source.slice(this.#at - 1, this.#at + 100), {
      ignoresCase: this.#ignoresCase,
    })
    this.#at += length - 1
    return { kind: 'character', set }
  }

  #repeated(atom: Pattern): Pattern {
    const bounds = this.#bounds()
    if (bounds === null) return atom
    // Lazy or greedy: both try the same ways in another order.
    this.#eat('?')
    return { kind: 'repeat', part: atom, ...bounds }
  }

  #bounds(): { readonly min: number; readonly max: number } | null {
    if (this.#eat('*')) return { min: 0, max: Number.POSITIVE_INFINITY }
    if (this.#eat('+')) return { min: 1, max: Number.POSITIVE_INFINITY }
    if (this.#eat('?')) return { min: 0, max: 1 }
    const match = /^\{(\d{1,9})(?:(,)(\d{0,9}))?\}/.exec(
      this.#source.slice(this.#at, this.#at + 24),
    )
    if (match === null) return null
    this.#at += match[0].length
    const min = Number(match[1])
    if (match[2] === undefined) return { min, max: min }
    return { min, max: match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]) }
  }

  #next(): string {
    const character = this.#source.charAt(this.#at)
    this.#at += 1
    return character
  }

  #eat(character: string): boolean {
    if (this.#source.charAt(this.#at) !== character) return false
    this.#at += 1
    return true
  }
}
