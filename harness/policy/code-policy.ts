import { ConfigurationError } from '../errors.ts'
import type { Program } from '../program.ts'
import type { Finding } from '../verdict.ts'
import type { Policy } from './policy.ts'
import { checkPolicyOptions } from './policy-options.ts'

/** What a {@link CodePolicy} allows. */
export interface CodePolicyOptions {
  /** Modules that programs may import. None can be registered with a host, so only `[]` is possible. */
  readonly allowedModules?: readonly string[]
  /** Most lines of a program. Default: no limit of this policy's own. */
  readonly maxLines?: number
}

/**
 * Judges what a program is made of: no modules, and no more lines than allowed.
 *
 * @example
 * ```ts
 * new CodePolicy({ maxLines: 300 })
 * ```
 */
export class CodePolicy implements Policy {
  readonly name: string = 'CodePolicy'
  readonly #maxLines: number

  /** @throws {ConfigurationError} An option is unknown, or names a module that cannot be provided. */
  constructor(options: CodePolicyOptions = {}) {
    checkPolicyOptions('CodePolicy', options, { counts: ['maxLines'], others: ['allowedModules'] })
    const { allowedModules = [], maxLines = Number.POSITIVE_INFINITY } = options
    if (!Array.isArray(allowedModules) || allowedModules.length > 0) {
      throw new ConfigurationError(
        'CodePolicy option "allowedModules" must be an empty list: a module must be registered by the host first, and no host can do that; offer its functions as tools',
      )
    }
    this.#maxLines = maxLines
  }

  /** @returns A violation for each import and for a program that is too long. */
  evaluateProgram(program: Program): readonly Finding[] {
    const { imports, lineCount } = program.facts
    // Static analysis says the same of the same place, with more detail; once is enough.
    const reported = new Set(
      program.findings
        .filter(({ ruleId }) => IMPORT_RULES.has(ruleId))
        .map(({ line, column }) => `${line}:${column}`),
    )
    const findings: Finding[] = imports
      .filter(({ line, column }) => !reported.has(`${line}:${column}`))
      .map(({ line, column }) => ({
        ruleId: 'module-not-allowed',
        source: this.name,
        severity: 'violation',
        message: 'The program imports a module that is not allowed',
        hint: 'Use `data`, `tools` and the language itself',
        line,
        column,
      }))
    if (lineCount > this.#maxLines)
      findings.push(tooManyLines(this.name, lineCount, this.#maxLines))
    return findings
  }
}

const IMPORT_RULES = new Set(['no-forbidden-import', 'no-dynamic-import'])

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
