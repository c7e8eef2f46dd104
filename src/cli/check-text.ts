import { styleText } from 'node:util'
import { describePlan, type Finding } from '../../harness/index.ts'
import type { CheckedFile, CheckReport } from './check-verdict.ts'

const LINES_AROUND = 2
const MAX_WIDTH = 100

/** The report for a terminal. Colours only where the standard output is one and `NO_COLOR` is not set. */
export function textReport(report: CheckReport): string {
  return [...report.files.map(describeFile), summary(report)].join('\n')
}

function describeFile(checked: CheckedFile): string {
  const { file, source, decision, findings, plan } = checked
  const verdict = decision === 'allow' ? paint('green', 'allowed') : paint('red', 'denied')
  const lines = source.trimEnd().split(/\r\n|[\n\r\u2028\u2029]/)
  const blocks = [
    [`${paint('bold', visible(file))}  ${verdict}`],
    ...findings.map((finding) => describeFinding(file, lines, finding)),
    ...(plan === undefined ? [] : [describePlan(plan).map((line) => `  ${visible(line)}`)]),
  ]
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`
}

function describeFinding(file: string, lines: readonly string[], finding: Finding): string[] {
  const { ruleId, severity, message, hint, line, column = 1 } = finding
  const place = line === undefined ? file : `${file}:${line}:${column}`
  const kind = paint(severity === 'violation' ? 'red' : 'yellow', severity)
  return [
    `  ${visible(place)}  ${kind}  ${paint('dim', visible(ruleId))}`,
    `  ${visible(message)}`,
    ...(hint === undefined ? [] : [`  ${visible(hint)}`]),
    ...(line === undefined ? [] : ['', ...codeFrame(lines, line, column)]),
  ]
}

/** The lines around a place, with a mark under it. */
function codeFrame(lines: readonly string[], line: number, column: number): string[] {
  const first = Math.max(1, line - LINES_AROUND)
  const last = Math.min(lines.length, line + LINES_AROUND)
  const width = String(last).length
  // A line of a minified program is shown around the place alone.
  const from = column > MAX_WIDTH - 20 ? column - 1 - MAX_WIDTH / 2 : 0
  const frame: string[] = []
  for (let number = first; number <= last; number += 1) {
    const text = visible((lines[number - 1] ?? '').slice(from, from + MAX_WIDTH))
    const isHere = number === line
    const gutter = `${isHere ? '>' : ' '} ${String(number).padStart(width)} |`
    frame.push(`  ${paint('dim', gutter)} ${text}`.trimEnd())
    if (!isHere) continue
    const before = visible((lines[number - 1] ?? '').slice(from, column - 1))
    const mark = ' '.repeat([...before].length)
    frame.push(`  ${paint('dim', `  ${' '.repeat(width)} |`)} ${mark}${paint('red', '^')}`)
  }
  return frame
}

function summary({ files, types }: CheckReport): string {
  const denied = files.filter(({ decision }) => decision === 'deny').length
  const findings = files.flatMap((file) => file.findings)
  const violations = findings.filter(({ severity }) => severity === 'violation').length
  const warnings = findings.length - violations
  const parts = [
    `${files.length - denied} allowed, ${denied} denied`,
    `${count(violations, 'violation')}, ${count(warnings, 'warning')}`,
    'version' in types ? `types by TypeScript ${types.version}` : `types not checked: ${types.off}`,
  ]
  return `${parts.join('; ')}\n`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

/** Text of a program could move the cursor, or show other text than is there. */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character === '\t' ? ' ' : '\u{FFFD}',
  )
}

function paint(format: 'bold' | 'dim' | 'red' | 'green' | 'yellow', text: string): string {
  return styleText(format, text, { stream: process.stdout })
}
