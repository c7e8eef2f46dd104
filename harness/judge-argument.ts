import type { JsonValue } from './json-value.ts'
import { evaluateToolCallPolicies } from './policy/evaluate-policies.ts'
import type { Policy, PolicyContext } from './policy/policy.ts'
import type { Tool } from './sandbox/tool-host.ts'
import type { Finding } from './verdict.ts'

/** What the gates say of an argument as of now. */
export type ArgumentJudgement =
  /** What would reach the tool, its schema's defaults filled in. */
  | { readonly kind: 'passed'; readonly argument: JsonValue }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] }
  | { readonly kind: 'denied'; readonly violations: readonly Finding[] }

/**
 * Judges an argument that a person wants a call to have: by the tool's schema, and by every policy. The tool
 * gate judges the same again when the call leaves.
 */
export async function judgeArgument(
  call: { readonly tool: Tool; readonly argument: JsonValue },
  policies: readonly Policy[],
  context: PolicyContext,
): Promise<ArgumentJudgement> {
  const { tool } = call
  const checked = await tool.input.validate(call.argument)
  if (!checked.ok) return { kind: 'invalid', problems: checked.problems }
  const argument = checked.value
  const findings = await evaluateToolCallPolicies(policies, { tool, argument }, context)
  const violations = findings.filter(({ severity }) => severity === 'violation')
  return violations.length > 0 ? { kind: 'denied', violations } : { kind: 'passed', argument }
}
