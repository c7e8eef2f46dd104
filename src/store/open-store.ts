import {
  type ApprovalStore,
  type AuditRecorder,
  ConfigurationError,
  type ExecutionTrace,
  type RunJournal,
} from '../../harness/index.ts'
import { DatabaseApprovalStore } from './approval-store.ts'
import { openDatabase } from './database.ts'
import { DatabaseRunStore, updateRun } from './database-run-store.ts'
import { DatabaseRunJournal } from './run-journal.ts'
import type { RunRecord, RunStatus, RunStore } from './run-store.ts'
import { DatabaseSessionStore, type SessionStore } from './session-store.ts'
import { DatabaseAuditRecorder } from './trace-store.ts'

/** Everything that must survive the process, in one database. What is acknowledged is on the disk. */
export interface Store {
  readonly approvals: ApprovalStore
  readonly journal: RunJournal
  readonly audit: AuditRecorder
  readonly runs: RunStore
  readonly sessions: SessionStore
  /**
   * Changes a run and replaces its trace while the run's status is one of `from`. Both are durable when it
   * resolves, or neither is: a run never ends beside its record.
   *
   * @param trace - The trace of this run.
   * @returns `false`, with nothing written, when the run is not there or in none of `from`.
   * @throws {StoreError} When neither was written.
   * @throws {TypeError} When the trace is of another run.
   */
  settleRun(
    runId: string,
    from: readonly RunStatus[],
    patch: Partial<RunRecord>,
    trace: ExecutionTrace,
  ): Promise<boolean>
  /** Lets what was asked be answered, then closes the database. Later calls reject with `StoreError`. */
  close(): Promise<void>
}

/** How a {@link Store} is bounded. */
export interface StoreOptions {
  /** Most traces kept; the oldest is forgotten first. Default 10 000. */
  readonly maxTraces?: number
}

/**
 * Opens the store.
 *
 * @param location - The path of a SQLite file, created with its last folder for their owner alone, or
 * `':memory:'` for a store that ends with the process.
 * @throws {StoreError} When the database cannot be opened.
 * @throws {ConfigurationError} When `location` is neither, or a newer version of this package has
 * written the file.
 *
 * @example
 * ```ts
 * const store = await openStore('./data/shop.db')
 * await store.close()
 * ```
 */
export async function openStore(location: string, options: StoreOptions = {}): Promise<Store> {
  if (typeof location !== 'string' || location === '' || /^[a-z][a-z0-9+.-]+:/i.test(location)) {
    throw new ConfigurationError("A store's location is the path of a SQLite file or ':memory:'")
  }
  const { maxTraces = 10_000 } = options
  if (!Number.isSafeInteger(maxTraces) || maxTraces < 1) {
    throw new ConfigurationError('maxTraces must be a positive whole number')
  }
  const database = await openDatabase(location)
  const audit = new DatabaseAuditRecorder(database, { maxTraces })
  return {
    approvals: new DatabaseApprovalStore(database),
    journal: new DatabaseRunJournal(database),
    audit,
    runs: new DatabaseRunStore(database),
    sessions: new DatabaseSessionStore(database),
    async settleRun(runId, from, patch, trace) {
      if (trace.runId !== runId) throw new TypeError('A run is settled with its own trace')
      const [, updatedRuns] = await database.together([
        // First, as it looks at the status that the second statement changes.
        audit.updateIf(from, trace),
        updateRun(database.queries, { runId, from, patch }),
        audit.forgetOldest(),
      ])
      return updatedRuns === 1
    },
    close: () => database.close(),
  }
}
