import type { StandardSchemaV1 } from '@standard-schema/spec'
import {
  ConfigurationError,
  type JsonObject,
  type JsonValue,
  type SchemaAnswer,
  type ToolSchema,
} from '../../harness/index.ts'
import { wordIssues } from './schema-problems.ts'

/** Deepest value a tool takes or gives. */
const MAX_DEPTH = 200

/** Where a schema stands in a tool. */
export interface SchemaPlace {
  readonly toolName: string
  readonly direction: 'input' | 'output'
  /** The JSON Schema to show, for schemas that cannot tell theirs. */
  readonly jsonSchema: JsonObject | undefined
}

/**
 * Makes any Standard Schema the schema of a tool's argument or result.
 *
 * @throws {ConfigurationError} When it is no Standard Schema, or its JSON Schema cannot be had.
 */
export function toToolSchema(schema: StandardSchemaV1, place: SchemaPlace): ToolSchema {
  const { toolName, direction } = place
  if (typeof schema?.['~standard']?.validate !== 'function') {
    throw new ConfigurationError(
      `Tool ${toolName}: ${direction} must be a Standard Schema (zod, valibot, arktype, …) or jsonSchema({ … })`,
    )
  }
  const root = direction === 'input' ? 'args' : 'result'
  const read = (result: StandardSchemaV1.Result<unknown>): SchemaAnswer => {
    if (result.issues !== undefined) return { ok: false, problems: wordIssues(root, result.issues) }
    if (isJson(result.value, MAX_DEPTH)) return { ok: true, value: result.value }
    return { ok: false, problems: [`${root} is not plain JSON once the schema has transformed it`] }
  }
  return {
    jsonSchema: place.jsonSchema ?? deriveJsonSchema(schema, place),
    validate(value) {
      const result = schema['~standard'].validate(value)
      return result instanceof Promise ? result.then(read) : read(result)
    },
  }
}

/**
 * Makes any Standard Schema the shape that results must have.
 *
 * @throws {ConfigurationError} When it is no Standard Schema, or its JSON Schema cannot be had.
 *
 * @example
 * ```ts
 * new OutputTypeValidator({ schema: resultSchema(z.object({ total: z.number() })) })
 * ```
 */
export function resultSchema(schema: StandardSchemaV1): ToolSchema {
  return toToolSchema(schema, { toolName: 'result', direction: 'output', jsonSchema: undefined })
}

function deriveJsonSchema(
  schema: StandardSchemaV1,
  { toolName, direction }: SchemaPlace,
): JsonObject {
  const advice = `Tool ${toolName}: the JSON Schema of ${direction} cannot be had; wrap a JSON Schema with jsonSchema({ … }), or pass ${direction}JsonSchema`
  const converter: unknown = Object(Object(schema['~standard'])['jsonSchema'])[direction]
  if (typeof converter !== 'function') throw new ConfigurationError(advice)
  let text: unknown
  try {
    text = converter({ target: 'draft-2020-12' })
  } catch (cause) {
    throw new ConfigurationError(advice, { cause })
  }
  // A copy through JSON, because libraries hang getters and their own objects on the schema.
  const copy: unknown = JSON.parse(JSON.stringify(text) ?? 'null')
  if (!isJson(copy, MAX_DEPTH) || !isJsonObject(copy)) throw new ConfigurationError(advice)
  return copy
}

function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value is what `JSON.parse` can return, or differs from it only in absent properties. */
function isJson(value: unknown, depth: number): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth === 0) return false
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth - 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  return Object.values(value).every((item) => item === undefined || isJson(item, depth - 1))
}
