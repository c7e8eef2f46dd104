import { beforeAll, describe, expect, it } from 'vitest'
import { Catalogue } from '../../../../harness/policy/sql/catalogue.ts'
import { loadParsers } from '../../../../harness/policy/sql/judge-statement.ts'
import { readMysqlAgain } from '../../../../harness/policy/sql/read-statement.ts'
import { NameResolver } from '../../../../harness/policy/sql/resolve-names.ts'
import { passGate } from '../../../../harness/policy/sql/sql-gate.ts'
import { SqlRefusal } from '../../../../harness/policy/sql/sql-verdict.ts'
import { StatementShape } from '../../../../harness/policy/sql/statement-shape.ts'
import { rulesWith } from './judge-for-test.ts'

const schema = { a: ['id', 'x', 'note'], b: ['id', 'y'], c: ['id', 'z'] }
const catalogue = new Catalogue('mysql', rulesWith({ schema }))

beforeAll(loadParsers)

function read(sql: string): { tables: string[]; columns: readonly string[] } {
  const shape = new StatementShape(catalogue)
  new NameResolver(catalogue, shape).statement(readMysqlAgain(passGate(sql, 'mysql', true).tokens))
  const { verdict } = shape.reading(null)
  return { tables: verdict.tables.read.concat(verdict.tables.written), columns: verdict.columns }
}

const seen: Readonly<Record<string, readonly [sql: string, columns: readonly string[]]>> = {
  'an amount of time': ['SELECT NOW() - INTERVAL a.x DAY FROM a', ['a.x']],
  'an amount of time in brackets': [
    'SELECT DATE_ADD(NOW(), INTERVAL (SELECT y FROM b) + 1 MONTH) FROM a',
    ['b.y'],
  ],
  'a function that is named like an amount of time': ['SELECT INTERVAL(x, 1, 2) FROM a', ['a.x']],
  'what is converted': [
    'SELECT CONVERT(x, CHAR(3)), CONVERT(note USING utf8) FROM a',
    ['a.note', 'a.x'],
  ],
  'a separator and an order': [
    "SELECT GROUP_CONCAT(x ORDER BY note SEPARATOR ';') FROM a",
    ['a.note', 'a.x'],
  ],
  'a part of a text': [
    'SELECT SUBSTRING(note FROM x FOR 2), SUBSTRING(note, 1) FROM a',
    ['a.note', 'a.x'],
  ],
  'operators of its own': [
    'SELECT 1 FROM a WHERE x <=> id DIV 2 XOR note RLIKE 1 && !id',
    ['a.id', 'a.note', 'a.x'],
  ],
  'a join without a condition': [
    'SELECT 1 FROM a JOIN b INNER JOIN c ON c.z = b.y',
    ['b.y', 'c.z'],
  ],
  'tables in brackets': ['SELECT 1 FROM a LEFT JOIN (b, c) ON b.y = c.z', ['b.y', 'c.z']],
  'both numbers of a limit': ['SELECT x FROM a LIMIT 1, 2', ['a.x']],
  'a set of assignments': [
    'INSERT INTO a SET x = (SELECT y FROM b), note = 1',
    ['a.note', 'a.x', 'b.y'],
  ],
  'an assignment on a duplicate': [
    'INSERT INTO a (id) SELECT y FROM b ON DUPLICATE KEY UPDATE x = VALUES(x) + note',
    ['a.id', 'a.note', 'a.x', 'b.y'],
  ],
  'an update of a join': [
    'UPDATE a JOIN b ON a.id = b.id SET a.x = b.y WHERE a.note = 1',
    ['a.id', 'a.note', 'a.x', 'b.id', 'b.y'],
  ],
  'an update with an order': ['UPDATE a SET x = 1 ORDER BY note LIMIT 1', ['a.note', 'a.x']],
  'a delete from a join': ['DELETE a FROM a JOIN b ON a.x = b.y', ['a.x', 'b.y']],
  'a delete with USING': [
    'DELETE FROM a USING a JOIN b USING (id) WHERE y = 1',
    ['a.id', 'b.id', 'b.y'],
  ],
  'strings side by side': [`SELECT 'a' "b" FROM a WHERE note = 'c' 'd'`, ['a.note']],
  'a lock': ['SELECT x FROM a LOCK IN SHARE MODE', ['a.x']],
  'sums of sums': ['SELECT x, COUNT(*) FROM a GROUP BY x WITH ROLLUP', ['a.x']],
}

describe('the second reading of MySQL', () => {
  for (const [name, [sql, columns]] of Object.entries(seen)) {
    it(`sees the columns of ${name}`, () => {
      expect(read(sql).columns).toEqual(columns)
    })
  }

  it('sees every table of a parenthesised join', () => {
    expect(read('SELECT 1 FROM a JOIN (b JOIN c ON b.id = c.id) ON a.id = b.id').tables).toEqual([
      'a',
      'b',
      'c',
    ])
  })

  it('refuses what it does not know', () => {
    for (const sql of [
      'SELECT x FROM a PROCEDURE ANALYSE()',
      "SELECT MATCH (note) AGAINST ('x') FROM a",
    ]) {
      expect(() => read(sql)).toThrow(SqlRefusal)
    }
  })
})
