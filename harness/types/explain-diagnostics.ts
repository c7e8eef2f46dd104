import type { Finding } from '../verdict.ts'
import type { Diagnostic } from './diagnostic.ts'
import { explainAnswer } from './explain-answer.ts'
import { explainArgument, type ReadingContext } from './explain-argument.ts'
import type { ToolTypes } from './tool-types.ts'
import type { CheckedProgram } from './type-checker.ts'
import type { Explanation, TypeFinding } from './type-finding.ts'

/** Findings of one program that are kept: what a model can mend at once. */
const MAX_FINDINGS = 20
const MAX_EXPLAINED = 200
const MAX_MESSAGE = 300

// `return` and `await` stand at the top of a program, so it is checked as what it runs as: the body of an
// async function. The opening is a line of its own.
const OPENING = 'async function program() {\n'
const CLOSING = '\n}\n'

/** The file that is checked for a program. */
export function checkedText(source: string): string {
  // Of the same length, so that nothing moves; a rule reports it.
  const runnable = source.startsWith('#!') ? `//${source.slice(2)}` : source
  return OPENING + runnable + CLOSING
}

/**
 * Keeps of TypeScript's diagnostics what is surely wrong with the use of a tool or of a promise. Programs
 * are loosely typed and right: most of what a type checker says about them is about taste.
 */
export function explainDiagnostics(
  diagnostics: readonly Diagnostic[],
  program: CheckedProgram,
  types: ToolTypes,
): readonly TypeFinding[] {
  const context: ReadingContext = { text: checkedText(program.source), types }
  const positionAt = positionsOf(program.source)
  const known = new Set(program.findings.filter(saysTheSame).map(({ line }) => line))
  const findings: TypeFinding[] = []
  const seen = new Set<string>()
  for (const diagnostic of diagnostics.slice(0, MAX_EXPLAINED)) {
    const explanation = explainArgument(diagnostic, context) ?? explainAnswer(diagnostic, context)
    if (explanation === null) continue
    const position = positionAt(diagnostic.start - OPENING.length)
    if (isKnownKind(explanation) && known.has(position.line)) continue
    const key = `${position.line} ${explanation.message}`
    if (seen.has(key)) continue
    seen.add(key)
    findings.push(toFinding(explanation, `TS${diagnostic.code}`, position))
    if (findings.length === MAX_FINDINGS) break
  }
  return findings
}

function toFinding(
  { ruleId, message, hint }: Explanation,
  reasonCode: string,
  position: { readonly line: number; readonly column: number },
): TypeFinding {
  return {
    ruleId,
    source: 'types',
    severity: 'warning',
    repairable: true,
    message: shorten(message),
    hint: shorten(hint),
    reasonCode,
    ...position,
  }
}

/** Static analysis reads the same mistake off the syntax, where it can. */
function saysTheSame({ ruleId }: Finding): boolean {
  return ruleId === 'no-unknown-tool' || ruleId === 'no-unawaited-tool-call'
}

function isKnownKind({ ruleId }: Explanation): boolean {
  return ruleId === 'types/unknown-tool' || ruleId === 'types/missing-await'
}

function positionsOf(source: string): (offset: number) => { line: number; column: number } {
  const starts = [0]
  // The line terminators of ECMAScript, as parsers count lines.
  for (const match of source.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) {
    starts.push(match.index + match[0].length)
  }
  return (offset) => {
    const at = Math.min(Math.max(offset, 0), source.length)
    const after = starts.findIndex((start) => start > at)
    const line = after === -1 ? starts.length : after
    return { line, column: at - (starts[line - 1] ?? 0) + 1 }
  }
}

function shorten(text: string): string {
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE - 1)}…` : text
}
