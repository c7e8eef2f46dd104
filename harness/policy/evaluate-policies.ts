import type { Program, PureModule } from '../program.ts'
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

/**
 * The modules that programs may import under these policies: what at least one allows and none that has a
 * list leaves out. Two texts under one name are none.
 */
export function allowedModules(policies: readonly Policy[]): readonly PureModule[] {
  const lists = policies
    .filter(({ mode }) => mode !== 'observe')
    .flatMap(({ modules }) => (modules === undefined ? [] : [modules]))
  const [first, ...others] = lists
  return (first ?? []).filter(({ name, code }) =>
    others.every((list) => list.some((module) => module.name === name && module.code === code)),
  )
}

type Answer = readonly Finding[] | Promise<readonly Finding[]> | undefined

async function evaluate(
  policies: readonly Policy[],
  ask: (policy: Policy) => Answer,
): Promise<readonly Finding[]> {
  const answers = await Promise.all(
    policies.map(async (policy): Promise<readonly Finding[]> => {
      const findings = await answerOf(policy, ask)
      return policy.mode === 'observe' ? findings.map(observed) : findings
    }),
  )
  return answers.flat()
}

async function answerOf(
  policy: Policy,
  ask: (policy: Policy) => Answer,
): Promise<readonly Finding[]> {
  try {
    const findings = (await ask(policy)) ?? []
    return findings.every(isFinding) ? findings : [failed(policy)]
  } catch {
    // What a policy throws may name hosts, files or data of others; the author learns that it failed.
    return [failed(policy)]
  }
}

/** What a policy in mode `observe` would have denied: on record, with the original message. */
export interface ObservedFinding extends Finding {
  readonly severity: 'warning'
  readonly isObserved: true
}

function observed(finding: Finding): Finding | ObservedFinding {
  if (finding.severity !== 'violation') return finding
  const message = `Would be denied: ${finding.message}`
  return { ...finding, severity: 'warning', message, isObserved: true }
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
