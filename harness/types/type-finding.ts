import type { Finding } from '../verdict.ts'

/** What the type check found, named by what is wrong. */
export type TypeRuleId =
  | 'types/missing-await'
  | 'types/tool-argument'
  | 'types/tool-answer'
  | 'types/unknown-tool'
  | 'types/not-checked'

/** A finding of the type check: always a warning, and a model can mend what it is about. */
export interface TypeFinding extends Finding {
  readonly ruleId: TypeRuleId
  readonly severity: 'warning'
  /** Whether another version of the program can do without the finding. */
  readonly repairable: boolean
}

/** What a diagnostic comes to, before it has a place in the author's text. */
export interface Explanation {
  readonly ruleId: TypeRuleId
  readonly message: string
  readonly hint: string
}
