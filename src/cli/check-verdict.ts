import type { Action, CapabilityPlan, Finding, Judgement } from '../../harness/index.ts'

/** What the gates said of one file. */
export interface CheckedFile {
  /** The path as it was given; `<stdin>` for the standard input. */
  readonly file: string
  readonly source: string
  readonly decision: 'allow' | 'deny'
  /** In source order. */
  readonly findings: readonly Finding[]
  /** What a run of the program would be; absent when the text is no program. */
  readonly action?: Action
  /** What the program can reach; only for those that are allowed. */
  readonly plan?: CapabilityPlan
}

/** What was checked, with what. */
export interface CheckReport {
  readonly files: readonly CheckedFile[]
  /** The version of the compiler that checked the types, or why none did. */
  readonly types: { readonly version: string } | { readonly off: string }
}

/** The verdict on one file. */
export function verdictOf(
  { file, source }: { readonly file: string; readonly source: string },
  judgement: Judgement,
): CheckedFile {
  switch (judgement.kind) {
    case 'admitted': {
      const { findings, action, plan } = judgement
      return { file, source, decision: 'allow', findings, action, plan }
    }
    case 'denied': {
      const { findings, action } = judgement
      return { file, source, decision: 'deny', findings, action }
    }
    case 'unreadable':
      return { file, source, decision: 'deny', findings: judgement.findings }
    case 'late':
      return { file, source, decision: 'deny', findings: [TOO_LATE], action: judgement.action }
    case 'cancelled':
    case 'diverged':
      // Nothing asks for either here.
      return { file, source, decision: 'deny', findings: [TOO_LATE] }
  }
}

const TOO_LATE: Finding = {
  ruleId: 'policy-failed',
  source: 'check',
  severity: 'violation',
  message: 'The policies did not decide in time, so the answer is no',
}
