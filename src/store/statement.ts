/** What both engines take: no booleans, no objects. */
export type SqlValue = null | number | string | Uint8Array

/** One compiled statement. */
export interface Statement {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
}

/** What one statement did. */
export interface StatementResult {
  readonly rows: readonly { readonly [column: string]: unknown }[]
  /** Rows inserted, updated or deleted; 0 where the statement gave rows back. */
  readonly changes: number
}

/** One migration, compiled. */
export interface CompiledMigration {
  /** From 1, without gaps. */
  readonly version: number
  readonly statements: readonly Statement[]
}

/** What runs statements: a SQLite thread, or a PostgreSQL server. */
export interface Engine {
  /**
   * Runs statements that take effect together or not at all. Resolves when they are durable.
   *
   * @throws {StoreError} When they did not take effect; with reason `crashed`, when nobody knows.
   */
  execute(
    statements: readonly Statement[],
    options: { readonly isReadOnly: boolean },
  ): Promise<readonly StatementResult[]>
  /** Lets what was asked be answered, then lets go of the database. Later calls are refused. */
  close(): Promise<void>
}
