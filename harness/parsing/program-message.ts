import type { JsonValue } from '../json-value.ts'
import type { Program, ProgramLanguage, PureModule } from '../program.ts'
import type { Finding } from '../verdict.ts'

/** What the host asks of the parsing child. */
export interface ProgramQuestion {
  readonly source: string
  readonly language: ProgramLanguage
  readonly toolNames: readonly string[]
  /** Modules of the host that the program may import. */
  readonly modules: readonly PureModule[]
  /** True leaves out the rules: facts and positions only. For tests of the layers behind them. */
  readonly skipRules: boolean
}

/** Why a text is no program, or was not read. */
export type ReadFailureCode =
  | 'ERR_PROGRAM_SYNTAX'
  | 'ERR_SANDBOX_LIMIT'
  | 'ERR_SANDBOX_TIMEOUT'
  | 'ERR_OVERLOADED'

/** What the parsing child found out. The host adds the hash, the source and the language. */
export type ProgramAnswer =
  | ({ readonly ok: true } & Pick<Program, 'code' | 'facts' | 'findings' | 'positions'>)
  | {
      readonly ok: false
      readonly code: ReadFailureCode
      readonly findings: readonly Finding[]
    }

/** Text that cannot be read as a program; the child turns it into an answer. */
export class UnreadableProgramError extends Error {
  readonly code: ReadFailureCode
  readonly finding: Finding

  constructor(code: ReadFailureCode, finding: Omit<Finding, 'source' | 'severity'>) {
    super('The text cannot be read as a program')
    this.name = 'UnreadableProgramError'
    this.code = code
    this.finding = { source: 'analysis', severity: 'violation', ...finding }
  }
}

/**
 * Checks the outline of an answer.
 *
 * @returns `null` when the answer does not have the shape that the host relies on.
 */
export function readAnswer(message: JsonValue): ProgramAnswer | null {
  if (!isObject(message) || !Array.isArray(message['findings'])) return null
  const findings = message['findings'] as readonly JsonValue[]
  if (!findings.every(isFinding)) return null
  if (message['ok'] === false && typeof message['code'] === 'string') {
    return message as unknown as ProgramAnswer
  }
  const { code, facts, positions } = message
  const isProgram =
    message['ok'] === true &&
    typeof code === 'string' &&
    isListOfNumbers(positions) &&
    isObject(facts) &&
    Array.isArray(facts['toolUses']) &&
    Array.isArray(facts['imports']) &&
    Array.isArray(facts['codeFromText']) &&
    Array.isArray(facts['resourceHazards']) &&
    ['lineCount', 'nodeCount', 'complexity', 'maxLoopDepth'].every((name) =>
      Number.isSafeInteger(facts[name]),
    )
  return isProgram ? (message as unknown as ProgramAnswer) : null
}

function isObject(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isListOfNumbers(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'number')
}

function isFinding(value: JsonValue): boolean {
  return (
    isObject(value) &&
    typeof value['ruleId'] === 'string' &&
    typeof value['message'] === 'string' &&
    (value['severity'] === 'violation' || value['severity'] === 'warning')
  )
}
