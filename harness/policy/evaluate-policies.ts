import type { Program } from '../program.ts'
import type { Finding } from '../verdict.ts'
import type { Policy, PolicyContext, PolicyToolCall } from './policy.ts'

/**
 * Asks every policy about a program, all of them even if one denies, so that an author learns everything
 * at once. A policy that fails denies.
 */
export function evaluateProgramPolicies(
  policies: readonly Policy[],
  program: Program,
  context: PolicyContext,
): Promise<readonly Finding[]> {
  return evaluate(policies, (policy) => policy.evaluateProgram?.(program, context))
}

/** Asks every policy about one tool call with its real argument. A policy that fails denies. */
export function evaluateToolCallPolicies(
  policies: readonly Policy[],
  call: PolicyToolCall,
  context: PolicyContext,
): Promise<readonly Finding[]> {
  return evaluate(policies, (policy) => policy.evaluateToolCall?.(call, context))
}

type Answer = readonly Finding[] | Promise<readonly Finding[]> | undefined

async function evaluate(
  policies: readonly Policy[],
  ask: (policy: Policy) => Answer,
): Promise<readonly Finding[]> {
  const answers = await Promise.all(
    policies.map(async (policy): Promise<readonly Finding[]> => {
      try {
        const findings = (await ask(policy)) ?? []
        return findings.every(isFinding) ? findings : [failed(policy)]
      } catch {
        // What a policy throws may name hosts, files or data of others; the author learns that it failed.
        return [failed(policy)]
      }
    }),
  )
  return answers.flat()
}

/** A user's policy is code we do not know: an answer that nobody can read must not count as consent. */
function isFinding(finding: Finding): boolean {
  return finding.severity === 'violation' || finding.severity === 'warning'
}

function failed(policy: Policy): Finding {
  return {
    ruleId: 'policy-failed',
    source: policy.name,
    severity: 'violation',
    message: `The policy "${policy.name}" could not decide, so the answer is no`,
  }
}
