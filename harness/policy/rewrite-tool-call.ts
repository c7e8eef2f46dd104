import type { JsonValue } from '../json-value.ts'
import type { Policy, PolicyContext, PolicyToolCall } from './policy.ts'

/** A policy that narrows calls instead of only judging them. */
export interface RewritingPolicy extends Policy {
  /**
   * The argument that reaches the tool in place of the one that was judged. It may only narrow what the call
   * does: it is neither judged nor validated again. Throwing denies.
   */
  rewriteToolCall(call: PolicyToolCall, context: PolicyContext): JsonValue | Promise<JsonValue>
}

/**
 * The argument that may really reach the tool, once every policy has let the call through. Each policy
 * narrows what the one before it made of it.
 *
 * @throws What a policy throws: then the call must not be made.
 */
export async function rewriteToolCall(
  policies: readonly Policy[],
  { tool, argument }: PolicyToolCall,
  context: PolicyContext,
): Promise<JsonValue> {
  let effective = argument
  for (const policy of policies) {
    if (!isRewriting(policy) || policy.mode === 'observe') continue
    effective = await policy.rewriteToolCall({ tool, argument: effective }, context)
  }
  return effective
}

function isRewriting(policy: Policy): policy is RewritingPolicy {
  return 'rewriteToolCall' in policy && typeof policy.rewriteToolCall === 'function'
}
