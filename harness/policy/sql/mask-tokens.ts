import { maskedNames, type Names } from './names.ts'
import { wordOf, words } from './sql-gate.ts'
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

/** Which words of a dialect are grammar; every other word is a name. */
interface Grammar {
  /** Grammar wherever they stand. */
  readonly reserved: ReadonlySet<string>
  /** Grammar even directly before a bracket, where other words are functions. */
  readonly beforeBracket: ReadonlySet<string>
  /** Grammar only in this company; elsewhere names. */
  readonly contextual: ReadonlyMap<
    string,
    (before: string, after: string, next: Token | undefined, earlier: string) => boolean
  >
  readonly parameter: string
}

const COMMON_RESERVED =
  'select from where and or not null is in like between case when then else end as on using join left right ' +
  'outer inner cross natural group by having order asc desc limit union all intersect except distinct with ' +
  'recursive values insert into update set delete default exists cast collate over filter window lateral ' +
  'current_date current_time current_timestamp true false'

const COMMON_BEFORE_BRACKET =
  'select from where and or not is in like between case when then else as on using join group by having ' +
  'order limit offset union all intersect except distinct with values into set exists cast over filter any some ' +
  'lateral'

const START_OF_FRAME = words('between unbounded current')

const UNITS = words('microsecond second minute hour day week month quarter year')

// What is compared or combined is all that counts here, not how.
const MYSQL_OPERATORS: ReadonlyMap<string, string> = new Map([
  ['<=>', '='],
  ['div', '/'],
  ['mod', '%'],
  ['xor', 'OR'],
  ['rlike', 'LIKE'],
  ['regexp', 'LIKE'],
])

const COMMON_CONTEXTUAL: Grammar['contextual'] = new Map([
  ['rows', startsFrame],
  ['range', startsFrame],
  ['groups', startsFrame],
  ['unbounded', (_, after) => after === 'preceding' || after === 'following'],
  ['preceding', endsFrameBound],
  ['following', endsFrameBound],
  ['current', (_, after) => after === 'row'],
  ['row', (before, _, next) => before === 'current' || next?.text === '('],
  ['partition', (_, after) => after === 'by'],
  ['escape', (_, __, next) => next?.kind === 'string' || next?.kind === 'parameter'],
  ['offset', (before, _, next) => before === '' && next !== undefined && next.kind !== 'symbol'],
  [
    'materialized',
    (before, _, next) => (before === 'as' || before === 'not') && next?.text === '(',
  ],
])

const SQLITE: Grammar = {
  reserved: words(
    `${COMMON_RESERVED} full glob isnull notnull conflict do nothing returning exclude no others ties`,
  ),
  beforeBracket: words(`${COMMON_BEFORE_BRACKET} conflict materialized`),
  contextual: new Map([
    ...COMMON_CONTEXTUAL,
    ['nulls', (_, after) => after === 'first' || after === 'last'],
    ['first', (before) => before === 'nulls'],
    ['last', (before) => before === 'nulls'],
  ]),
  parameter: '$1',
}

const MYSQL: Grammar = {
  reserved: words(
    `${COMMON_RESERVED} xor div mod rlike regexp straight_join distinctrow for interval dual replace ` +
      'localtime localtimestamp utc_date utc_time utc_timestamp current_user',
  ),
  beforeBracket: words(
    `${COMMON_BEFORE_BRACKET} xor div rlike regexp straight_join distinctrow interval row ` +
      'count sum avg min max group_concat extract trim convert update replace char signed unsigned decimal',
  ),
  contextual: new Map([
    ...COMMON_CONTEXTUAL,
    ['duplicate', (before) => before === 'on'],
    ['key', (before) => before === 'duplicate'],
    ['ignore', (before) => /^(?:insert|update|delete)$/.test(before)],
    ['share', (before) => before === 'for' || before === 'in'],
    ['mode', (before) => before === 'share'],
    ['lock', (_, after) => after === 'in'],
    ['rollup', (before) => before === 'with'],
    ['skip', (_, after) => after === 'locked'],
    ['locked', (before) => before === 'skip'],
    ['separator', (_, __, next) => next?.kind === 'string'],
    ['date', isTypeOrLiteral],
    ['time', isTypeOrLiteral],
    ['timestamp', isTypeOrLiteral],
    ...[
      'datetime',
      'char',
      'signed',
      'unsigned',
      'integer',
      'decimal',
      'double',
      'float',
      'json',
      'binary',
    ].map((type) => [type, isCastType] as const),
    ...[...UNITS].map((unit) => [unit, isUnit] as const),
  ]),
  parameter: '?',
}

/** Rewrites a SQLite statement into PostgreSQL's grammar, which SQLite's was modelled on. */
export function maskSqlite(tokens: readonly Token[]): MaskedSql {
  const mask = new Mask(tokens, SQLITE)
  for (let index = 0; index < tokens.length; ) index += mask.addSqlite(index)
  return mask.result()
}

/** Rewrites a MySQL statement for node-sql-parser: only names, strings and comments change. */
export function maskMysql(tokens: readonly Token[]): MaskedSql {
  const mask = new Mask(tokens, MYSQL)
  for (const index of tokens.keys()) mask.addMysql(index)
  return mask.result()
}

class Mask {
  readonly #tokens: readonly Token[]
  readonly #grammar: Grammar
  readonly #parts: string[] = []
  readonly #positions = new Set<number>()
  /** Bracket depth at which a LIMIT waits for its comma. */
  #depth = 0
  #limitDepth: number | null = null
  #hasConflictClause = false
  #hasNaturalJoin = false

  constructor(tokens: readonly Token[], grammar: Grammar) {
    this.#tokens = tokens
    this.#grammar = grammar
  }

  result(): MaskedSql {
    return {
      text: this.#parts.join(' '),
      names: maskedNames(this.#tokens, this.#positions),
      hasConflictClause: this.#hasConflictClause,
      hasNaturalJoin: this.#hasNaturalJoin,
      isAfterAs: (position) => wordOf(this.#tokens[position - 1]) === 'as',
    }
  }

  /** Adds one token, or several that SQLite spells otherwise; tells how many. */
  addSqlite(index: number): number {
    const [token, second, third] = this.#tokens.slice(index, index + 3)
    const [word, after, last] = [wordOf(token), wordOf(second), wordOf(third)]
    const isAfterOperand = this.#isOperand(index - 1)
    if (word === 'replace' && after === 'into') return this.#emitConflict('insert', 1)
    if ((word === 'insert' || word === 'update') && after === 'or')
      return this.#emitConflict(word, 3)
    if (word === 'not' && after === 'indexed' && isAfterOperand) return 2
    if (word === 'indexed' && after === 'by' && isAfterOperand) return 3
    if (word === 'not' && after === 'null' && isAfterOperand) return this.#emit('notnull', 2)
    if (word === 'glob' && second?.text !== '(') return this.#emit('like', 1)
    if (word === 'is') return this.#is(after, last)
    if (word === 'in' && second !== undefined && second.text !== '(')
      return this.#inTable(index + 1)
    if (token?.text === '==') return this.#emit('=', 1)
    this.#trackLimit(word, token)
    if (token?.kind === 'symbol' && token.text === ',' && this.#limitDepth === this.#depth) {
      this.#limitDepth = null
      return this.#emit('offset', 1)
    }
    this.add(index)
    return 1
  }

  /** Adds one token; operators that the parser does not know everywhere become ones that it does. */
  addMysql(index: number): void {
    const token = this.#tokens[index]
    const operator = MYSQL_OPERATORS.get(wordOf(token) || (token?.text ?? ''))
    const isOperator =
      token?.kind === 'symbol' || (token?.kind === 'word' && this.#isGrammar(index))
    if (operator !== undefined && isOperator) this.#parts.push(operator)
    else if (this.#isUnitArgument(index)) this.#parts.push(`'s'`)
    else if (wordOf(this.#tokens[index]) === 'natural' && this.#isGrammar(index))
      this.#hasNaturalJoin = true
    else this.add(index)
  }

  add(index: number): void {
    const token = this.#tokens[index]
    if (token === undefined) return
    if (token.kind === 'parameter') this.#parts.push(this.#grammar.parameter)
    else if (token.kind === 'name' || (token.kind === 'string' && this.#isNameLike(index)))
      this.#name(index)
    else if (token.kind === 'string') this.#parts.push(`'s'`)
    else if (token.kind === 'word' && !this.#isGrammar(index)) this.#name(index)
    else this.#parts.push(token.kind === 'word' ? token.text.toUpperCase() : token.text)
  }

  /** The first argument of TIMESTAMPDIFF and TIMESTAMPADD is a unit, which the parser takes for a column. */
  #isUnitArgument(index: number): boolean {
    return (
      UNITS.has(wordOf(this.#tokens[index])) &&
      this.#tokens[index - 1]?.text === '(' &&
      /^timestamp(?:diff|add)$/.test(wordOf(this.#tokens[index - 2]))
    )
  }

  #name(index: number): void {
    this.#positions.add(index)
    this.#parts.push(`x${index}`)
  }

  #emit(text: string, consumed: number): number {
    this.#parts.push(text)
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
    this.#parts.push('in (table')
    let index = start
    this.#name(index)
    while (this.#tokens[index + 1]?.text === '.' && this.#tokens[index + 2] !== undefined) {
      index += 2
      this.#parts.push('.')
      this.#name(index)
    }
    this.#parts.push(')')
    return index - start + 2
  }

  #trackLimit(word: string, token: Token | undefined): void {
    if (token?.kind === 'symbol' && token.text === '(') this.#depth += 1
    if (token?.kind === 'symbol' && token.text === ')') {
      if (this.#limitDepth === this.#depth) this.#limitDepth = null
      this.#depth -= 1
    }
    if (word === 'limit') this.#limitDepth = this.#depth
  }

  #isGrammar(index: number): boolean {
    const { reserved, beforeBracket, contextual } = this.#grammar
    const token = this.#tokens[index]
    const before = this.#tokens[index - 1]
    const next = this.#tokens[index + 1]
    const word = wordOf(token)
    if (before?.text === '.' || next?.text === '.') return false
    const special = contextual.get(word)
    if (special !== undefined) {
      const isFunction = next?.text === '(' && !beforeBracket.has(word)
      return (
        !isFunction && special(wordOf(before), wordOf(next), next, wordOf(this.#tokens[index - 2]))
      )
    }
    if (next?.text === '(') {
      // REPLACE( and INSERT( are functions unless they begin the statement, which INTO shows.
      return beforeBracket.has(word) && word !== 'replace' && word !== 'insert'
    }
    return reserved.has(word)
  }

  /** In SQLite a string is a name where only a name can stand: beside a dot, after FROM, as an alias. */
  #isNameLike(index: number): boolean {
    const before = this.#tokens[index - 1]
    if (before?.text === '.' || this.#tokens[index + 1]?.text === '.') return true
    return this.#isOperand(index - 1) || /^(?:from|join|into|update|as)$/.test(wordOf(before))
  }

  /** True for a token that ends an operand, after which neither a literal nor an operand can follow. */
  #isOperand(index: number): boolean {
    const token = this.#tokens[index]
    if (token === undefined) return false
    if (token.kind === 'symbol') return token.text === ')'
    if (token.kind !== 'word') return true
    return !this.#isGrammar(index) || /^(?:end|null|true|false)$/.test(wordOf(token))
  }
}

function startsFrame(_: string, after: string, next: Token | undefined): boolean {
  return START_OF_FRAME.has(after) || next?.kind === 'number'
}

function endsFrameBound(before: string): boolean {
  return before === 'unbounded' || before === ''
}

function isTypeOrLiteral(before: string, after: string, next: Token | undefined): boolean {
  return next?.kind === 'string' || isCastType(before, after, next)
}

function isCastType(before: string, _: string, next: Token | undefined): boolean {
  return before === 'as' && (next?.text === ')' || next?.text === '(')
}

function isUnit(before: string, after: string, next: Token | undefined, earlier: string): boolean {
  // After the amount of an INTERVAL, or in EXTRACT(unit FROM x).
  return (
    earlier === 'interval' ||
    after === 'from' ||
    (before === '' && (next?.text === ')' || next?.text === ','))
  )
}
