import {
  type ApprovalStore,
  ConfigurationError,
  type ExecutionTrace,
  type Logger,
  type MandateStore,
} from '../../harness/index.ts'
import { AuditLog } from '../audit/audit-log.ts'
import { type AuditOptions, openAudit } from '../audit/open-audit.ts'
import { ApprovalEventStore } from './approval-event-store.ts'
import { DatabaseApprovalStore } from './approval-store.ts'
import { openDatabase } from './database.ts'
import { DatabaseRunStore, updateRun } from './database-run-store.ts'
import { DatabaseMandateStore } from './mandate-store.ts'
import { DatabaseResolutionStore, type ResolutionStore } from './resolution-store.ts'
import { DatabaseRunJournal, type HeldRunJournal } from './run-journal.ts'
import { RunSeal } from './run-seal.ts'
import type { RunRecord, RunStatus, RunStore } from './run-store.ts'
import { DatabaseSessionStore, type SessionStore } from './session-store.ts'
import type { StoreLocation } from './store-location.ts'
import { findSecrets, type StoreSecrets } from './store-secrets.ts'
import type { DatabaseAuditRecorder } from './trace-store.ts'

/** Everything that must survive the process, in one database. What is acknowledged is on the disk. */
export interface Store {
  readonly approvals: ApprovalStore
  /** What happened to approval requests, and who has still to be told. */
  readonly approvalEvents: ApprovalEventStore
  /** Grants and delegations. */
  readonly mandates: MandateStore
  readonly journal: HeldRunJournal
  readonly audit: DatabaseAuditRecorder
  /** What people do with the audit: search, verify, export, erase. */
  readonly auditLog: AuditLog
  readonly runs: RunStore
  readonly resolutions: ResolutionStore
  readonly sessions: SessionStore
  /**
   * Changes a run and replaces its trace while the run's status is one of `from`. Both are durable when it
   * resolves, or neither is: a run never ends beside its record.
   *
   * @param trace - The trace of this run.
   * @param epoch - The holding in which the run must still be; whoever held it before is refused.
   * @returns `false`, with nothing written, when the run is not there, in none of `from` or held anew.
   * @throws {StoreError} When neither was written.
   * @throws {TypeError} When the trace is of another run.
   */
  settleRun(
    runId: string,
    from: readonly RunStatus[],
    patch: Partial<RunRecord>,
    trace: ExecutionTrace,
    epoch?: number,
  ): Promise<boolean>
  /** Lets what was asked be answered, then closes the database. Later calls reject with `StoreError`. */
  close(): Promise<void>
}

/** How a {@link Store} is bounded. */
export interface StoreOptions {
  /** Most traces kept; the oldest is forgotten first. Default 10 000. */
  readonly maxTraces?: number
  /** The names of those who are told of what happens to approval requests. Default: nobody. */
  readonly notifiers?: readonly string[]
  /** How the audit is kept beside that. */
  readonly audit?: AuditOptions
  /** Default: from the environment, else from files beside the store, which are made. */
  readonly secrets?: Partial<StoreSecrets>
  readonly logger?: Logger
}

/**
 * Opens the store.
 *
 * @param location - The path of a SQLite file, created with its last folder for their owner alone;
 * `':memory:'` for a store that ends with the process; or a PostgreSQL database, which several processes
 * may share, as a `postgresql://` URL or by its parts.
 * @throws {StoreError} When the database cannot be opened.
 * @throws {ConfigurationError} When `location` is none of these, when a newer version of this package has
 * written the store, or when it is on PostgreSQL and the package `pg` is not installed.
 *
 * @example
 * ```ts
 * const store = await openStore('./data/shop.db')
 * await store.close()
 * ```
 */
export async function openStore(
  location: StoreLocation,
  options: StoreOptions = {},
): Promise<Store> {
  const { maxTraces = 10_000, notifiers = [], secrets, logger } = options
  if (!Number.isSafeInteger(maxTraces) || maxTraces < 1) {
    throw new ConfigurationError('maxTraces must be a positive whole number')
  }
  const database = await openDatabase(location)
  const audit = await openAudit(database, () => findSecrets(location, secrets), {
    ...options.audit,
    ...(logger === undefined ? {} : { logger }),
    maxTraces,
  })
  const runSeal = new RunSeal(database, audit.keys)
  const journal = new DatabaseRunJournal(database, runSeal)
  const runs = new DatabaseRunStore(database, runSeal)
  return {
    approvals: new DatabaseApprovalStore(database, audit.recorder, notifiers),
    approvalEvents: new ApprovalEventStore(database),
    mandates: new DatabaseMandateStore(database, audit.recorder),
    journal,
    audit: audit.recorder,
    auditLog: new AuditLog(database, audit),
    runs,
    resolutions: new DatabaseResolutionStore(database, journal),
    sessions: new DatabaseSessionStore(database, audit.keys),
    async settleRun(runId, from, patch, trace, epoch) {
      if (trace.runId !== runId) throw new TypeError('A run is settled with its own trace')
      const held = epoch === undefined ? {} : { epoch }
      const columns = await runs.columnsOf(runId, patch)
      return audit.recorder.settle(trace, { statuses: from, ...held }, (chained) =>
        updateRun(database.queries, { runId, from, columns, ...held }).where(chained.is),
      )
    },
    async close() {
      await audit.close().finally(() => database.close())
    },
  }
}
