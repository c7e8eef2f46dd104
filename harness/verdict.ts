/** One fact reported by a rule or a policy. A `violation` denies; a `warning` is on record only. */
export interface Finding {
  /** What found it, kebab-case: the id of a rule (`no-eval`) or of a policy's check. */
  readonly ruleId: string
  /** Who asked: `'analysis'`, or the name of the policy. */
  readonly source: string
  readonly severity: 'violation' | 'warning'
  /** What is wrong, for the author of the program. Names the thing; never echoes data or secrets. */
  readonly message: string
  /** What to write instead. */
  readonly hint?: string
  /** Line in the text the author wrote, from 1. Absent when the finding concerns the whole program. */
  readonly line?: number
  /** Column in that line, from 1. */
  readonly column?: number
  /** A more precise machine code, for example a reason code of the SQL policy. */
  readonly reasonCode?: string
  /**
   * Whether another version of the program can do without the finding, so that its author may be asked for
   * one. Never true of what the caller may not have. Default: true for what is wrong with the form of a
   * program, a tool that does not exist and SQL that cannot be read, otherwise false.
   */
  readonly repairable?: boolean
}

/** What the gates decided, with everything they found. */
export interface Verdict {
  readonly decision: 'allow' | 'deny'
  /** In source order. */
  readonly findings: readonly Finding[]
}

/**
 * Turns findings into a decision: one violation denies, whatever else was found.
 *
 * @example
 * ```ts
 * decide([]).decision // 'allow'
 * ```
 */
export function decide(findings: readonly Finding[]): Verdict {
  const ordered = [...markRepairable(findings)].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  )
  const denied = ordered.some((finding) => finding.severity === 'violation')
  return { decision: denied ? 'deny' : 'allow', findings: ordered }
}

/** What a slip of the author's is: nobody is denied anything by it. */
const SLIPS: ReadonlySet<string> = new Set([
  'syntax',
  'empty-program',
  'no-invalid-regex',
  'no-unknown-tool',
])

/** Says of each finding whether it is repairable, where whoever reported it has not said so. */
export function markRepairable(findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => {
    const isSlip =
      (finding.source === 'analysis' && SLIPS.has(finding.ruleId)) ||
      finding.reasonCode === 'unparseable'
    return finding.repairable === undefined && isSlip ? { ...finding, repairable: true } : finding
  })
}
