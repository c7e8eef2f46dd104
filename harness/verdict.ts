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
  const ordered = [...findings].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  )
  const denied = ordered.some((finding) => finding.severity === 'violation')
  return { decision: denied ? 'deny' : 'allow', findings: ordered }
}
