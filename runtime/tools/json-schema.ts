import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { ConfigurationError, type JsonObject, type JsonValue } from '../../harness/index.ts'
import { wordSchemaError } from './schema-problems.ts'

/** A JSON Schema that checks values: a Standard Schema which can also say what it looks like. */
export interface JsonSchema<T = JsonValue> {
  readonly '~standard': StandardSchemaV1.Props<T> & StandardJSONSchemaV1.Props<T>
}

const OPTIONS = {
  strict: false,
  // Formats are annotations in draft 2020-12 unless a vocabulary says otherwise.
  validateFormats: false,
  // An inherited `toString` must not satisfy `required: ['toString']`.
  ownProperties: true,
  // The schema was checked against the meta-schema by then.
  meta: false,
  validateSchema: false,
  verbose: true,
} as const

const MAX_ISSUES = 10
// Listing every problem of a large value costs more than the value; then the first must do.
const MAX_LISTED_LENGTH = 65_536

// Compiling the meta-schemas takes 10 ms, so it is done once; it keeps nothing of what it checks.
let metaSchemas: Ajv2020 | undefined

/**
 * Wraps a JSON Schema (draft 2020-12) for `defineTool`. The schema keeps its meaning as written: an
 * object without `additionalProperties: false` takes further properties, nothing is coerced, defaults
 * are not filled in, `format` is not checked. The schema is trusted text of the host: a `pattern` in
 * it runs on values from programs and should not backtrack.
 *
 * @typeParam T - What a value that fits looks like in TypeScript; your word, nobody checks it.
 * @throws {ConfigurationError} When the schema is not valid or refers to another document.
 *
 * @example
 * ```ts
 * jsonSchema<{ id: number }>({
 *   type: 'object',
 *   properties: { id: { type: 'integer' } },
 *   required: ['id'],
 *   additionalProperties: false,
 * })
 * ```
 */
export function jsonSchema<T = JsonValue>(schema: JsonObject): JsonSchema<T> {
  // The dialect is settled here, and an older `$schema` would only be looked up and not found.
  const { $schema: _, ...text } = structuredClone(schema)
  const check = compile(text, false)
  let listing: ValidateFunction | undefined

  const validate = (value: unknown): StandardSchemaV1.Result<T> => {
    if (check(value)) return { value: value as T }
    const first = check.errors ?? []
    if (!isSmall(value)) return { issues: toIssues(first) }
    listing ??= compile(text, true)
    listing(value)
    return { issues: toIssues(listing.errors ?? first) }
  }
  const converter = () => structuredClone(text)
  return {
    '~standard': {
      version: 1,
      vendor: 'airlock',
      validate,
      jsonSchema: { input: converter, output: converter },
    },
  }
}

function compile(schema: object, allErrors: boolean): ValidateFunction {
  try {
    metaSchemas ??= new Ajv2020({ strict: false, logger: false })
    if (!metaSchemas.validateSchema(schema)) {
      throw new TypeError('The schema does not fit the meta-schema of draft 2020-12')
    }
    return new Ajv2020({ ...OPTIONS, allErrors }).compile(schema)
  } catch (cause) {
    throw new ConfigurationError('The JSON Schema of a tool is not valid in draft 2020-12', {
      cause,
    })
  }
}

function isSmall(value: unknown): boolean {
  return (JSON.stringify(value) ?? '').length <= MAX_LISTED_LENGTH
}

function toIssues(errors: readonly ErrorObject[]): StandardSchemaV1.Issue[] {
  return errors.slice(0, MAX_ISSUES).map(wordSchemaError)
}
