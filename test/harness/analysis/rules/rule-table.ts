import { describe, expect, it } from 'vitest'
import { deniedBy, type ReadOptions, read, violations } from '../read-for-test.ts'

/** Programs by what they are: denied by a rule, on record by it, or of no interest to it. */
export interface RuleTable {
  readonly denied?: Readonly<Record<string, string>>
  /** Not denied by any rule, with a warning of this one. */
  readonly warned?: Readonly<Record<string, string>>
  readonly allowed: Readonly<Record<string, string>>
  readonly options?: ReadOptions
}

/** One test per program: reported by this rule with a hint and a place, or left alone by it and not denied. */
export function testRule(ruleId: string, table: RuleTable): void {
  const { denied = {}, warned = {}, allowed, options = {} } = table
  describe(ruleId, () => {
    for (const [name, source] of Object.entries(denied)) {
      it(`denies ${name}`, () => {
        const found = violations(source, options).find((finding) => finding.ruleId === ruleId)
        expect(found).toMatchObject({ source: 'analysis', severity: 'violation' })
        expect(found?.hint).toBeTruthy()
        expect(found?.line).toBeGreaterThan(0)
        expect(found?.column).toBeGreaterThan(0)
      })
    }

    for (const [name, source] of Object.entries(warned)) {
      it(`warns of ${name}`, () => {
        const found = read(source, options).findings.find((finding) => finding.ruleId === ruleId)
        expect(found).toMatchObject({ source: 'analysis', severity: 'warning' })
        expect(deniedBy(source, options)).toEqual([])
      })
    }

    for (const [name, source] of Object.entries(allowed)) {
      it(`allows ${name}`, () => {
        const found = read(source, options).findings.filter((finding) => finding.ruleId === ruleId)
        expect(found).toEqual([])
        expect(deniedBy(source, options)).toEqual([])
      })
    }
  })
}
