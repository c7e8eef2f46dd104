import type { CompiledMigration, Statement, StatementResult } from './statement.ts'

/** What the worker is started with. */
export interface WorkerOptions {
  /** An absolute path, or `':memory:'`. */
  readonly location: string
  readonly migrations: readonly CompiledMigration[]
}

/** Statements that take effect together or not at all. */
export interface ExecuteRequest {
  readonly id: number
  readonly statements: readonly Statement[]
  readonly isReadOnly: boolean
}

/** From the main thread: what was asked since the last message, each on its own, or the end. */
export type WorkerRequest =
  | { readonly kind: 'execute'; readonly requests: readonly ExecuteRequest[] }
  | { readonly kind: 'close' }

/** Why a statement or the opening failed. `errcode` is SQLite's extended result code. */
export interface WorkerFailure {
  readonly message: string
  readonly errcode?: number
}

/** From the worker. `opened` comes first; `newer-schema` and `failed-to-open` are followed by its end. */
export type WorkerReply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'newer-schema'; readonly version: number }
  | { readonly kind: 'failed-to-open'; readonly failure: WorkerFailure }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }

/** What became of a request. */
export type Answer =
  | { readonly id: number; readonly results: readonly StatementResult[] }
  | { readonly id: number; readonly failure: WorkerFailure }
