import type { StandardSchemaV1 } from '@standard-schema/spec'
import {
  type ApprovalRule,
  ConfigurationError,
  checkToolApproval,
  type JsonObject,
  type Tool,
  type ToolContext,
} from '../../harness/index.ts'
import { toToolSchema } from './tool-schema.ts'

/** What a tool is made of. */
export interface ToolDefinition<
  Input extends StandardSchemaV1,
  Output extends StandardSchemaV1 = StandardSchemaV1<unknown>,
> {
  /** Letters, digits, `_`, `-` and `.`, at most 64, starting with a letter or `_`. */
  readonly name: string
  /** What it does and when to use it, for the model. */
  readonly description: string
  /** The one argument: any Standard Schema, or a JSON Schema wrapped with `jsonSchema`. */
  readonly input: Input
  /** What it answers. Without it the model is told `unknown`, and any JSON value may leave. */
  readonly output?: Output
  /** Your word that a call changes nothing: never what a foreign server or document claims. */
  readonly readOnly: boolean
  /** Your word that a repeated call with the same idempotency key has no further effect. Default `readOnly`. */
  readonly idempotent?: boolean
  /**
   * Holds calls for a person wherever the tool is granted, in addition to the rules of the endpoint:
   * `'always'` each one, for role `admin`; a rule for this tool those it names, for its approvers.
   */
  readonly approval?: 'always' | ApprovalRule
  /** Names the property of the argument that is an SQL statement, for `DataPolicy` to judge. */
  readonly sql?: NonNullable<Tool['sql']>
  /** Shown to the model instead of what `input` says of itself. `input` alone still checks. */
  readonly inputJsonSchema?: JsonObject
  /** Shown to the model instead of what `output` says of itself. `output` alone still checks. */
  readonly outputJsonSchema?: JsonObject
  run(
    input: StandardSchemaV1.InferOutput<Input>,
    context: ToolContext,
  ): StandardSchemaV1.InferInput<Output> | Promise<StandardSchemaV1.InferInput<Output>>
  /**
   * Undoes a completed call, for `app.runs.rollback`: pays back what was paid. Gets what `run` got and what
   * it answered, and an idempotency key that is the same however often the rollback is tried. What it answers
   * is kept on record. Not for a tool that is `readOnly`.
   */
  revert?(
    input: StandardSchemaV1.InferOutput<Input>,
    answer: StandardSchemaV1.InferOutput<Output>,
    context: ToolContext,
  ): unknown
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set([
  'name',
  'description',
  'input',
  'output',
  'readOnly',
  'idempotent',
  'approval',
  'sql',
  'inputJsonSchema',
  'outputJsonSchema',
  'run',
  'revert',
] satisfies (keyof ToolDefinition<StandardSchemaV1>)[])

const NAME = /^[A-Za-z_][\w.-]{0,63}$/

// Names that mean something on every object: `tools.then` would make `tools` a promise.
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
  'then',
  'toJSON',
])

/**
 * Defines a function of the host that programs may call by name. Argument and result are checked
 * against the schemas on every call; schemas may fill in defaults, but what they make of a value must
 * still be JSON.
 *
 * @throws {ConfigurationError} When an option is missing, unknown or wrong; names the tool and it.
 *
 * @example
 * ```ts
 * const refund = defineTool({
 *   name: 'refund',
 *   description: 'Pays an order back',
 *   input: z.strictObject({ orderId: z.int(), cents: z.int().positive() }),
 *   readOnly: false,
 *   run: ({ orderId, cents }, { idempotencyKey }) => payBack(orderId, cents, idempotencyKey),
 * })
 * ```
 */
export function defineTool<
  Input extends StandardSchemaV1,
  Output extends StandardSchemaV1 = StandardSchemaV1<unknown>,
>(options: ToolDefinition<Input, Output>): Tool {
  const {
    name,
    description,
    input,
    output,
    readOnly,
    idempotent = readOnly,
    sql,
    approval,
    run,
    revert,
  } = options
  if (typeof name !== 'string' || !NAME.test(name) || RESERVED_NAMES.has(name)) {
    throw new ConfigurationError(
      'The name of a tool has 1 to 64 letters, digits, _, - or . and is not a name every object has',
    )
  }
  const unknown = Object.keys(options).find((key) => !KNOWN_OPTIONS.has(key))
  if (unknown !== undefined) {
    throw new ConfigurationError(`Tool ${name}: there is no option named ${unknown}`)
  }
  requireOption(name, 'description', isText(description), 'says what the tool does')
  requireOption(name, 'readOnly', typeof readOnly === 'boolean', 'is true or false, never left out')
  requireOption(name, 'idempotent', typeof idempotent === 'boolean', 'is true or false')
  requireOption(name, 'run', typeof run === 'function', 'is the function to call')
  requireOption(
    name,
    'revert',
    revert === undefined || (typeof revert === 'function' && !readOnly),
    'is a function, and only for a tool that is not readOnly',
  )
  checkToolApproval({ name, readOnly }, approval)

  return Object.freeze({
    name,
    description,
    input: toToolSchema(input, {
      toolName: name,
      direction: 'input',
      jsonSchema: options.inputJsonSchema,
    }),
    ...(output === undefined
      ? {}
      : {
          output: toToolSchema(output, {
            toolName: name,
            direction: 'output',
            jsonSchema: options.outputJsonSchema,
          }),
        }),
    readOnly,
    idempotent,
    ...(approval === undefined ? {} : { approval }),
    ...(sql === undefined ? {} : { sql }),
    // The gate hands over what `input` answered, so the value is what the schema infers.
    run: async (argument, context) =>
      run.call(options, argument as StandardSchemaV1.InferOutput<Input>, context),
    ...(revert === undefined
      ? {}
      : {
          revert: async (argument, answer, context) =>
            revert.call(
              options,
              argument as StandardSchemaV1.InferOutput<Input>,
              answer as StandardSchemaV1.InferOutput<Output>,
              context,
            ),
        }),
  } satisfies Tool)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== ''
}

function requireOption(tool: string, option: string, isRight: boolean, rule: string): void {
  if (!isRight) throw new ConfigurationError(`Tool ${tool}: ${option} ${rule}`)
}
