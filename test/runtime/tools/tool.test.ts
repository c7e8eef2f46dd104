import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { JsonValue, ToolContext } from '../../../harness/index.ts'
import { jsonSchema } from '../../../runtime/tools/json-schema.ts'
import { defineTool, type ToolDefinition } from '../../../runtime/tools/tool.ts'

const context: ToolContext = {
  seq: 0,
  runId: 'run-1',
  requester: null,
  idempotencyKey: 'key-1',
  signal: new AbortController().signal,
}

const base = {
  name: 'refund',
  description: 'Pays an order back',
  input: z.strictObject({ orderId: z.int(), reason: z.string().default('none') }),
  readOnly: false,
  run: () => null,
}

/** As a caller without TypeScript would. */
function defineUnchecked(options: object) {
  return defineTool(options as ToolDefinition<typeof base.input>)
}

const refused = {
  'no name': [{ name: undefined }, 'name'],
  'an empty name': [{ name: '' }, 'name'],
  'a name with a blank': [{ name: 'pay back' }, 'name'],
  'a name that starts with a digit': [{ name: '1st' }, 'name'],
  'a name of 65 letters': [{ name: 'a'.repeat(65) }, 'name'],
  'a name that reaches the prototype': [{ name: '__proto__' }, 'name'],
  'a name every object has': [{ name: 'constructor' }, 'name'],
  'a name that would make tools a promise': [{ name: 'then' }, 'name'],
  'no description': [{ description: undefined }, 'description'],
  'a blank description': [{ description: ' ' }, 'description'],
  'no readOnly': [{ readOnly: undefined }, 'readOnly'],
  'a readOnly that is only truthy': [{ readOnly: 'false' }, 'readOnly'],
  'an idempotent that is only truthy': [{ idempotent: 1 }, 'idempotent'],
  'no function': [{ run: undefined }, 'run'],
  'an unknown option': [{ readonly: true }, 'readonly'],
  'no input': [{ input: undefined }, 'input'],
  'a bare JSON Schema as input': [{ input: { type: 'object' } }, 'jsonSchema'],
  'a Standard Schema without a JSON Schema': [
    { input: { '~standard': { version: 1, vendor: 'x', validate: () => ({ value: 1 }) } } },
    'inputJsonSchema',
  ],
  'a schema JSON Schema cannot express': [{ output: z.date() }, 'outputJsonSchema'],
} as const

describe('defineTool', () => {
  for (const [name, [change, named]] of Object.entries(refused)) {
    it(`refuses ${name}`, () => {
      expect(() => defineUnchecked({ ...base, ...change })).toThrow(
        expect.objectContaining({
          code: 'ERR_CONFIGURATION',
          message: expect.stringContaining(named),
        }),
      )
    })
  }

  for (const name of ['a', 'get-weather', 'mcp.list_files', '_x', 'a'.repeat(64)]) {
    it(`takes the name ${name.slice(0, 20)}`, () => {
      expect(defineTool({ ...base, name }).name).toBe(name)
    })
  }

  it('hands the checked argument and the context to the function', async () => {
    const tool = defineTool({
      ...base,
      output: z.object({ paid: z.number() }),
      run: ({ orderId, reason }, { idempotencyKey }) => {
        expect([orderId, reason, idempotencyKey]).toEqual([7, 'none', 'key-1'])
        return { paid: orderId }
      },
    })
    expect(await tool.input.validate({ orderId: 7 })).toEqual({
      ok: true,
      value: { orderId: 7, reason: 'none' },
    })
    expect(await tool.run({ orderId: 7, reason: 'none' }, context)).toEqual({ paid: 7 })
  })

  it('turns what the function throws at once into a rejection', async () => {
    const tool = defineTool({
      ...base,
      run: () => {
        throw new RangeError('no such order')
      },
    })
    await expect(tool.run({}, context)).rejects.toThrow('no such order')
  })

  it('takes a read-only tool for idempotent, and no other', () => {
    expect(defineTool({ ...base, readOnly: true }).idempotent).toBe(true)
    expect(defineTool(base).idempotent).toBe(false)
    expect(defineTool({ ...base, idempotent: true }).idempotent).toBe(true)
  })

  it('tells the JSON Schema of a Standard Schema as the caller has to fill it', () => {
    expect(defineTool(base).input.jsonSchema).toMatchObject({
      type: 'object',
      properties: { orderId: { type: 'integer' }, reason: { type: 'string', default: 'none' } },
      required: ['orderId'],
      additionalProperties: false,
    })
  })

  it('shows a JSON Schema that was passed, and checks with the schema all the same', async () => {
    const tool = defineTool({ ...base, inputJsonSchema: { type: 'object', title: 'shown' } })
    expect(tool.input.jsonSchema).toEqual({ type: 'object', title: 'shown' })
    expect((await tool.input.validate({})).ok).toBe(false)
  })

  it('words the issues of a Standard Schema with the path to the argument', async () => {
    const answer = await defineTool(base).input.validate({ orderId: '7' })
    expect(answer).toEqual({
      ok: false,
      problems: ['args.orderId: Invalid input: expected number, received string'],
    })
  })

  it('waits for a schema that checks asynchronously', async () => {
    const input = z.object({ id: z.int().refine(async (id) => id === 1, 'is not known') })
    const tool = defineTool({ ...base, input })
    expect((await tool.input.validate({ id: 1 })).ok).toBe(true)
    expect(await tool.input.validate({ id: 2 })).toEqual({
      ok: false,
      problems: ['args.id is not known'],
    })
  })

  const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)
  const notJson = {
    'a Date': z.any().transform(() => new Date(0)),
    'a Map': z.any().transform(() => new Map()),
    NaN: z.any().transform(() => ({ a: [Number.NaN] })),
    'a class instance': z.any().transform(() => new (class Order {})()),
    'nothing at all': z.any().transform(() => undefined),
    'a value nested without end': z.any().transform(() => deep),
  }
  for (const [name, schema] of Object.entries(notJson)) {
    it(`lets no schema turn a value into ${name}`, async () => {
      const tool = defineTool({ ...base, input: schema, inputJsonSchema: {} })
      expect(await tool.input.validate({})).toEqual({
        ok: false,
        problems: ['args is not plain JSON once the schema has transformed it'],
      })
    })
  }
})

const query = defineTool({
  name: 'list',
  description: 'Lists',
  input: jsonSchema({
    type: 'object',
    properties: {
      limit: { type: 'integer', minimum: 1 },
      sort: { enum: ['asc', 'desc'] },
      kind: { const: 'order' },
      ids: { type: 'array', items: { type: ['string', 'null'] } },
      'odd/name~': { type: 'number' },
    },
    required: ['limit'],
    additionalProperties: false,
  }),
  readOnly: true,
  run: () => null,
})

const problems: Record<string, [JsonValue, string[]]> = {
  'a wrong type': [{ limit: '10' }, ['args.limit must be integer, got "10"']],
  'a missing argument': [{}, ['args.limit is required']],
  'no object': ['10', ['args must be object, got "10"']],
  'an array': [[1], ['args must be object, got an array']],
  'a misspelt argument': [
    { lmit: 1, limit: 1 },
    ['args.lmit is not a known argument; did you mean limit'],
  ],
  'an argument like no other': [
    { limit: 1, customer: 2 },
    ['args.customer is not a known argument'],
  ],
  'a value out of a list': [
    { limit: 1, sort: 'up' },
    ['args.sort must be one of "asc", "desc", got "up"'],
  ],
  'another constant': [{ limit: 1, kind: null }, ['args.kind must be "order", got null']],
  'an item deep inside': [
    { limit: 1, ids: ['a', 7] },
    ['args.ids[1] must be string or null, got 7'],
  ],
  'a number that is too small': [{ limit: 0 }, ['args.limit must be >= 1']],
  'an argument with an odd name': [
    { limit: 1, 'odd/name~': 'x' },
    ['args["odd/name~"] must be number, got "x"'],
  ],
  'several problems': [
    { lmit: 1, sort: 'up' },
    [
      'args.limit is required',
      'args.lmit is not a known argument; did you mean limit',
      'args.sort must be one of "asc", "desc", got "up"',
    ],
  ],
  'a prototype that would fit': [
    JSON.parse('{"__proto__":{"limit":1}}'),
    ['args.limit is required', 'args.__proto__ is not a known argument'],
  ],
}

describe('jsonSchema', () => {
  for (const [name, [value, expected]] of Object.entries(problems)) {
    it(`says what is wrong with ${name}`, async () => {
      expect(await query.input.validate(value)).toEqual({ ok: false, problems: expected })
    })
  }

  it('gives back what fits, untouched', async () => {
    const value = { limit: 10, ids: ['a', null] }
    expect(await query.input.validate(value)).toEqual({ ok: true, value })
  })

  it('keeps what a problem says short, whatever the value is', async () => {
    const value = { limit: 'x'.repeat(10_000), ['k'.repeat(10_000)]: 1 }
    const answer = await query.input.validate(value)
    expect(answer.ok ? [] : answer.problems.map(({ length }) => length <= 300)).toEqual([
      true,
      true,
    ])
  })

  it('lists no more than ten problems', async () => {
    const answer = await query.input.validate({ limit: 1, ids: Array(100).fill(7) })
    expect(answer.ok || answer.problems.length).toBe(10)
  })

  it('names the first problem of a large value without listing the rest', async () => {
    const started = performance.now()
    const answer = await query.input.validate({ limit: 1, ids: Array(1_000_000).fill(7) })
    expect(answer).toEqual({ ok: false, problems: ['args.ids[0] must be string or null, got 7'] })
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  it('keeps the meaning of a schema as written', async () => {
    const open = jsonSchema({ properties: { when: { type: 'string', format: 'date' } } })
    const { validate } = open['~standard']
    expect(await validate({ when: 'soon', more: 1 })).toEqual({ value: { when: 'soon', more: 1 } })
    expect(await validate(7)).toEqual({ value: 7 })
  })

  const invalid = {
    'a type that does not exist': { type: 'date' },
    'a keyword of the wrong type': { properties: 7 },
    'a reference to another document': { $ref: 'https://example.com/schema.json' },
    'a reference that leads nowhere': { $ref: '#/$defs/missing' },
    'an expression that is none': { type: 'string', pattern: '(' },
  }
  for (const [name, schema] of Object.entries(invalid)) {
    it(`refuses ${name} at once`, () => {
      expect(() => jsonSchema(schema)).toThrow(
        expect.objectContaining({ code: 'ERR_CONFIGURATION' }),
      )
    })
  }

  it('takes a schema of an older dialect, and the same $id twice', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: 'https://example.com/a',
      type: 'object',
    }
    expect(() => [jsonSchema(schema), jsonSchema(schema)]).not.toThrow()
  })

  it('does not notice when its schema is changed later', async () => {
    const schema = { type: 'object', required: ['a'] }
    const { validate } = jsonSchema(schema)['~standard']
    schema.required.pop()
    expect(await validate({})).toHaveProperty('issues')
  })
})
