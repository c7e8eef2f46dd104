import type { JsonValue } from '../json-value.ts'

/** What a tool answered, as the program saw it. */
export type JournalAnswer =
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'error'; readonly message: string; readonly code: string }

/** One tool call of a run. Written before the call leaves, completed when the answer is there. */
export interface JournalEntry {
  readonly runId: string
  /** From 0, in start order. */
  readonly seq: number
  readonly tool: string
  /** The argument as the program gave it. */
  readonly argument: JsonValue
  /** What reached the tool where that is not `argument`: a schema or a policy made it so. */
  readonly effectiveArgument?: JsonValue
  /** SHA-256 of tool and canonical argument, hex: what replay compares. */
  readonly digest: string
  readonly readOnly: boolean
  readonly idempotencyKey: string
  readonly startedAt: number
  readonly answer?: JournalAnswer
  /** From 0, in the order in which answers arrived: replay delivers them in this order. */
  readonly finishedOrder?: number
  /** When the answer was there, milliseconds since 1970. */
  readonly finishedAt?: number
  /**
   * What the program had seen when it made the call, as far as earlier entries do not hold it: answers and
   * its own timers, in their order. Replay shows it the same again. Absent where nobody kept it.
   */
  readonly turns?: TurnRecord
  /** A person said that the call did not happen: it may be made again, once. */
  readonly isReleased?: boolean
}

/**
 * What began one turn of a program, with the time inside the program in milliseconds: the answer to a call,
 * or its own timers.
 */
export type ProgramTurn =
  | readonly [kind: 'answer', atMs: number, seq: number]
  | readonly [kind: 'wake', atMs: number]

/** Some of the turns of a program. */
export interface TurnRecord {
  /** How many came before. */
  readonly from: number
  readonly list: readonly ProgramTurn[]
}

/** Where an answer stands among the answers of its run. */
export interface AnswerPlace {
  /** From 0. */
  readonly finishedOrder: number
  /** Milliseconds since 1970. */
  readonly finishedAt: number
}

/** The durable list of a run's tool calls and their answers. */
export interface RunJournal {
  /** Resolves when the entry is durable. The call leaves only after that. */
  started(entry: JournalEntry): Promise<void>
  /** Resolves when the answer is durable. The program sees it only after that. */
  finished(runId: string, seq: number, answer: JournalAnswer, place: AnswerPlace): Promise<void>
  /** Uses up the word of a person that a call did not happen. The call leaves again only after that. */
  resent(runId: string, seq: number): Promise<void>
  /** All entries of a run in start order. */
  read(runId: string): Promise<readonly JournalEntry[]>
}
