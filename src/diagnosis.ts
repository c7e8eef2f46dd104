import { type ErrorCode, type Finding, type HarnessOutcome, redactText } from '../harness/index.ts'

const MAX_LINES = 10
const MAX_LINE_LENGTH = 500

/** Failures whose program may be asked for again, unless something in them was a denial. */
const MENDABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_PROGRAM_SYNTAX',
  'ERR_PROGRAM_TYPE',
  'ERR_PROGRAM_FAILED',
  'ERR_POLICY_VIOLATION',
  'ERR_TOOL_FAILED',
  'ERR_TOOL_DENIED',
  'ERR_OUTPUT_INVALID',
])

/**
 * What to tell the author of a program that failed, one line for each thing that is wrong: bounded, with
 * secrets removed, not escaped.
 *
 * @returns `null` when the author must not be asked again: the program has not failed, was denied something
 * its caller may not have, or ended for a reason that another program would not change.
 */
export function diagnosisOf(outcome: HarnessOutcome): string | null {
  const { error, findings } = outcome
  if (error === undefined || !isMendable(outcome)) return null
  const inError = new Set(error.findings)
  const beside = findings.filter((finding) => !inError.has(finding) && isAdvice(finding))
  const lines =
    error.findings.length > 0
      ? [...error.findings.map(wordFinding), ...beside.map(wordFinding)]
      : [error.message, ...beside.map(wordFinding)]
  return [...new Set(lines.map(oneLine))].slice(0, MAX_LINES).join('\n')
}

function isMendable({ status, error, findings }: HarnessOutcome): boolean {
  if (status !== 'failed' && status !== 'denied') return false
  if (error === undefined || !MENDABLE.has(error.code)) return false
  const violations = [...findings, ...error.findings].filter(
    ({ severity }) => severity === 'violation',
  )
  // A program may catch a denial and fail by something else: it stays one.
  if (violations.some(({ repairable }) => repairable !== true)) return false
  const isDenial = error.code === 'ERR_TOOL_DENIED' || error.code === 'ERR_POLICY_VIOLATION'
  return !isDenial || violations.length > 0
}

/** Warnings that may well say why the program failed. */
function isAdvice({ repairable, source }: Finding): boolean {
  return repairable === true || source === 'sandbox'
}

function wordFinding({ line, message, hint }: Finding): string {
  const place = line === undefined ? '' : `Line ${line}: `
  return `${place}${message}${hint === undefined ? '' : `. ${hint}`}`
}

function oneLine(text: string): string {
  // Cut first with a margin: redacting takes time, and a secret must not lose its end.
  const line = redactText(text.slice(0, 4 * MAX_LINE_LENGTH)).replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
  return line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH - 1)}…` : line.trim()
}
