import { describePlan } from '../../harness/index.ts'
import type { CheckReport } from './check-verdict.ts'
import { packageVersion } from './package-version.ts'

/** The report for other programs. */
export function jsonReport({ files, types }: CheckReport): string {
  const report = {
    airlock: packageVersion(),
    types,
    files: files.map(({ file, decision, action, findings, plan }) => ({
      file,
      decision,
      action: action ?? null,
      findings,
      plan: plan === undefined ? null : { ...plan, inWords: describePlan(plan) },
    })),
  }
  return `${JSON.stringify(report, null, 2)}\n`
}
