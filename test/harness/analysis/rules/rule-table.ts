import { describe, expect, it } from 'vitest'
import { deniedBy, type ReadOptions, violations } from '../read-for-test.ts'

/** Programs by what they are, some denied by a rule, some that it must let through. */
export interface RuleTable {
  readonly denied: Readonly<Record<string, string>>
  readonly allowed: Readonly<Record<string, string>>
  readonly options?: ReadOptions
}

/** One test per program: denied by this rule with a hint and a place, or not denied by any. */
export function testRule(ruleId: string, { denied, allowed, options = {} }: RuleTable): void {
  describe(ruleId, () => {
    it.each(Object.entries(denied))('denies %s', (_name, source) => {
      const found = violations(source, options).find((finding) => finding.ruleId === ruleId)
      expect(found).toMatchObject({ source: 'analysis', severity: 'violation' })
      expect(found?.hint).toBeTruthy()
      expect(found?.line).toBeGreaterThan(0)
      expect(found?.column).toBeGreaterThan(0)
    })

    it.each(Object.entries(allowed))('allows %s', (_name, source) => {
      expect(deniedBy(source, options)).toEqual([])
    })
  })
}
