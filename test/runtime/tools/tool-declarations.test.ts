import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { JsonObject, Tool } from '../../../harness/index.ts'
import { declareTools } from '../../../runtime/tools/tool-declarations.ts'
import { NASTY_STRINGS } from '../prompts/nasty-strings.ts'

const folder = mkdtempSync(join(tmpdir(), 'declarations-'))
afterAll(() => rmSync(folder, { recursive: true }))
const TSC = fileURLToPath(new URL('../../../node_modules/.bin/tsc', import.meta.url))

function tool(name: string, input: JsonObject, options: Partial<Tool> = {}): Tool {
  return {
    name,
    description: 'Does it',
    input: { jsonSchema: input, validate: (value) => ({ ok: true, value }) },
    readOnly: true,
    idempotent: true,
    run: async () => null,
    ...options,
  }
}

const object = (properties: JsonObject, rest: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  ...rest,
})

const types: Record<string, [JsonObject, string]> = {
  'a string': [{ type: 'string' }, 'string'],
  'an integer': [{ type: 'integer' }, 'number'],
  'several types': [{ type: ['string', 'null'] }, 'string | null'],
  'a nullable string': [{ type: 'string', nullable: true }, 'string | null'],
  'an enumeration': [{ enum: ['a', 1, null] }, '"a" | 1 | null'],
  'a constant': [{ const: 'a"b' }, '"a\\"b"'],
  'an array': [{ type: 'array', items: { type: 'string' } }, 'string[]'],
  'an array of several types': [
    { type: 'array', items: { type: ['string', 'number'] } },
    '(string | number)[]',
  ],
  'an array of anything': [{ type: 'array' }, 'unknown[]'],
  'a tuple': [
    { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false },
    '[string, number]',
  ],
  'a tuple with a rest': [
    { type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'null' } },
    '[string, ...(null)[]]',
  ],
  'a record': [
    { type: 'object', additionalProperties: { type: 'number' } },
    '{ [key: string]: number }',
  ],
  'an empty object': [{ type: 'object', additionalProperties: false }, '{ [key: string]: never }'],
  'any object': [{ type: 'object' }, '{ [key: string]: unknown }'],
  alternatives: [{ anyOf: [{ type: 'string' }, { type: 'boolean' }] }, 'string | boolean'],
  'alternatives that say the same': [{ oneOf: [{ type: 'string' }, { type: 'string' }] }, 'string'],
  'both of two': [
    { allOf: [object({ a: {} }), object({ b: {} })] },
    '({\n    a?: unknown\n  }) & ({\n    b?: unknown\n  })',
  ],
  'an object by its properties alone': [{ properties: { a: {} } }, '{\n    a?: unknown\n  }'],
  'names that are no identifiers': [
    object({ 'a-b': { type: 'string' }, '*/': {} }, { required: ['a-b'] }),
    '{\n    "a-b": string\n    "*/"?: unknown\n  }',
  ],
  'a property called __proto__': [
    JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'),
    '{\n    __proto__?: string\n  }',
  ],
  'a reference inside the schema': [
    { $defs: { id: { type: 'integer' } }, type: 'array', items: { $ref: '#/$defs/id' } },
    'number[]',
  ],
  'a reference to another document': [{ $ref: 'https://example.com/a' }, 'unknown'],
  'a reference into a prototype': [{ $ref: '#/constructor/prototype' }, 'unknown'],
  'no schema': [{}, 'unknown'],
  'a type nobody knows': [{ type: 'date' }, 'unknown'],
  'a type every object has': [{ type: 'constructor' }, 'unknown'],
  'a negation': [{ not: { type: 'string' } }, 'unknown'],
  'a constant object': [{ const: { a: 1 } }, 'unknown'],
}

const nestedTwice: JsonObject = {
  $defs: { node: object({ left: { $ref: '#/$defs/node' }, right: { $ref: '#/$defs/node' } }) },
  $ref: '#/$defs/node',
}

describe('declareTools', () => {
  for (const [name, [schema, expected]] of Object.entries(types)) {
    it(`writes ${name}`, () => {
      expect(declareTools([tool('t', schema)])).toMatch(/^declare const tools: \{\n/)
      const [, type] =
        /t\(args\??: ([\s\S]*)\): Promise<unknown>/.exec(declareTools([tool('t', schema)])) ?? []
      expect(type).toBe(expected)
    })
  }

  it('writes a whole tool the way a person would', () => {
    const list = tool(
      'list-orders',
      object(
        {
          limit: { type: 'integer', description: 'At most 100', default: 10 },
          since: { type: 'string', format: 'date' },
        },
        { required: ['since'] },
      ),
      {
        description: 'Lists orders.\nNewest first.',
        readOnly: false,
        output: {
          jsonSchema: { type: 'array', items: { type: 'string' } },
          validate: (value) => ({ ok: true, value }),
        },
      },
    )
    expect(declareTools([list])).toBe(`declare const tools: {
  /**
   * Lists orders.
   * Newest first.
   * Changes something: call it only when the intent asks for the change.
   */
  "list-orders"(args: {
    /**
     * At most 100
     * Default: 10
     */
    limit?: number
    /** Format: date */
    since: string
  }): Promise<string[]>
}`)
  })

  it('lets the argument be left out when an empty object fits', () => {
    expect(declareTools([tool('t', object({ a: {} }))])).toContain('t(args?: {')
    expect(declareTools([tool('t', object({ a: {} }, { required: ['a'] }))])).toContain('t(args: {')
    expect(declareTools([tool('t', { type: 'string' })])).toContain('t(args: string)')
  })

  it('stays small for a schema that refers to itself twice', () => {
    const started = performance.now()
    expect(declareTools([tool('t', nestedTwice)]).length).toBeLessThan(10_000)
    expect(performance.now() - started).toBeLessThan(500)
  })

  it('cuts off a description that is far too long', () => {
    const long = tool('t', {}, { description: 'x'.repeat(100_000) })
    expect(declareTools([long]).length).toBeLessThan(3_000)
  })

  it('is valid TypeScript for every schema and every text in it', () => {
    const named = Object.values(types).map(([schema], index) => tool(`t${index}`, schema))
    const nasty = NASTY_STRINGS.map((text, index) =>
      tool(`n${index}-${text}`, object({ [text]: { description: text, enum: [text, 'x'] } }), {
        description: `${text} */ export const broken: string = 1 /* ${text}`,
      }),
    )
    const tools = [
      ...named,
      ...nasty,
      tool('twice', nestedTwice),
      tool(
        'get-orders',
        object(
          { limit: { type: 'integer' } },
          { required: ['limit'], additionalProperties: false },
        ),
        {
          output: {
            jsonSchema: {
              type: 'array',
              items: object({ id: { type: 'integer' } }, { required: ['id'] }),
            },
            validate: (value) => ({ ok: true, value }),
          },
        },
      ),
    ]
    const uses = `
const rows = await tools['get-orders']({ limit: 3 })
const ids: number[] = rows.map((row) => row.id)
// @ts-expect-error: limit is required
await tools['get-orders']({})
// @ts-expect-error: limit is a number
await tools['get-orders']({ limit: '3' })
// @ts-expect-error: there is no such tool
await tools.missing({})
export { ids }
`
    const file = join(folder, 'tools.ts')
    writeFileSync(file, `${declareTools(tools)}\n${uses}`)
    const flags = [
      '--strict',
      '--noEmit',
      '--target',
      'es2024',
      '--module',
      'esnext',
      '--types',
      '',
    ]
    const { status, stdout } = spawnSync(TSC, [...flags, '--ignoreConfig', file], {
      encoding: 'utf8',
    })
    expect([status, stdout]).toEqual([0, ''])
  })
})
