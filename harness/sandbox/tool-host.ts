import type { ApprovalRule } from '../approval/approval-rule.ts'
import type { JsonObject, JsonValue } from '../json-value.ts'

/** What a schema says of a value: the value to go on with, or every problem in plain words. */
export type SchemaAnswer =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly problems: readonly string[] }

/** A checked shape: for the model as JSON Schema, at the gate as a function. */
export interface ToolSchema {
  readonly jsonSchema: JsonObject
  validate(value: JsonValue): SchemaAnswer | Promise<SchemaAnswer>
}

/** What a tool's function is told beside its argument. */
export interface ToolContext {
  readonly runId: string
  /** The place of the call among those of its run, from 0. */
  readonly seq: number
  readonly requester: { readonly userId: string; readonly tenantId?: string } | null
  /** Equal for every attempt at the same call: pass it on to whatever must not happen twice. */
  readonly idempotencyKey: string
  /** Aborted when the run ends before the call does. */
  readonly signal: AbortSignal
  /** Most rows a tool that answers with rows may return, when a policy says so. */
  readonly maxResultRows?: number
}

/** A host function that a program may call by name. */
export interface Tool {
  readonly name: string
  readonly description: string
  readonly input: ToolSchema
  readonly output?: ToolSchema
  /** The host's word that a call changes nothing. */
  readonly readOnly: boolean
  /** The host's word that a repeated call with the same idempotency key has no further effect. */
  readonly idempotent: boolean
  /**
   * Holds calls for a person wherever the tool is granted: each one, for role `admin`, or those that a rule
   * of its own names. Adds to the rules of the endpoint.
   */
  readonly approval?: 'always' | ApprovalRule
  /** Set when one property of the argument is an SQL statement: what `DataPolicy` judges. */
  readonly sql?: SqlDeclaration
  run(argument: JsonValue, context: ToolContext): Promise<unknown>
  /**
   * Undoes a completed call. `idempotent` is the host's word for this as well. Without it a call cannot be
   * undone, and a rollback says so before it begins.
   *
   * @param argument - What had reached the tool.
   * @param answer - What it had answered.
   */
  revert?(argument: JsonValue, answer: JsonValue, context: ToolContext): Promise<unknown>
  /** Ends whatever the tool keeps running; called when the app closes. */
  close?(): Promise<void>
}

/** Where in a tool's argument its SQL is. */
export interface SqlDeclaration {
  readonly dialect: SqlDialect
  /** The property that holds the statement. */
  readonly argument: string
  /**
   * The property that holds bound values, a list or an object: where row filters bind theirs. Without it a
   * call that a row filter concerns is denied.
   */
  readonly parameters?: string
}

/** The SQL dialects that can be judged. */
export type SqlDialect = 'postgresql' | 'mysql' | 'sqlite'
