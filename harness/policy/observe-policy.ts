import type { Policy } from './policy.ts'

/**
 * Puts any policy in mode `observe`: what it would deny is on record as a warning, and nothing that it
 * limits is limited. For trying a policy on real runs before it decides about them.
 *
 * @example
 * ```ts
 * const trial = observePolicy(new DataPolicy({ readableTables: ['orders'] }))
 * ```
 */
export function observePolicy(policy: Policy): Policy {
  return {
    name: policy.name,
    mode: 'observe',
    evaluateProgram: async (program, context) =>
      (await policy.evaluateProgram?.(program, context)) ?? [],
    evaluateToolCall: async (call, context) =>
      (await policy.evaluateToolCall?.(call, context)) ?? [],
    close: async () => policy.close?.(),
  }
}
