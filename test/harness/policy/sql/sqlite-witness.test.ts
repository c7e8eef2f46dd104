import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lexSql } from '../../../../harness/policy/sql/sql-lexer.ts'
import { SqliteWitness } from '../../../../harness/policy/sql/sqlite-witness.ts'
import { judgeFor, rulesWith } from './judge-for-test.ts'

const schema = { t: ['a', 'b', 'c'], u: ['a', 'd'], v: ['b', 'e'] }

// A grammar over three tables that share column names, with aliases that shadow columns and tables.
const { query } = fc.letrec<{
  query: string
  select: string
  source: string
  expression: string
}>((tie) => {
  const column = fc.constantFrom(
    'a',
    'b',
    'c',
    'd',
    'e',
    't.a',
    'u.a',
    'u.d',
    'v.b',
    'x.a',
    'x.b',
    '"a"',
    '[b]',
  )
  const table = fc.constantFrom('t', 'u', 'v', 'main.t', "'u'", '[v]', 'T')
  const alias = fc.constantFrom('', '', ' x', ' t', ' AS u', ' v')
  const name = fc.constantFrom('', '', ' AS a', ' AS b', ' x', ' e', " 'd'")
  const expression = fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { arbitrary: column, weight: 6 },
    fc.constantFrom('1', "'b'", 'NULL'),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '=', 'IS', 'AND', '||', '->>'),
        tie('expression'),
      )
      .map((p) => p.join(' ')),
    tie('select').map((select) => `(${select})`),
    tie('select').map((select) => `EXISTS (${select})`),
    tie('expression').map((inner) => `max(${inner}, 1)`),
    fc.tuple(tie('expression'), table).map(([inner, name]) => `${inner} IN ${name}`),
    fc.tuple(tie('expression'), tie('select')).map((parts) => parts.join(' IN (').concat(')')),
    tie('expression').map((inner) => `CASE WHEN ${inner} THEN 1 ELSE ${inner} END`),
  )
  const source = fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { arbitrary: fc.tuple(table, alias).map((parts) => parts.join('')), weight: 5 },
    fc.tuple(tie('select'), alias).map(([select, name]) => `(${select})${name}`),
    fc
      .tuple(tie('source'), tie('source'), tie('expression'))
      .map(([left, right, on]) => `${left} LEFT JOIN ${right} ON ${on}`),
    fc.tuple(tie('source'), tie('source')).map((parts) => parts.join(', ')),
    fc
      .tuple(tie('source'), table, alias)
      .map(([left, right, name]) => `${left} NATURAL JOIN ${right}${name}`),
    fc
      .tuple(tie('source'), table, alias)
      .map(([left, right, name]) => `${left} JOIN ${right}${name} USING (a)`),
  )
  const output = fc.oneof(
    fc.tuple(tie('expression'), name).map((parts) => parts.join('')),
    fc.constantFrom('*', 't.*', 'x.*', 'count(*)'),
  )
  const clause = (keyword: string) =>
    fc
      .option(tie('expression'), { nil: null })
      .map((inner) => (inner === null ? '' : ` ${keyword} ${inner}`))
  const select = fc
    .tuple(
      fc.array(output, { minLength: 1, maxLength: 3 }),
      fc.option(tie('source'), { nil: null, freq: 8 }),
      clause('WHERE'),
      clause('GROUP BY'),
      clause('ORDER BY'),
    )
    .map(([outputs, from, ...clauses]) =>
      [`SELECT ${outputs.join(', ')}`, from === null ? '' : ` FROM ${from}`, ...clauses].join(''),
    )
  const query = fc.oneof(
    tie('select'),
    fc
      .tuple(fc.constantFrom('t', 'u', 'x'), tie('select'), tie('select'))
      .map(([cte, body, main]) => `WITH ${cte} AS (${body}) ${main}`),
    fc
      .tuple(tie('select'), fc.constantFrom('UNION', 'EXCEPT'), tie('select'))
      .map((parts) => parts.join(' ')),
    fc
      .tuple(tie('expression'), tie('expression'))
      .map(([value, where]) => `UPDATE t SET b = ${value} WHERE ${where} RETURNING a`),
    tie('select').map((rows) => `INSERT INTO u (a, d) ${rows}`),
    tie('expression').map((where) => `DELETE FROM v WHERE ${where}`),
  )
  return { query, select, source, expression }
})

describe('name resolution compared with SQLite itself', () => {
  it('never believes that a statement touches less than SQLite says, without or with the schema', async () => {
    const judges = {
      blind: await judgeFor('sqlite', rulesWith()),
      seeing: await judgeFor('sqlite', rulesWith({ schema })),
    }
    const witness = new SqliteWitness(schema)
    let compared = 0
    await fc.assert(
      fc.asyncProperty(query, async (sql) => {
        const accepted = testimonyOf(witness, sql)
        if (accepted === null) return
        const tables = [...accepted.reads, ...accepted.writes].map(({ table }) => table)
        for (const judge of [judges.blind, judges.seeing]) {
          const { verdict, objections } = judge(sql)
          if (verdict.decision === 'deny') {
            for (const { message } of objections) expect(message).not.toContain('differently')
            continue
          }
          compared += 1
          const known = new Set([...verdict.tables.read, ...verdict.tables.written])
          for (const table of tables) if (witness.has(table)) expect(known, sql).toContain(table)
        }
        for (const { table, column, isStored } of accepted.reads) {
          if (!isStored || !witness.has(table) || column === '' || column === 'rowid') continue
          const guarded = rulesWith({ restrictedColumns: [`${table}.${column}`] })
          const { verdict } = (await judgeFor('sqlite', guarded))(sql)
          expect(verdict.decision, `${sql} reads ${table}.${column}`).toBe('deny')
        }
      }),
      { numRuns: 1_500 },
    )
    expect(compared).toBeGreaterThan(100)
  }, 600_000)
})

function testimonyOf(witness: SqliteWitness, sql: string) {
  try {
    return witness.testify(sql, lexSql(sql, 'sqlite').tokens)
  } catch {
    return null
  }
}
