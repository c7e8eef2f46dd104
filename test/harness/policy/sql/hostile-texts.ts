import fc from 'fast-check'
import type { SqlDialect } from '../../../../harness/sandbox/tool-host.ts'
import { sqlCorpus } from './sql-corpus.ts'

const DIALECTS: readonly SqlDialect[] = ['postgresql', 'mysql', 'sqlite']

/** Texts that cost a parser exponential time, its whole heap or its stack. */
export const blowUps: Readonly<Record<string, readonly [SqlDialect, string]>> = {
  'open brackets in a condition': ['postgresql', `SELECT a FROM orders WHERE ${'('.repeat(16)}a`],
  'open brackets in MySQL': ['mysql', `SELECT a FROM orders WHERE ${'('.repeat(12)}a`],
  'open brackets in SQLite': ['sqlite', `SELECT a FROM orders WHERE ${'('.repeat(12)}a`],
  'brackets that are balanced but wrong inside': [
    'mysql',
    `SELECT a FROM orders WHERE ${'('.repeat(30)}a=1 b${')'.repeat(30)}`,
  ],
  'the same in PostgreSQL': [
    'postgresql',
    `SELECT a FROM orders WHERE ${'('.repeat(60)}a=1 b${')'.repeat(60)}`,
  ],
  'nested CAST': ['mysql', `SELECT ${'CAST('.repeat(20)}1${' AS CHAR)'.repeat(20)}`],
  'nested subqueries': ['mysql', `SELECT ${'(SELECT '.repeat(40)}1${')'.repeat(40)}`],
  'nested CASE': ['mysql', `SELECT ${'CASE WHEN 1 THEN '.repeat(40)}1${' END'.repeat(40)}`],
  'nested NOT': ['mysql', `SELECT 1 FROM orders WHERE ${'NOT '.repeat(10_000)}a`],
  'a chain of minus signs': ['sqlite', `SELECT ${'- '.repeat(20_000)}1`],
  'open subqueries': ['postgresql', `SELECT ${'(SELECT '.repeat(60)}`],
  'ten thousand brackets': ['sqlite', `SELECT ${'('.repeat(10_000)}1${')'.repeat(10_000)}`],
  'a hundred thousand characters': ['postgresql', `SELECT ${'1,'.repeat(50_000)}1`],
  'a long chain of operators': ['mysql', `SELECT 1${' + 1'.repeat(15_000)}`],
  'a long chain of operators in PostgreSQL': ['postgresql', `SELECT 1${' + 1'.repeat(15_000)}`],
  'a long chain of conditions': [
    'sqlite',
    `SELECT 1 FROM orders WHERE a=1${' OR a=1'.repeat(9_000)}`,
  ],
  'a long union': ['sqlite', `SELECT 1${' UNION SELECT 1'.repeat(4_000)}`],
  'a long union in MySQL': ['mysql', `SELECT 1${' UNION SELECT 1'.repeat(4_000)}`],
  'many joins': ['postgresql', `SELECT 1 FROM orders${' NATURAL JOIN orders'.repeat(3_000)}`],
  'many tables': ['mysql', `SELECT 1 FROM orders${', orders'.repeat(7_000)}`],
  'many WITH items': [
    'postgresql',
    `WITH a0 AS (SELECT 1)${Array.from({ length: 1_200 }, (_, n) => `, a${n + 1} AS (SELECT * FROM a${n}, a${n})`).join('')} SELECT * FROM a9`,
  ],
  'many strings': ['sqlite', `SELECT 1 WHERE 'a' IN ('b'${", 'c'".repeat(12_000)})`],
  'many rows': ['mysql', `INSERT INTO carts (id) VALUES (1)${',(1)'.repeat(14_000)}`],
  'one long name': ['postgresql', `SELECT ${'a'.repeat(65_000)} FROM orders`],
  'nested comments': ['postgresql', `SELECT ${'/*'.repeat(20_000)}${'*/'.repeat(12_000)}`],
  'open dollar quotes': ['postgresql', `SELECT ${'$a$b'.repeat(10_000)}$`],
}

const SCRAPS =
  `' " ( ) [ ] -- /* */ ; , . * = ? :a $1 @x \\ $$ \` # \n \r \0 \u00a0 \u200b 1e 0x CASE END SELECT FROM ` +
  'UNION WITH AS JOIN USING ON NOT IN EXISTS VALUES INTO RETURNING LATERAL secrets ssn customers U&" E\' /*! '

const scrap = fc.constantFrom(...SCRAPS.split(' '))

/** How a text is wrapped in itself: what opens, and what closes. */
const nest = fc.constantFrom(
  ...([
    ['(', ')'],
    ['(SELECT ', ')'],
    ['CASE WHEN 1 THEN ', ' END'],
    ['CAST(', ' AS text)'],
    ['NOT (', ')'],
    ['coalesce(', ', 1)'],
    ['EXISTS (SELECT ', ')'],
    ['ARRAY[', ']'],
    ['- ', ''],
  ] as const),
)

const truncated = fc
  .tuple(fc.constantFrom(...sqlCorpus), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([{ sql }, share]) => sql.slice(0, Math.floor(sql.length * share)))

const mutated = fc
  .tuple(
    fc.constantFrom(...sqlCorpus),
    fc.array(fc.tuple(fc.nat(400), fc.nat(8), scrap), { minLength: 1, maxLength: 6 }),
  )
  .map(([{ sql }, cuts]) =>
    cuts.reduce((text, [at, length, piece]) => {
      const place = at % (text.length + 1)
      return `${text.slice(0, place)}${piece}${text.slice(place + length)}`
    }, sql),
  )

const nested = fc
  .tuple(nest, fc.nat(80), fc.nat(80), fc.boolean(), fc.constantFrom('1', 'a', 'a b', "'x'", ''))
  .map(([[opening, closing], openings, closings, isBalanced, core]) => {
    const closed = closing.repeat(isBalanced ? openings : closings)
    return `SELECT a FROM orders WHERE ${opening.repeat(openings)}${core}${closed}`
  })

const soup = fc.array(scrap, { maxLength: 120 }).map((pieces) => `SELECT ${pieces.join(' ')}`)

/** Unbalanced, nested, truncated and mutated statements, in a dialect that need not be theirs. */
export const hostileTexts: fc.Arbitrary<readonly [SqlDialect, string]> = fc.tuple(
  fc.constantFrom(...DIALECTS),
  fc.oneof(truncated, mutated, mutated, nested, soup),
)
