import type * as t from '@babel/types'
import type { Finding } from '../verdict.ts'
import type { ProgramView } from './program-view.ts'

/** One static check. A rule reads, and says what it found; it decides nothing and changes nothing. */
export interface Rule {
  /** Kebab-case, named by what it forbids, and the name of its file. */
  readonly id: string
  check(program: ProgramView): readonly Finding[]
}

/** What a rule says of one place. */
export interface RuleMessage {
  readonly message: string
  readonly hint: string
  /** Default `violation`. */
  readonly severity?: Finding['severity']
}

/** A finding at a node, with the position in the author's text. */
export function findingAt(
  program: ProgramView,
  ruleId: string,
  node: t.Node | { readonly start?: number | null },
  { message, hint, severity = 'violation' }: RuleMessage,
): Finding {
  return { ruleId, source: 'analysis', severity, message, hint, ...program.at(node) }
}
