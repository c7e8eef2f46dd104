import type { ModelReply } from '../runtime/index.ts'

/** How much may be spent on mending the programs of one run. */
export interface RepairBudgetOptions {
  /** How often the model may be asked again. */
  readonly rounds: number
  /** The time of the run, which begins now: what is left of it bounds each further attempt. */
  readonly timeoutMs: number
  /** Tokens, for models that count them. Default 64 000. */
  readonly maxTokens?: number
}

const MAX_TOKENS = 64_000

/** What is left for mending programs: rounds, time and tokens. */
export class RepairBudget {
  readonly #endsAt: number
  readonly #maxTokens: number
  #rounds: number
  #tokens = 0
  #largest = 0

  constructor({ rounds, timeoutMs, maxTokens = MAX_TOKENS }: RepairBudgetOptions) {
    this.#rounds = rounds
    this.#endsAt = performance.now() + timeoutMs
    this.#maxTokens = maxTokens
  }

  /** Whether the model may be asked once more. The next answer may cost as much as the largest so far. */
  get isOpen(): boolean {
    if (this.#rounds <= 0 || this.#endsAt <= performance.now()) return false
    return this.#tokens + this.#largest <= this.#maxTokens
  }

  /** What is left of the run's time, in whole milliseconds, at least 1. */
  get remainingMs(): number {
    return Math.max(1, Math.round(this.#endsAt - performance.now()))
  }

  /** Takes note of the first program, which sets the measure and counts for nothing. */
  measure(usage: ModelReply['usage']): void {
    this.#largest = Math.max(this.#largest, tokensOf(usage))
  }

  /** Uses up one round, before the model is asked. */
  begin(): void {
    this.#rounds -= 1
  }

  /** Counts what an answer cost. */
  spend(usage: ModelReply['usage']): void {
    this.measure(usage)
    this.#tokens += tokensOf(usage)
  }

  /** Nothing more is asked. */
  close(): void {
    this.#rounds = 0
  }
}

function tokensOf(usage: ModelReply['usage']): number {
  return usage === undefined ? 0 : usage.inputTokens + usage.outputTokens
}
