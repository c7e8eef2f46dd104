import { describe, expect, it } from 'vitest'
import { changesBetween, type JsonChange } from '../../../harness/approval/json-changes.ts'
import type { JsonValue } from '../../../harness/json-value.ts'

const table: Record<string, [JsonValue, JsonValue, readonly JsonChange[]]> = {
  'nothing, whatever the order of properties': [{ a: 1, b: [2] }, { b: [2], a: 1 }, []],
  'a property': [{ a: 1, b: 2 }, { a: 1, b: 3 }, [{ path: '/b', before: 2, after: 3 }]],
  'a property that came': [{}, { a: null }, [{ path: '/a', after: null }]],
  'a property that went': [{ a: 1 }, {}, [{ path: '/a', before: 1 }]],
  'a place deep inside': [
    { a: [{ b: 1 }, { b: 2 }] },
    { a: [{ b: 1 }, { b: 3 }] },
    [{ path: '/a/1/b', before: 2, after: 3 }],
  ],
  'a list of another length, as a whole': [
    { a: [1, 2] },
    { a: [2] },
    [{ path: '/a', before: [1, 2], after: [2] }],
  ],
  'another type': [[], {}, [{ path: '', before: [], after: {} }]],
  'a name that looks like a path': [
    { 'a/b~': 1 },
    { 'a/b~': 2 },
    [{ path: '/a~1b~0', before: 1, after: 2 }],
  ],
  'a name that every object has': [
    {},
    JSON.parse('{"__proto__":1}'),
    [{ path: '/__proto__', after: 1 }],
  ],
}

describe('changesBetween', () => {
  for (const [name, [before, after, changes]] of Object.entries(table)) {
    it(`tells ${name}`, () => {
      expect(changesBetween(before, after)).toEqual(changes)
    })
  }

  it('tells the whole instead of more than 200 places', () => {
    const before = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`p${i}`, 0]))
    const after = Object.fromEntries(Object.keys(before).map((name) => [name, 1]))
    expect(changesBetween({ in: before }, { in: after })).toEqual([{ path: '/in', before, after }])
  })
})
