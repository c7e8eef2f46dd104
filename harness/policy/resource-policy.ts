import type { Program, ProgramFacts } from '../program.ts'
import type { Finding } from '../verdict.ts'
import type { Policy } from './policy.ts'
import { checkPolicyOptions } from './policy-options.ts'

/** What a {@link ResourcePolicy} lets a program ask for. */
export interface ResourcePolicyOptions {
  /** Most loops nested in one another, callbacks of `map` and the like included. Default 5. */
  readonly maxLoopDepth?: number
  /** Largest constant number of rounds or elements. Default 10 000 000. */
  readonly maxConstantRange?: number
}

type Hazard = ProgramFacts['resourceHazards'][number]

const HINTS: Readonly<Record<Hazard['kind'], string>> = {
  'unbounded-loop': 'Give the loop a condition, a break or a return that is reached',
  'large-range': 'Let a tool do the counting, or work on fewer values',
  'large-allocation': 'Work on the values in parts',
  recursion: 'Make sure that it ends; a loop with a list of what is left to do uses less memory',
  regex: 'Repeat single characters only, or split the text first',
}

/**
 * Judges what the text shows of time and memory: loops without an end, loops in loops, huge constant
 * ranges and allocations. Recursion and expensive regular expressions are warnings, because right programs
 * have them; the sandbox's limits hold behind all of it.
 *
 * @example
 * ```ts
 * new ResourcePolicy({ maxLoopDepth: 3 })
 * ```
 */
export class ResourcePolicy implements Policy {
  readonly name: string = 'ResourcePolicy'
  readonly #maxLoopDepth: number
  readonly #maxConstantRange: number

  /** @throws {ConfigurationError} An option is unknown or no positive whole number. */
  constructor(options: ResourcePolicyOptions = {}) {
    checkPolicyOptions('ResourcePolicy', options, { counts: ['maxLoopDepth', 'maxConstantRange'] })
    this.#maxLoopDepth = options.maxLoopDepth ?? 5
    this.#maxConstantRange = options.maxConstantRange ?? 10_000_000
  }

  /** @returns A finding for each hazard, and one for loops nested too deep. */
  evaluateProgram(program: Program): readonly Finding[] {
    const { maxLoopDepth, resourceHazards } = program.facts
    const findings = resourceHazards.flatMap((hazard) => this.#judge(hazard))
    if (maxLoopDepth > this.#maxLoopDepth) {
      findings.push({
        ruleId: 'max-loop-depth',
        source: this.name,
        severity: 'violation',
        message: `The program nests ${maxLoopDepth} loops and may nest ${this.#maxLoopDepth}`,
        hint: 'Build a Map first and look values up instead of searching for them in a loop',
      })
    }
    return findings
  }

  #judge({ kind, message, size, line, column }: Hazard): Finding[] {
    const isSized = kind === 'large-range' || kind === 'large-allocation'
    // A size that is missing counts as too large.
    if (isSized && (size ?? Number.POSITIVE_INFINITY) <= this.#maxConstantRange) return []
    const severity = isSized || kind === 'unbounded-loop' ? 'violation' : 'warning'
    const limit = isSized ? `; at most ${this.#maxConstantRange} are allowed` : ''
    return [
      {
        ruleId: kind,
        source: this.name,
        severity,
        message: message + limit,
        hint: HINTS[kind],
        line,
        column,
      },
    ]
  }
}
