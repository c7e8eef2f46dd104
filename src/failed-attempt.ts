import type { ErrorCode, ProgramLanguage } from '../harness/index.ts'

/** A program of the model's that failed and was sent back to it, with the reason it was told. */
export interface FailedAttempt {
  readonly source: string
  readonly language: ProgramLanguage
  /** Of what would have run; absent when the text could not be read as a program. */
  readonly hash?: string
  readonly code: ErrorCode
  /** What the model was told: bounded, secrets removed. */
  readonly diagnosis: string
  /** The tools it called, in order. None of them changes anything. */
  readonly calls: readonly string[]
}
