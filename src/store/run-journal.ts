import {
  AgenticError,
  type JournalAnswer,
  type JournalEntry,
  type RunJournal,
} from '../../harness/index.ts'
import type { Database } from './database.ts'
import type { JournalTable } from './tables.ts'

/**
 * Journals in the database. A place in a journal is written once and answered once: of two processes that
 * go on with the same run, the second is stopped at its first call.
 */
export class DatabaseRunJournal implements RunJournal {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** @throws {AgenticError} `ERR_RUN_DIVERGED` when the place is taken. */
  async started(entry: JournalEntry): Promise<void> {
    const { numInsertedOrUpdatedRows } = await this.#database.queries
      .insertInto('airlock_journal')
      .values(({ selectFrom }) => ({
        run_id: entry.runId,
        seq: entry.seq,
        tenant_id: selectFrom('airlock_runs')
          .select('airlock_runs.tenant_id')
          .where('airlock_runs.run_id', '=', entry.runId),
        tool: entry.tool,
        argument_json: JSON.stringify(entry.argument),
        effective_json:
          entry.effectiveArgument === undefined ? null : JSON.stringify(entry.effectiveArgument),
        digest: entry.digest,
        read_only: entry.readOnly ? 1 : 0,
        idempotency_key: entry.idempotencyKey,
        started_at: entry.startedAt,
        answer_json: entry.answer === undefined ? null : JSON.stringify(entry.answer),
        finished_order: entry.finishedOrder ?? null,
      }))
      .onConflict((conflict) => conflict.columns(['run_id', 'seq']).doNothing())
      .executeTakeFirst()
    if (numInsertedOrUpdatedRows !== 1n) throw goesOnElsewhere(entry.seq)
  }

  /** @throws {AgenticError} `ERR_RUN_DIVERGED` when the call was not started or has been answered. */
  async finished(
    runId: string,
    seq: number,
    answer: JournalAnswer,
    finishedOrder: number,
  ): Promise<void> {
    const { numUpdatedRows } = await this.#database.queries
      .updateTable('airlock_journal')
      .set({ answer_json: JSON.stringify(answer), finished_order: finishedOrder })
      .where('run_id', '=', runId)
      .where('seq', '=', seq)
      .where('answer_json', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw goesOnElsewhere(seq)
  }

  async read(runId: string): Promise<readonly JournalEntry[]> {
    const rows = await this.#database.queries
      .selectFrom('airlock_journal')
      .selectAll()
      .where('run_id', '=', runId)
      .orderBy('seq')
      .execute()
    return rows.map(toEntry)
  }
}

function toEntry(row: JournalTable): JournalEntry {
  const answer: JournalAnswer | null = JSON.parse(row.answer_json ?? 'null')
  return {
    runId: row.run_id,
    seq: row.seq,
    tool: row.tool,
    argument: JSON.parse(row.argument_json),
    ...(row.effective_json === null ? {} : { effectiveArgument: JSON.parse(row.effective_json) }),
    digest: row.digest,
    readOnly: row.read_only === 1,
    idempotencyKey: row.idempotency_key,
    startedAt: row.started_at,
    ...(answer === null ? {} : { answer }),
    ...(row.finished_order === null ? {} : { finishedOrder: row.finished_order }),
  }
}

function goesOnElsewhere(seq: number): AgenticError {
  return new AgenticError(
    'ERR_RUN_DIVERGED',
    `Call ${seq} of this run is already on record, or was never started: the run goes on elsewhere`,
  )
}
