/** What SQLite takes and gives: no booleans, no objects. */
export type SqlValue = null | number | string | Uint8Array

/** One compiled statement. */
export interface Statement {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
}

/** What one statement did. */
export interface StatementResult {
  readonly rows: readonly { readonly [column: string]: unknown }[]
  /** Rows inserted, updated or deleted. */
  readonly changes: number
}

/** One migration, compiled. */
export interface CompiledMigration {
  /** From 1, without gaps. */
  readonly version: number
  readonly statements: readonly Statement[]
}

/** What the worker is started with. */
export interface WorkerOptions {
  /** An absolute path, or `':memory:'`. */
  readonly location: string
  readonly migrations: readonly CompiledMigration[]
}

/** From the main thread: statements that take effect together or not at all, or the end. */
export type WorkerRequest =
  | {
      readonly kind: 'execute'
      readonly id: number
      readonly statements: readonly Statement[]
      readonly isReadOnly: boolean
    }
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
  | { readonly kind: 'done'; readonly id: number; readonly results: readonly StatementResult[] }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: WorkerFailure }
