import { type ProgramAnswer, readAnswer } from '../../../harness/parsing/program-message.ts'
import { readProgram } from '../../../harness/parsing/read-program.ts'
import type { ProgramLanguage, PureModule } from '../../../harness/program.ts'
import type { Finding } from '../../../harness/verdict.ts'

const TOOLS = ['sql', 'list_tickets', 'get-weather']

/** How a text is read in a test. */
export interface ReadOptions {
  readonly language?: ProgramLanguage
  readonly toolNames?: readonly string[]
  readonly modules?: readonly PureModule[]
}

/** Reads a program in this process, as the child does, over the same JSON. */
export function read(source: string, options: ReadOptions = {}): ProgramAnswer {
  const { language = 'js', toolNames = TOOLS, modules = [] } = options
  const answer = readProgram({ source, language, toolNames, modules, skipRules: false })
  const received = readAnswer(JSON.parse(JSON.stringify(answer)))
  if (received === null) throw new TypeError('The answer must have the shape that the host expects')
  return received
}

/** Reads a program that must be one. */
export function readOk(
  source: string,
  options: ReadOptions = {},
): Extract<ProgramAnswer, { ok: true }> {
  const answer = read(source, options)
  if (!answer.ok) throw new Error(answer.findings[0]?.message ?? 'The text is no program')
  return answer
}

/** What denies a program: a syntax error or violations of rules. */
export function violations(source: string, options: ReadOptions = {}): readonly Finding[] {
  return read(source, options).findings.filter(({ severity }) => severity === 'violation')
}

/** The ids of the rules that deny a program, each once. */
export function deniedBy(source: string, options: ReadOptions = {}): readonly string[] {
  return [...new Set(violations(source, options).map(({ ruleId }) => ruleId))]
}
