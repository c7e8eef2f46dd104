import type { JsonObject, JsonValue } from '../../../harness/json-value.ts'
import type { TypedTool } from '../../../harness/types/tool-types.ts'

/** A schema of an object that takes nothing else. */
export function object(properties: JsonObject, required: readonly string[] = []): JsonObject {
  return { type: 'object', properties, required: [...required], additionalProperties: false }
}

/** A tool as far as its types go. */
export function typedTool(name: string, input: JsonObject, output?: JsonObject): TypedTool {
  const validate = (value: JsonValue) => ({ ok: true, value }) as const
  return {
    name,
    input: { jsonSchema: input, validate },
    ...(output === undefined ? {} : { output: { jsonSchema: output, validate } }),
  }
}

const text = { type: 'string' }
const whole = { type: 'integer' }

/** Tools with every kind of argument and answer that the checks tell apart. */
export const TYPED_TOOLS: readonly TypedTool[] = [
  typedTool(
    'get_order',
    object(
      {
        order_id: whole,
        tags: { type: 'array', items: text },
        filter: object({ from: text, to: text }, ['from']),
        status: { enum: ['open', 'closed'] },
      },
      ['order_id'],
    ),
    object(
      {
        items: {
          type: 'array',
          items: object(
            { id: whole, total_cents: whole, customer: object({ name: text, email: text }) },
            ['id'],
          ),
        },
        next: { type: ['string', 'null'] },
      },
      ['items'],
    ),
  ),
  typedTool('list', object({ limit: whole, cursor: text }), {
    type: 'array',
    items: object({ id: whole, name: text }, ['id', 'name']),
  }),
  typedTool('ping', object({})),
  typedTool('pair', object({ a: text, b: text, c: whole }, ['a', 'b', 'c']), {
    anyOf: [
      object({ ok: { const: true }, value: text }, ['ok', 'value']),
      object({ ok: { const: false }, error: text }, ['ok', 'error']),
    ],
  }),
  typedTool('count', object({ of: text }, ['of']), whole),
  typedTool('find', { anyOf: [object({ id: whole }, ['id']), object({ email: text }, ['email'])] }),
  typedTool('get-weather', object({ city: text }, ['city'])),
]
