import type { JsonValue } from '../json-value.ts'
import type { Program, PureModule } from '../program.ts'
import type { Action, Requester } from '../requester.ts'
import type { Tool } from '../sandbox/tool-host.ts'
import type { Finding } from '../verdict.ts'

/** What a policy is told about the run beside the program or the call. */
export interface PolicyContext {
  readonly runId: string
  readonly endpoint: string
  readonly action: Action
  readonly requester: Requester | null
  /** The tools granted to the run, by name. */
  readonly tools: ReadonlyMap<string, Tool>
  /** Aborted when the run's time is over. */
  readonly signal: AbortSignal
}

/** One tool call at the gate, with the argument that would really reach the tool. */
export interface PolicyToolCall {
  readonly tool: Tool
  readonly argument: JsonValue
}

/**
 * What a policy's violations do: `enforce` denies; `observe` puts on record what would have been denied.
 */
export type PolicyMode = 'enforce' | 'observe'

/**
 * A configured judgement over a program and over each of its tool calls. A method that throws denies.
 * Users may write their own; the built-in ones are `CodePolicy`, `DataPolicy`, `ResourcePolicy` and
 * `RuntimePolicy`.
 *
 * @example
 * ```ts
 * const noNightlyRefunds: Policy = {
 *   name: 'no-nightly-refunds',
 *   evaluateToolCall: ({ tool }) =>
 *     tool.name === 'refund' && new Date().getUTCHours() < 6
 *       ? [{ ruleId: 'night', source: 'no-nightly-refunds', severity: 'violation', message: 'No refunds at night' }]
 *       : [],
 * }
 * ```
 */
export interface Policy {
  /** Shown in findings and in the audit record. */
  readonly name: string
  /** Default `enforce`. */
  readonly mode?: PolicyMode
  /**
   * Pure modules that programs may import as far as this policy is concerned. Left out, it has nothing to
   * say about modules. A module is allowed if at least one policy allows it and no other one that has a
   * list leaves it out.
   */
  readonly modules?: readonly PureModule[]
  evaluateProgram?(
    program: Program,
    context: PolicyContext,
  ): readonly Finding[] | Promise<readonly Finding[]>
  evaluateToolCall?(
    call: PolicyToolCall,
    context: PolicyContext,
  ): readonly Finding[] | Promise<readonly Finding[]>
  /** Most rows a tool that answers with rows may return; the smallest of all policies applies. */
  readonly maxResultRows?: number
  /** Ends whatever the policy keeps running. */
  close?(): Promise<void>
}
