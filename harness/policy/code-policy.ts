import { ConfigurationError } from '../errors.ts'
import type { Program, ProgramFacts, PureModule, SourcePosition } from '../program.ts'
import type { Finding } from '../verdict.ts'
import type { Policy, PolicyContext, PolicyMode, PolicyToolCall } from './policy.ts'
import { checkPolicyOptions, readNames, readPolicyMode, readSwitch } from './policy-options.ts'

/** What a {@link CodePolicy} allows. */
export interface CodePolicyOptions {
  /** Modules of the host, as `pureModules` gives them. Each becomes part of the programs that import it. */
  readonly modules?: readonly PureModule[]
  /** Which of `modules` programs may import. Default: this policy says nothing of modules. */
  readonly allowedModules?: readonly string[]
  /** Modules that programs may not import, whoever else allows them. */
  readonly deniedModules?: readonly string[]
  /** Only `false` is possible: no program can turn text into code. */
  readonly allowEval?: false
  /** Only `false` is possible: no program can load a module that is chosen at run time. */
  readonly allowDynamicImport?: false
  /** Granted tools that reach the network. Programs never have sockets of their own. */
  readonly networkTools?: readonly string[]
  /** Whether `networkTools` may be called. Default `false`. */
  readonly allowNetwork?: boolean
  /** Whether tools that are not `readOnly` may be called. Default `true`. */
  readonly allowWrites?: boolean
  /** Most lines of a program. Default: no limit of this policy's own. */
  readonly maxLines?: number
  /** Default `'enforce'`. */
  readonly mode?: PolicyMode
}

const OPTIONS = [
  'modules',
  'allowedModules',
  'deniedModules',
  'allowEval',
  'allowDynamicImport',
  'networkTools',
  'allowNetwork',
  'allowWrites',
  'mode',
]

/**
 * Judges what a program is made of and what it may reach: modules, text that becomes code, tools that use
 * the network or write, and the number of lines. Tool calls are judged again at the gate, where a name
 * that was computed is known.
 *
 * @example
 * ```ts
 * new CodePolicy({ maxLines: 300, networkTools: ['get_page'], allowWrites: false })
 * ```
 */
export class CodePolicy implements Policy {
  readonly name: string = 'CodePolicy'
  readonly mode: PolicyMode
  /** The modules that this policy allows. */
  declare readonly modules?: readonly PureModule[]
  readonly #deniedModules: ReadonlySet<string>
  readonly #deniedTools: ReadonlySet<string>
  readonly #allowsWrites: boolean
  readonly #maxLines: number

  /**
   * @throws {ConfigurationError} An option is unknown, allows what nobody can, names a module that is not
   * registered under `modules`.
   */
  constructor(options: CodePolicyOptions = {}) {
    checkPolicyOptions(this.name, options, { counts: ['maxLines'], others: OPTIONS })
    const { modules = [], allowedModules, networkTools = [], deniedModules = [] } = options
    refuseTrue('allowEval', options.allowEval)
    refuseTrue('allowDynamicImport', options.allowDynamicImport)
    if (!Array.isArray(modules) || !modules.every(isPureModule)) {
      throw new ConfigurationError('CodePolicy option "modules" must be what pureModules() gives')
    }
    if (allowedModules !== undefined) {
      const names = readNames(this.name, 'allowedModules', allowedModules)
      this.modules = names.map(
        (name) => modules.find((module) => module.name === name) ?? notRegistered(name),
      )
    }
    const allowsNetwork = readSwitch(this.name, 'allowNetwork', options.allowNetwork ?? false)
    const reaching = readNames(this.name, 'networkTools', networkTools)
    this.#deniedTools = new Set(allowsNetwork ? [] : reaching)
    this.#deniedModules = new Set(readNames(this.name, 'deniedModules', deniedModules))
    this.#allowsWrites = readSwitch(this.name, 'allowWrites', options.allowWrites ?? true)
    this.#maxLines = options.maxLines ?? Number.POSITIVE_INFINITY
    this.mode = readPolicyMode(this.name, options.mode)
  }

  /** @returns A violation for each import, each tool that is denied, and for a program that is too long. */
  evaluateProgram(program: Program, context: PolicyContext): readonly Finding[] {
    const { lineCount } = program.facts
    const findings = [
      ...this.#judgeImports(program),
      ...this.#judgeText(program),
      ...this.#judgeTools(program, context),
    ]
    if (lineCount > this.#maxLines)
      findings.push(tooManyLines(this.name, lineCount, this.#maxLines))
    return findings
  }

  /** @returns A violation if the tool reaches the network or writes and may not. */
  evaluateToolCall({ tool }: PolicyToolCall): readonly Finding[] {
    return this.#judgeTool(tool.name, tool.readOnly).map((rest) => this.#violation(rest))
  }

  #judgeImports(program: Program): Finding[] {
    // Static analysis says the same of the same place, with more detail; once is enough.
    const reported = placesOf(program, IMPORT_RULES)
    return program.facts.imports
      .filter((each) => !reported.has(keyOf(each)) && !this.#isAllowed(each))
      .map(({ line, column }) =>
        this.#violation({
          ruleId: 'module-not-allowed',
          message: 'The program imports a module that is not allowed',
          hint: 'Use `data`, `tools` and the language itself',
          line,
          column,
        }),
      )
  }

  #isAllowed({ specifier, isRegistered }: ProgramFacts['imports'][number]): boolean {
    if (specifier === null || isRegistered !== true || this.#deniedModules.has(specifier))
      return false
    return this.modules?.some(({ name }) => name === specifier) ?? true
  }

  #judgeText(program: Program): Finding[] {
    const reported = placesOf(program, EVAL_RULES)
    return program.facts.codeFromText
      .filter((place) => !reported.has(keyOf(place)))
      .map(({ line, column }) =>
        this.#violation({
          ruleId: 'code-from-text',
          message: 'The program turns text into code',
          hint: 'Write the code out',
          line,
          column,
        }),
      )
  }

  #judgeTools(program: Program, context: PolicyContext): Finding[] {
    return program.facts.toolUses.flatMap(({ tool, line, column }) => {
      const granted = context.tools.get(tool)
      // A tool that is chosen at run time is known at the gate.
      if (granted === undefined) return []
      return this.#judgeTool(tool, granted.readOnly).map((rest) =>
        this.#violation({ ...rest, line, column }),
      )
    })
  }

  #judgeTool(tool: string, isReadOnly: boolean): Omit<Finding, 'source' | 'severity'>[] {
    const found: Omit<Finding, 'source' | 'severity'>[] = []
    if (this.#deniedTools.has(tool)) {
      const message = `The tool "${tool}" reaches the network, which is not allowed here`
      found.push({ ruleId: 'network-not-allowed', message, hint: 'Use the other tools' })
    }
    if (!this.#allowsWrites && !isReadOnly) {
      const message = `The tool "${tool}" changes something, and this endpoint only reads`
      found.push({ ruleId: 'write-not-allowed', message, hint: 'Use tools that only read' })
    }
    return found
  }

  #violation(finding: Omit<Finding, 'source' | 'severity'>): Finding {
    return { source: this.name, severity: 'violation', ...finding }
  }
}

const IMPORT_RULES: ReadonlySet<string> = new Set(['no-forbidden-import', 'no-dynamic-import'])
const EVAL_RULES: ReadonlySet<string> = new Set(['no-eval'])

function placesOf(program: Program, rules: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(program.findings.filter(({ ruleId }) => rules.has(ruleId)).map(keyOf))
}

function keyOf({ line, column }: Partial<SourcePosition>): string {
  return `${line}:${column}`
}

function refuseTrue(option: string, value: unknown): void {
  if (value === undefined || value === false) return
  throw new ConfigurationError(
    `CodePolicy option "${option}" can only be false: the sandbox has no way to do it`,
  )
}

function isPureModule(module: unknown): boolean {
  const { name, code, exports } = Object(module) as Partial<PureModule>
  return typeof name === 'string' && typeof code === 'string' && Array.isArray(exports)
}

function notRegistered(name: string): never {
  throw new ConfigurationError(
    `CodePolicy option "allowedModules" names "${name}", which is not registered under "modules"; offer what needs the host as a tool`,
  )
}

/** The finding for a program with more lines than a policy allows. */
export function tooManyLines(policy: string, lineCount: number, maxLines: number): Finding {
  return {
    ruleId: 'max-lines',
    source: policy,
    severity: 'violation',
    message: `The program has ${lineCount} lines and may have ${maxLines}`,
    hint: 'Write a shorter program, and pass long texts as `data`',
  }
}
