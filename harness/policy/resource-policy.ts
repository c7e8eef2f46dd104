import { ConfigurationError } from '../errors.ts'
import type { Program, ProgramFacts } from '../program.ts'
import type { Finding } from '../verdict.ts'
import type { Policy, PolicyMode } from './policy.ts'
import { checkPolicyOptions, readPolicyMode } from './policy-options.ts'

/** What a {@link ResourcePolicy} lets a program ask for. */
export interface ResourcePolicyOptions {
  /** Most loops nested in one another, callbacks of `map` and the like included. Default 5. */
  readonly maxLoopDepth?: number
  /** Largest constant number of rounds of one loop, or of elements. Default 10 000 000. */
  readonly maxConstantRange?: number
  /** Largest constant number of rounds of nested loops together. Default 1 000 000 000. */
  readonly maxConstantRounds?: number
  /**
   * What becomes of regular expressions that can take exponential time: `'warn'` or `'deny'`. Default
   * `'warn'`: widely copied ones for addresses are among them, and harmless on the texts they are used on.
   */
  readonly catastrophicRegex?: 'warn' | 'deny'
  /** Default `'enforce'`. */
  readonly mode?: PolicyMode
}

type Hazard = ProgramFacts['resourceHazards'][number]

const HINTS: Readonly<Record<Hazard['kind'], string>> = {
  'unbounded-loop': 'Give the loop a condition, a break or a return that is reached',
  'large-range': 'Let a tool do the counting, or work on fewer values',
  'nested-range': 'Build a Map first and look values up instead of searching for them in a loop',
  'large-allocation': 'Work on the values in parts',
  recursion: 'Return without the call when there is nothing left to do',
  regex: 'Make the repeated parts start with something different, or split the text first',
}

/**
 * Judges what the text shows of time and memory: loops without an end, loops in loops, huge constant
 * ranges and allocations. Recursion without an end and expensive regular expressions are warnings; the
 * sandbox's limits hold behind all of it.
 *
 * @example
 * ```ts
 * new ResourcePolicy({ maxLoopDepth: 3 })
 * ```
 */
export class ResourcePolicy implements Policy {
  readonly name: string = 'ResourcePolicy'
  readonly mode: PolicyMode
  readonly #maxLoopDepth: number
  /** The largest size of each kind of hazard that has one. */
  readonly #maxSizes: Readonly<Partial<Record<Hazard['kind'], number>>>
  readonly #severities: Readonly<Record<Hazard['kind'], Finding['severity']>>

  /** @throws {ConfigurationError} An option is unknown or has a value that it cannot have. */
  constructor(options: ResourcePolicyOptions = {}) {
    checkPolicyOptions('ResourcePolicy', options, {
      counts: ['maxLoopDepth', 'maxConstantRange', 'maxConstantRounds'],
      others: ['catastrophicRegex', 'mode'],
    })
    const { catastrophicRegex = 'warn', maxConstantRange = 10_000_000 } = options
    if (catastrophicRegex !== 'warn' && catastrophicRegex !== 'deny') {
      throw new ConfigurationError(
        'ResourcePolicy option "catastrophicRegex" must be "warn" or "deny"',
      )
    }
    this.mode = readPolicyMode('ResourcePolicy', options.mode)
    this.#maxLoopDepth = options.maxLoopDepth ?? 5
    this.#maxSizes = {
      'large-range': maxConstantRange,
      'large-allocation': maxConstantRange,
      'nested-range': options.maxConstantRounds ?? 1_000_000_000,
    }
    this.#severities = {
      'unbounded-loop': 'violation',
      'large-range': 'violation',
      'nested-range': 'violation',
      'large-allocation': 'violation',
      recursion: 'warning',
      regex: catastrophicRegex === 'deny' ? 'violation' : 'warning',
    }
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
    const most = this.#maxSizes[kind]
    // A size that is missing counts as too large.
    if (most !== undefined && (size ?? Number.POSITIVE_INFINITY) <= most) return []
    const limit = most === undefined ? '' : `; at most ${most} are allowed`
    return [
      {
        ruleId: kind,
        source: this.name,
        severity: this.#severities[kind],
        message: message + limit,
        hint: HINTS[kind],
        line,
        column,
      },
    ]
  }
}
