import { extname } from 'node:path'
import { parseArgs } from 'node:util'
import type { ProgramLanguage } from '../../harness/index.ts'

/** What `airlock check` is asked to do. */
export interface CheckArguments {
  /** Paths as they were given; `-` is the standard input. Never empty. */
  readonly files: readonly string[]
  readonly toolsModule: string | null
  readonly policyModule: string | null
  readonly format: 'text' | 'json' | 'sarif'
  /** Whether types are checked, where TypeScript is installed. */
  readonly checksTypes: boolean
  /** Overrides what the ending of a file says. */
  readonly language: ProgramLanguage | null
}

/** The words for `airlock check --help`. */
export const CHECK_HELP = `airlock check: says what the gates would say of a program, without running it

  airlock check <file>... [--tools <module>] [--policy <module>] [--json | --sarif]

  <file>               a program in TypeScript or JavaScript; - reads the standard input
  --tools <module>     a module that exports the granted tools: \`tools\` or the default export, an array
                       or a record; or each tool by itself. Without it no tool is granted
  --policy <module>    a module that exports the policies: \`policies\` or the default export, an array or
                       a record; or each policy by itself. Without it no policy applies
  --json               the verdict as JSON
  --sarif              the verdict as SARIF 2.1.0, for CI and editors
  --language ts|js     what the program is written in. Default: what the file's ending says, else ts
  --no-types           leaves out the type check

Exit codes: 0 every program is allowed, 1 one is denied, 2 the command line, a file or a module is wrong.
The two modules are code of yours and are run; the programs are only read.
`

/** The command line is not understood. The message says why. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

/**
 * Reads the arguments behind \`airlock check\`.
 *
 * @returns `'help'` when only the help is wanted.
 * @throws {UsageError} They are not understood.
 */
export function readCheckArguments(args: readonly string[]): CheckArguments | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  if (positionals.length === 0) throw new UsageError('There is no file to check')
  if (values.json && values.sarif) throw new UsageError('--json and --sarif exclude each other')
  const { language } = values
  if (language !== undefined && language !== 'ts' && language !== 'js') {
    throw new UsageError('--language is ts or js')
  }
  return {
    files: positionals,
    toolsModule: values.tools ?? null,
    policyModule: values.policy ?? null,
    format: values.json ? 'json' : values.sarif ? 'sarif' : 'text',
    checksTypes: values['no-types'] !== true,
    language: language ?? null,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        tools: { type: 'string' },
        policy: { type: 'string' },
        json: { type: 'boolean', default: false },
        sarif: { type: 'boolean', default: false },
        language: { type: 'string' },
        'no-types': { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** The language of a file, by its ending. */
export function languageOf(file: string): ProgramLanguage {
  return ['.js', '.mjs', '.cjs'].includes(extname(file)) ? 'js' : 'ts'
}
