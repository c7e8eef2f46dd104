import type { Program } from '../program.ts'
import type { Finding } from '../verdict.ts'
import { tooManyLines } from './code-policy.ts'
import type { Policy, PolicyMode } from './policy.ts'
import { checkPolicyOptions, readPolicyMode } from './policy-options.ts'

/** How large a program may be for a {@link RuntimePolicy}. */
export interface RuntimePolicyOptions {
  /** Most nodes of the syntax tree. Default 50 000. */
  readonly maxNodes?: number
  /** Most lines. Default 2 000. */
  readonly maxLines?: number
  /** Most ways through the program: branches, loops, cases, `catch` and `&&`, `||`, `??`. Default 500. */
  readonly maxComplexity?: number
  /** Default `'enforce'`. */
  readonly mode?: PolicyMode
}

/**
 * Judges how complex a program is. A program written for one question is small; a huge one is a mistake or
 * hides something from whoever approves it.
 *
 * @example
 * ```ts
 * new RuntimePolicy({ maxNodes: 10_000 })
 * ```
 */
export class RuntimePolicy implements Policy {
  readonly name: string = 'RuntimePolicy'
  readonly mode: PolicyMode
  readonly #maxNodes: number
  readonly #maxLines: number
  readonly #maxComplexity: number

  /** @throws {ConfigurationError} An option is unknown or no positive whole number. */
  constructor(options: RuntimePolicyOptions = {}) {
    checkPolicyOptions('RuntimePolicy', options, {
      counts: ['maxNodes', 'maxLines', 'maxComplexity'],
      others: ['mode'],
    })
    this.mode = readPolicyMode('RuntimePolicy', options.mode)
    this.#maxNodes = options.maxNodes ?? 50_000
    this.#maxLines = options.maxLines ?? 2_000
    this.#maxComplexity = options.maxComplexity ?? 500
  }

  /** @returns A violation for each limit that the program passes. */
  evaluateProgram(program: Program): readonly Finding[] {
    const { nodeCount, lineCount, complexity } = program.facts
    const findings: Finding[] = []
    if (nodeCount > this.#maxNodes) {
      findings.push({
        ruleId: 'max-nodes',
        source: this.name,
        severity: 'violation',
        message: `The program has ${nodeCount} syntax nodes and may have ${this.#maxNodes}`,
        hint: 'Write a simpler program, and pass large values as `data`',
      })
    }
    if (complexity > this.#maxComplexity) {
      findings.push({
        ruleId: 'max-complexity',
        source: this.name,
        severity: 'violation',
        message: `The program has ${complexity} ways to go and may have ${this.#maxComplexity}`,
        hint: 'Write a simpler program: a table instead of many branches',
      })
    }
    if (lineCount > this.#maxLines)
      findings.push(tooManyLines(this.name, lineCount, this.#maxLines))
    return findings
  }
}
