import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../harness/json-value.ts'
import { schemaToType, type TypeStyle } from '../../../harness/types/schema-to-type.ts'

const FOR_READING: TypeStyle = { anything: 'unknown', tuples: 'exact', arrays: 'mutable' }
const FOR_CHECKING: TypeStyle = { anything: 'any', tuples: 'as-arrays', arrays: 'readonly' }

const types: Record<string, [JsonObject, string, string]> = {
  'a string': [{ type: 'string' }, 'string', 'string'],
  'several types': [{ type: ['integer', 'null'] }, 'number | null', 'number | null'],
  'an enumeration': [{ enum: ['a', 1, null] }, '"a" | 1 | null', '"a" | 1 | null'],
  'no schema': [{}, 'unknown', 'any'],
  'a list': [{ type: 'array', items: { type: 'string' } }, 'string[]', 'readonly string[]'],
  'a list of places': [
    { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false },
    '[string, number]',
    'readonly (string | number)[]',
  ],
  'an object that takes nothing else': [
    { type: 'object', properties: { a: {} }, additionalProperties: false },
    '{\n  a?: unknown\n}',
    '{\n  a?: any\n}',
  ],
  'an object that says nothing about others': [
    { type: 'object', properties: { a: {} } },
    '{\n  a?: unknown\n}',
    '{\n  a?: any\n}',
  ],
  'an object that takes others': [
    { type: 'object', properties: { a: {} }, required: ['a'], additionalProperties: true },
    '{\n  a: unknown\n  [key: string]: unknown\n}',
    '{\n  a: any\n  [key: string]: any\n}',
  ],
  'both of two, with properties of its own': [
    { properties: { a: {} }, allOf: [{ properties: { b: {} } }] },
    '({\n  a?: unknown\n}) & ({\n  b?: unknown\n})',
    '({\n  a?: any\n}) & ({\n  b?: any\n})',
  ],
}

describe('schemaToType', () => {
  for (const [name, [schema, read, checked]] of Object.entries(types)) {
    it(`writes ${name}`, () => {
      expect(schemaToType(schema, FOR_READING)).toBe(read)
      expect(schemaToType(schema, FOR_CHECKING)).toBe(checked)
    })
  }

  it('says unknown instead of following a schema into itself without end', () => {
    const node = { type: 'object', properties: { a: { $ref: '#' }, b: { $ref: '#' } } }
    const type = schemaToType(node, FOR_READING)
    expect(type.length).toBeLessThan(8_000)
    expect(type).toContain('a?: unknown')
  })

  it('says unknown instead of a type that is very long', () => {
    const names = Array.from({ length: 400 }, (_, n) => [`a property with a long name ${n}`, {}])
    const schema = { type: 'object', properties: Object.fromEntries(names) }
    expect(schemaToType(schema, FOR_READING)).toBe('unknown')
  })

  it('names objects from the inside out and tells where they stand', () => {
    const paths: string[] = []
    const type = schemaToType(
      {
        type: 'object',
        properties: {
          items: { type: 'array', items: { type: 'object', properties: { id: {} } } },
        },
      },
      {
        ...FOR_READING,
        nameObject: ({ path, properties }) => {
          paths.push(`${path}(${properties.map(({ name }) => name)})`)
          return `Named${paths.length}`
        },
      },
    )
    expect(type).toBe('Named2')
    expect(paths).toEqual(['items[](id)', '(items)'])
  })

  it('puts comments in front of properties', () => {
    const schema = { type: 'object', properties: { a: { description: 'First' } } }
    const comment: TypeStyle['comment'] = (property, indent) =>
      `${indent}// ${(property as JsonObject)['description']}\n`
    expect(schemaToType(schema, { ...FOR_READING, comment })).toBe(
      '{\n  // First\n  a?: unknown\n}',
    )
  })
})
