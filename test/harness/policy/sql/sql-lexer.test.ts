import { describe, expect, it } from 'vitest'
import { lexSql } from '../../../../harness/policy/sql/sql-lexer.ts'
import { SqlRefusal } from '../../../../harness/policy/sql/sql-verdict.ts'
import type { SqlDialect } from '../../../../harness/sandbox/tool-host.ts'

const values = (sql: string, dialect: SqlDialect) =>
  lexSql(sql, dialect).tokens.map(({ value }) => value)

const cut: Record<string, readonly [SqlDialect, string, readonly string[]]> = {
  'a backslash as an ordinary character in SQLite': ['sqlite', `'a\\' b`, ['a\\', 'b']],
  'a backslash as an ordinary character in PostgreSQL': ['postgresql', `'a\\' b`, ['a\\', 'b']],
  'a backslash as an escape in MySQL': ['mysql', `'a\\' b' c`, [`a\\' b`, 'c']],
  'a backslash as an escape in an E string': ['postgresql', `E'a\\' b' c`, [`a\\' b`, 'c']],
  'a dollar-quoted string': ['postgresql', `$q$ ' $q$ a`, [` ' `, 'a']],
  'a dollar sign inside a name': ['postgresql', `a$b$c`, ['a$b$c']],
  'nested comments in PostgreSQL': ['postgresql', `a /* b /* c */ d */ e`, ['a', 'e']],
  'comments that do not nest in SQLite': ['sqlite', `a /* b /* c */ d`, ['a', 'd']],
  'a line comment that ends at CR in PostgreSQL': ['postgresql', `a -- b\rc`, ['a', 'c']],
  'a line comment that goes past CR in SQLite': ['sqlite', `a -- b\rc\nd`, ['a', 'd']],
  'two minus signs without a space in MySQL': ['mysql', `5--a`, ['5', '-', '-', 'a']],
  'a hash comment in MySQL': ['mysql', `a # b\nc`, ['a', 'c']],
  'a double-quoted string in MySQL': ['mysql', `"a""b"`, ['a"b']],
  'a double-quoted name in SQLite': ['sqlite', `"a""b" [c d]`, ['a"b', 'c d']],
}

const refused: Record<string, readonly [SqlDialect, string]> = {
  'an unterminated string': ['sqlite', `'abc`],
  'an unterminated name': ['postgresql', `"abc`],
  'an unterminated bracket name': ['sqlite', `[abc`],
  'an unterminated comment': ['mysql', `a /* b`],
  'an unterminated dollar quote': ['postgresql', `$a$ b $b$`],
  'a no-break space': ['sqlite', `SELECT\u00a01`],
  'a zero-width space': ['postgresql', `SEL\u200bECT 1`],
  'a number that runs into a name': ['mysql', `1abc`],
  'a brace': ['mysql', `{x ssn}`],
}

describe('lexSql', () => {
  it.each(Object.entries(cut))('cuts %s', (_, [dialect, sql, expected]) => {
    expect(values(sql, dialect)).toEqual(expected)
  })

  it.each(Object.entries(refused))('refuses %s', (_, [dialect, sql]) => {
    expect(() => lexSql(sql, dialect)).toThrow(SqlRefusal)
  })

  it('notices comments that carry code', () => {
    for (const comment of ['/*! a */', '/*!50000 a */', '/*M! a */', '/*+ a */']) {
      expect(lexSql(`SELECT 1 ${comment}`, 'mysql').hasExecutableComment).toBe(true)
    }
    expect(lexSql(`SELECT '/*! a */' /* ! */`, 'mysql').hasExecutableComment).toBe(false)
  })
})
