import type { SqlDialect } from '../../sandbox/tool-host.ts'
import { SqlRefusal } from './sql-verdict.ts'

/** One lexical unit. `value` is what a name or string stands for; `text` is how it is written. */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'parameter' | 'symbol'
  readonly text: string
  readonly value: string
  /** Where it begins in the text. */
  readonly start: number
}

/** The tokens of a text, comments gone. */
export interface LexedSql {
  readonly tokens: readonly Token[]
  /** True when a comment carries code or settings that MySQL or MariaDB would obey. */
  readonly hasExecutableComment: boolean
}

interface LexicalRules {
  readonly whiteSpace: RegExp
  readonly nameQuotes: Readonly<Record<string, string>>
  readonly stringQuotes: string
  readonly hasBackslashEscapes: boolean
  readonly stringPrefixes: string
  readonly areCommentsNested: boolean
  readonly lineComment: RegExp
  readonly parameter: RegExp
  readonly symbol: RegExp
}

// Sticky expressions: each looks only at the current position, so the whole text is read in linear time.
const WORD = /[\p{L}_][\p{L}\p{M}\p{N}_$]*/uy
const NUMBER = /(?:0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/y
const WORD_CHARACTER = /[\p{L}\p{M}\p{N}_$]/uy
const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy

const RULES: Readonly<Record<SqlDialect, LexicalRules>> = {
  postgresql: {
    whiteSpace: /[ \t\n\r\f]+/y,
    nameQuotes: { '"': '"' },
    stringQuotes: "'",
    hasBackslashEscapes: false,
    stringPrefixes: 'bxne',
    areCommentsNested: true,
    lineComment: /--[^\n\r]*/y,
    parameter: /\$\d+/y,
    symbol: /[-+*/<>=~!@#%^&|?.,;:()[\]]/y,
  },
  mysql: {
    whiteSpace: /[ \t\n\r\f\v]+/y,
    nameQuotes: { '`': '`' },
    stringQuotes: `'"`,
    hasBackslashEscapes: true,
    stringPrefixes: 'bxn',
    areCommentsNested: false,
    lineComment: /(?:#|--(?=[ \t\n\r\f\v]|$))[^\n]*/y,
    parameter: /\?/y,
    symbol: /<=>|->>|->|:=|<<|>>|<=|>=|<>|!=|\|\||&&|[-+*/<>=~!%^&|.,;:@()]/y,
  },
  sqlite: {
    whiteSpace: /[ \t\n\r\f]+/y,
    nameQuotes: { '"': '"', '`': '`', '[': ']' },
    stringQuotes: "'",
    hasBackslashEscapes: false,
    stringPrefixes: 'x',
    areCommentsNested: false,
    lineComment: /--[^\n]*/y,
    parameter: /\?\d*|[:@$][A-Za-z_][A-Za-z0-9_]*/y,
    symbol: /->>|->|<<|>>|<=|>=|<>|!=|==|\|\||[-+*/<>=~%&|.,;()]/y,
  },
}

/**
 * Cuts an SQL text into tokens by the rules of its dialect, in linear time. It is the first gate: what
 * it cannot cut with certainty is refused, so that no parser ever decides where a string ends.
 *
 * @throws {SqlRefusal} `unparseable`: something is unterminated, or a character cannot stand where it is.
 */
export function lexSql(sql: string, dialect: SqlDialect): LexedSql {
  const cursor = new Cursor(sql, RULES[dialect], dialect)
  const tokens: Token[] = []
  while (!cursor.isAtEnd) {
    const token = cursor.next()
    if (token !== null) tokens.push(token)
  }
  return { tokens, hasExecutableComment: cursor.hasExecutableComment }
}

type Unplaced = Omit<Token, 'start'>

class Cursor {
  hasExecutableComment = false
  readonly #sql: string
  readonly #rules: LexicalRules
  readonly #isPostgres: boolean
  #position = 0
  #previous: Token['kind'] | null = null

  constructor(sql: string, rules: LexicalRules, dialect: SqlDialect) {
    this.#sql = sql
    this.#rules = rules
    this.#isPostgres = dialect === 'postgresql'
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#sql.length
  }

  next(): Token | null {
    if (this.#take(this.#rules.whiteSpace) || this.#take(this.#rules.lineComment)) return null
    if (this.#sql.startsWith('/*', this.#position)) return this.#skipComment()
    const start = this.#position
    const token = this.#quoted() ?? this.#plain()
    this.#previous = token.kind
    return { ...token, start }
  }

  #plain(): Unplaced {
    const number = this.#take(NUMBER)
    if (number) {
      // `1a` is a name in MySQL, an alias or an error elsewhere; `t.1` is read in several ways.
      const isAmbiguous = this.#sees(WORD_CHARACTER) || this.#sees(NUMBER)
      if (
        isAmbiguous ||
        (number.startsWith('.') && this.#previous !== 'symbol' && this.#previous !== null)
      ) {
        throw unreadable('A number runs into what follows or precedes it')
      }
      return { kind: 'number', text: number, value: number }
    }
    const parameter = this.#take(this.#rules.parameter)
    if (parameter) return { kind: 'parameter', text: parameter, value: parameter }
    const word = this.#take(WORD)
    if (word) return { kind: 'word', text: word, value: word }
    const symbol = this.#take(this.#rules.symbol)
    if (symbol) return { kind: 'symbol', text: symbol, value: symbol }
    throw unreadable('A character cannot stand outside a literal, a quoted name or a comment')
  }

  #quoted(): Unplaced | null {
    const first = this.#sql.charAt(this.#position)
    if (this.#rules.stringQuotes.includes(first)) {
      return this.#string(0, this.#rules.hasBackslashEscapes)
    }
    const nameEnd = this.#rules.nameQuotes[first]
    if (nameEnd !== undefined) return this.#delimited('name', 0, nameEnd, false)
    if (this.#sql.charAt(this.#position + 1) === "'") {
      const prefix = first.toLowerCase()
      if (prefix !== '' && this.#rules.stringPrefixes.includes(prefix)) {
        return this.#string(
          1,
          this.#rules.hasBackslashEscapes || (this.#isPostgres && prefix === 'e'),
        )
      }
    }
    if (!this.#isPostgres) return null
    if (/^u&['"]/i.test(this.#sql.slice(this.#position, this.#position + 3))) {
      const quote = this.#sql.charAt(this.#position + 2)
      return this.#delimited(quote === '"' ? 'name' : 'string', 2, quote, false)
    }
    return this.#dollarQuoted()
  }

  #string(prefixLength: number, hasEscapes: boolean): Unplaced {
    return this.#delimited(
      'string',
      prefixLength,
      this.#sql.charAt(this.#position + prefixLength),
      hasEscapes,
    )
  }

  #delimited(kind: 'name' | 'string', prefix: number, end: string, hasEscapes: boolean): Unplaced {
    const start = this.#position
    const begin = start + prefix + 1
    let at = begin
    for (;;) {
      const character = this.#sql.charAt(at)
      if (character === '' || character === '\0')
        throw unreadable('A string or quoted name has no end')
      if (hasEscapes && character === '\\') at += 2
      else if (character !== end) at += 1
      // Doubling keeps the delimiter, except that SQLite's brackets cannot be doubled.
      else if (end !== ']' && this.#sql.charAt(at + 1) === end) at += 2
      else break
    }
    this.#position = at + 1
    const value = this.#sql.slice(begin, at).replaceAll(end + end, end)
    return { kind, text: this.#sql.slice(start, this.#position), value }
  }

  #dollarQuoted(): Unplaced | null {
    const start = this.#position
    const tag = this.#take(DOLLAR_TAG)
    if (!tag) return null
    const end = this.#sql.indexOf(tag, this.#position)
    if (end < 0) throw unreadable('A dollar-quoted string has no end')
    const value = this.#sql.slice(this.#position, end)
    this.#position = end + tag.length
    return { kind: 'string', text: this.#sql.slice(start, this.#position), value }
  }

  #skipComment(): null {
    if (/^\/\*(?:!|M!|\+)/.test(this.#sql.slice(this.#position, this.#position + 4))) {
      this.hasExecutableComment = true
    }
    const delimiter = /\/\*|\*\//g
    delimiter.lastIndex = this.#position + 2
    for (let depth = 1; depth > 0; ) {
      const found = delimiter.exec(this.#sql)
      if (found === null) throw unreadable('A comment has no end')
      if (found[0] === '*/') depth -= 1
      else if (this.#rules.areCommentsNested) depth += 1
    }
    this.#position = delimiter.lastIndex
    return null
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#position
    const found = pattern.exec(this.#sql)
    if (found === null) return null
    this.#position = pattern.lastIndex
    return found[0]
  }

  #sees(pattern: RegExp): boolean {
    pattern.lastIndex = this.#position
    return pattern.test(this.#sql)
  }
}

function unreadable(message: string): SqlRefusal {
  return new SqlRefusal('unparseable', message)
}
