import type * as t from '@babel/types'
import type { ProgramLanguage, SourcePosition } from '../program.ts'
import type { Finding } from '../verdict.ts'
import type { ProgramView } from './program-view.ts'

/** Findings of one rule that are kept. Whoever has more mends these first. */
const MAX_FINDINGS_PER_RULE = 50

/** Programs that show what a rule does. They are run by the tests and printed in the documentation. */
export interface RuleExamples {
  /** A program that the rule reports. */
  readonly reported: string
  /** One that looks alike, and that no rule reports. */
  readonly allowed: string
  /** What `reported` becomes when its author follows the hint. */
  readonly repaired: string
  /** Default `js`. */
  readonly language?: ProgramLanguage
  /** The limit that the examples are read with, where it is not the usual one. */
  readonly maxProgramBytes?: number
}

/** What is said of a rule wherever it is mentioned. */
export interface RuleDescription {
  /** Kebab-case, named by what it forbids, and the name of its file. */
  readonly id: string
  /** A `violation` denies, a `warning` is on record only. Some places of a rule may be less severe. */
  readonly severity: Finding['severity']
  /** What is reported, in one sentence. */
  readonly reports: string
  /** Why, in one or two sentences. */
  readonly because: string
  /** What the author of a program is told. `{name}` stands for what the program names there. */
  readonly message: string
  /** What to write instead. */
  readonly hint: string
  readonly examples: RuleExamples
}

/** One place that a rule reports, with what it says there differently from elsewhere. */
export interface RulePlace {
  /** The node, or an offset in the text that runs, or a position in the author's text. */
  readonly at: t.Node | { readonly start?: number | null } | SourcePosition
  /** What the program names there; shown if it is short and plain. */
  readonly name?: string | null
  readonly message?: string
  readonly hint?: string
  readonly severity?: Finding['severity']
}

/** One static check. A rule reads, and says where; it decides nothing and changes nothing. */
export interface Rule extends RuleDescription {
  /** The places it reports, worked out one by one, so that a flood of them costs no more than a few. */
  find(program: ProgramView): Iterable<RulePlace>
}

/** What a rule found, with positions in the author's text. */
export function findingsOf(rule: Rule, program: ProgramView): Finding[] {
  const findings: Finding[] = []
  for (const place of rule.find(program)) {
    if (findings.length >= MAX_FINDINGS_PER_RULE) break
    const { line, column } = 'line' in place.at ? place.at : program.at(place.at)
    findings.push({
      ruleId: rule.id,
      source: 'analysis',
      severity: place.severity ?? rule.severity,
      message: named(place.message ?? rule.message, place.name),
      hint: named(place.hint ?? rule.hint, place.name),
      line,
      column,
    })
  }
  return findings
}

/** Where the documentation explains a rule: a page in `docs/` with an anchor. */
export function docsAnchorOf(ruleId: string): string {
  return `rules.md#${ruleId}`
}

/** A name is the program's own text: shown short and in printable characters only. */
function named(template: string, name: string | null | undefined): string {
  if (!template.includes('{name}')) return template
  const isPlain = typeof name === 'string' && /^[\p{L}\p{N}_$@./:#-]{1,60}$/u.test(name)
  const text = template.replaceAll('{name}', isPlain ? `"${name}"` : 'this name')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
