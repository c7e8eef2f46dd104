import { readFile } from 'node:fs/promises'
import {
  AgenticError,
  ConfigurationError,
  DEFAULT_LIMITS,
  findTypeScript,
  judgeProgram,
  type Policy,
  ProgramReader,
  type Tool,
  TypeScriptChecker,
} from '../../harness/index.ts'
import {
  CHECK_HELP,
  type CheckArguments,
  languageOf,
  readCheckArguments,
  UsageError,
} from './check-arguments.ts'
import { jsonReport } from './check-json.ts'
import { loadPolicies, loadTools } from './check-modules.ts'
import { sarifReport } from './check-sarif.ts'
import { textReport } from './check-text.ts'
import { type CheckedFile, type CheckReport, verdictOf } from './check-verdict.ts'

/** Far above any program that the gates let through. */
const MAX_INPUT_BYTES = 16 * 1_048_576

const FORMATS = { text: textReport, json: jsonReport, sarif: sarifReport } as const

/**
 * Judges programs as a run would, without running them, and prints what was found.
 *
 * @param args - What stands behind `airlock check`.
 * @returns The exit code: 0 when all are allowed, 1 when one is denied, 2 when something else is wrong.
 */
export async function check(args: readonly string[]): Promise<number> {
  let options: CheckArguments | 'help'
  try {
    options = readCheckArguments(args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message}\n\n${CHECK_HELP}`)
    return 2
  }
  if (options === 'help') {
    console.log(CHECK_HELP)
    return 0
  }
  try {
    const report = await judgeFiles(options)
    process.stdout.write(FORMATS[options.format](report))
    return report.files.some(({ decision }) => decision === 'deny') ? 1 : 0
  } catch (error) {
    if (!(error instanceof AgenticError)) throw error
    console.error(`${error.code}: ${error.message}`)
    return 2
  }
}

async function judgeFiles(options: CheckArguments): Promise<CheckReport> {
  const { toolsModule, policyModule } = options
  const tools = toolsModule === null ? [] : await loadTools(toolsModule)
  const policies = policyModule === null ? [] : await loadPolicies(policyModule)
  const texts = []
  for (const file of options.files) texts.push(await readText(file))
  const reader = new ProgramReader()
  const types = openTypes(options.checksTypes)
  try {
    const files: CheckedFile[] = []
    for (const text of texts) {
      const granted = { tools, policies, language: options.language ?? languageOf(text.file) }
      files.push(await judgeText(text, granted, { reader, ...types.means }))
    }
    return { files, types: types.facts }
  } finally {
    await reader.close()
    await types.means.typeChecker?.close()
    await Promise.all([...tools, ...policies].map((owner) => owner.close?.()))
  }
}

interface Granted {
  readonly tools: readonly Tool[]
  readonly policies: readonly Policy[]
  readonly language: 'ts' | 'js'
}

interface Means {
  readonly reader: ProgramReader
  readonly typeChecker?: TypeScriptChecker
}

async function judgeText(text: Text, granted: Granted, means: Means): Promise<CheckedFile> {
  const request = {
    runId: 'check',
    endpoint: 'check',
    entrance: 'intent',
    source: text.source,
    intentAction: 'read',
    requester: null,
    limits: DEFAULT_LIMITS,
    ...granted,
  } as const
  const ended = AbortSignal.timeout(DEFAULT_LIMITS.timeoutMs)
  return verdictOf(text, await judgeProgram(request, { ...means, ended }))
}

function openTypes(isWanted: boolean): {
  readonly means: Pick<Means, 'typeChecker'>
  readonly facts: CheckReport['types']
} {
  if (!isWanted) return { means: {}, facts: { off: '--no-types' } }
  const installation = findTypeScript()
  if (!installation.isFound) return { means: {}, facts: { off: installation.reason } }
  const typeChecker = new TypeScriptChecker({}, installation)
  return { means: { typeChecker }, facts: { version: installation.version } }
}

interface Text {
  readonly file: string
  readonly source: string
}

async function readText(file: string): Promise<Text> {
  try {
    if (file === '-') return { file: '<stdin>', source: await readStandardInput() }
    const bytes = await readFile(file)
    if (bytes.length > MAX_INPUT_BYTES) throw new ConfigurationError('It is too large')
    return { file, source: bytes.toString('utf8') }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigurationError(`${file} cannot be read: ${reason}`, { cause })
  }
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MAX_INPUT_BYTES) throw new ConfigurationError('It is too large')
  }
  return Buffer.concat(chunks).toString('utf8')
}
