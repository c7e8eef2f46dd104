import type { SourcePosition } from '../../program.ts'
import type { Tool } from '../../sandbox/tool-host.ts'
import type { Finding } from '../../verdict.ts'
import { describeTouch } from './describe-touch.ts'
import type { SqlReading, SqlReasonCode, SqlTouch } from './sql-verdict.ts'

/** What `DataPolicy` has against a statement, with what the statement touches. */
export interface SqlFinding extends Finding {
  /** Absent when the statement could not be read. */
  readonly statement?: SqlTouch
}

/** Why a call with a statement that is itself allowed is denied. */
export type SqlCallReason = 'write-through-read-only-tool' | 'write-in-read-run'

const MAX_FINDINGS = 8

const HINTS: Readonly<Partial<Record<SqlReasonCode, string>>> = {
  'too-complex': 'Write a shorter or flatter statement',
  unparseable: 'Write one plain statement of the dialect and qualify every column with its table',
  'multi-statement': 'Call the tool once per statement',
  ddl: 'Read or change rows; tables stay as they are',
  'table-not-readable': 'Use the tables that the tool describes',
  'table-not-writable': 'Only read this table',
  'row-filter': 'Read the table by its bare name; your rows are the only ones in it',
  'dangerous-function': 'Use common SQL functions, or compute the value in the program',
  'column-restricted': 'Leave the column out and name the columns that are needed, without *',
}

/** One finding for each objection to a statement, the most severe first. */
function objectionFindings(
  { objections, touched }: SqlReading,
  position?: SourcePosition,
): SqlFinding[] {
  const shown = objections.slice(0, MAX_FINDINGS).map(({ reasonCode, message }) => {
    return sqlFinding({ reasonCode, message, touched, position })
  })
  const [first] = objections
  const left = objections.length - shown.length
  if (first === undefined || left === 0) return shown
  const message = `The statement has ${left} further problems`
  return [...shown, sqlFinding({ reasonCode: first.reasonCode, message, touched, position })]
}

/** The findings over a statement that a tool would run. */
export function statementFindings(
  reading: SqlReading,
  tool: Tool,
  position?: SourcePosition,
): SqlFinding[] {
  if (reading.verdict.decision === 'deny') return objectionFindings(reading, position)
  if (reading.verdict.action === 'read' || !tool.readOnly) return []
  const message = `Tool "${tool.name}" is read-only, but the statement ${describeTouch(reading.touched)}`
  const { touched } = reading
  return [sqlFinding({ reasonCode: 'write-through-read-only-tool', message, touched, position })]
}

/** One finding. */
export function sqlFinding(parts: {
  readonly reasonCode: SqlReasonCode | SqlCallReason
  readonly message: string
  readonly touched?: SqlTouch | undefined
  readonly position?: SourcePosition | undefined
}): SqlFinding {
  const { reasonCode, message, touched, position } = parts
  const hint = HINTS[reasonCode as SqlReasonCode]
  const isKnown = touched !== undefined && describeTouch(touched) !== ''
  return {
    ruleId: 'sql-policy',
    source: 'DataPolicy',
    severity: 'violation',
    message,
    reasonCode,
    ...(hint === undefined ? {} : { hint }),
    ...(position === undefined ? {} : { line: position.line, column: position.column }),
    ...(isKnown ? { statement: touched } : {}),
  }
}
