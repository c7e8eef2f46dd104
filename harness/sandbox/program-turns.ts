import type { ProgramTurn } from '../journal/run-journal.ts'

/** A program that lives on its timers for hours: what it sees after so many turns is not kept. */
const MAX_TURNS = 100_000

/** What a program has seen: the first `turnCount` of `turns`, which grows. */
export interface SeenTurns {
  readonly turns: readonly ProgramTurn[]
  readonly turnCount: number
}

/**
 * The turns of one program: what began each of them, and when by the program's clock. With the same turns a
 * program does the same, as nothing else reaches it; so a program that runs again is given those it had
 * before, one after the other and without waiting, and lives on from there.
 */
export class ProgramTurns {
  readonly #turns: ProgramTurn[]
  /** How many of them have begun since the program last began. */
  #begunCount = 0
  /** Turns that were begun and have not ended; one more while the program gets under way. */
  #openCount = 0
  /** Where the program's clock was when it began to live, and what the host's was then. */
  #clock: { readonly programMs: number; readonly hostMs: number } | null = null

  /** @param past - What the program has seen before. */
  constructor(past: readonly ProgramTurn[]) {
    this.#turns = [...past]
  }

  /** Whether what comes next is what the program has seen before. */
  get isRepeating(): boolean {
    return this.#begunCount < this.#turns.length
  }

  /** What the program has seen so far. */
  get seen(): SeenTurns {
    return { turns: this.#turns, turnCount: this.#begunCount }
  }

  /** The program gets under way. */
  beginAgain(): void {
    this.#begunCount = 0
    this.#openCount = 1
    // Time goes on for a program that is begun again because its process was lost.
    if (!this.isRepeating) this.#now()
  }

  /** The process is gone: no turn is under way. */
  lost(): void {
    this.#openCount = 0
  }

  /** A turn has ended. */
  ended(): void {
    this.#openCount = Math.max(0, this.#openCount - 1)
  }

  /** A turn begins. */
  began(turn: ProgramTurn): void {
    const isKept = this.#begunCount === this.#turns.length && this.#begunCount < MAX_TURNS
    if (isKept) this.#turns.push(turn)
    this.#begunCount += 1
    this.#openCount += 1
  }

  /** The turn to repeat; `null` while the one before it goes on. */
  repeated(): ProgramTurn | null {
    return this.#openCount === 0 ? (this.#turns[this.#begunCount] ?? null) : null
  }

  /** A new turn that an answer begins. */
  answer(seq: number): ProgramTurn {
    return ['answer', this.#now(), seq]
  }

  /** A new turn that the program's timers begin. */
  wake(): ProgramTurn {
    return ['wake', this.#now()]
  }

  /** What the program's clock says, in milliseconds with three decimals. */
  #now(): number {
    const hostMs = performance.now()
    this.#clock ??= { programMs: this.#turns.at(-1)?.[1] ?? 0, hostMs }
    const { programMs, hostMs: since } = this.#clock
    return Math.round((programMs + hostMs - since) * 1_000) / 1_000
  }
}
