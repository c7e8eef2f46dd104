// Tables of words, long by nature: which words of a dialect are grammar.
import { words } from './sql-gate.ts'
import type { Token } from './sql-lexer.ts'

/** Which words of a dialect are grammar; every other word is a name. */
export interface Grammar {
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

/** Units of time, which stand after an amount or for an argument. */
export const UNITS: ReadonlySet<string> = words(
  'microsecond second minute hour day week month quarter year',
)

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

/** The grammar of SQLite. */
export const SQLITE: Grammar = {
  reserved: words(
    `${COMMON_RESERVED} full glob isnull notnull conflict do nothing returning exclude no others ties`,
  ),
  beforeBracket: words(`${COMMON_BEFORE_BRACKET} conflict materialized returning`),
  contextual: new Map([
    ...COMMON_CONTEXTUAL,
    ['nulls', (_, after) => after === 'first' || after === 'last'],
    ['first', (before) => before === 'nulls'],
    ['last', (before) => before === 'nulls'],
  ]),
  parameter: '$1',
}

/** The grammar of MySQL. */
export const MYSQL: Grammar = {
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

/** MySQL's grammar where its words are handed on to PostgreSQL's. */
export const MYSQL_AS_POSTGRESQL: Grammar = {
  reserved: MYSQL.reserved,
  beforeBracket: words(
    `${COMMON_BEFORE_BRACKET} xor div rlike regexp straight_join distinctrow row extract trim update ` +
      'char signed unsigned decimal binary',
  ),
  contextual: new Map([
    ...MYSQL.contextual,
    ['char', isCastType],
    ['leading', isTrimSide],
    ['trailing', isTrimSide],
    ['both', isTrimSide],
    ['character', (before) => before === 'as'],
    ['nowait', (before) => before === 'update' || before === 'share'],
    ['of', (before) => before === 'update' || before === 'share'],
  ]),
  parameter: '$1',
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

function isTrimSide(before: string, _: string, next: Token | undefined): boolean {
  return before === '' && next?.text !== ',' && next?.text !== ')'
}
