import type { Compilable } from 'kysely'
import {
  AgenticError,
  type AnswerPlace,
  type JournalAnswer,
  type JournalEntry,
  type RunJournal,
} from '../../harness/index.ts'
import type { Database } from './database.ts'
import {
  type JournalStatements,
  journalStatements,
  toJournalColumns,
  toJournalEntry,
} from './journal-statements.ts'
import type { RunSeal } from './run-seal.ts'

/** Journals that can be held: what is written through another holding than the run's is refused. */
export interface HeldRunJournal extends RunJournal {
  /**
   * The same journals for one holding of a run: once somebody else holds the run, nothing is written
   * any more, and so nothing leaves any more.
   */
  heldIn(epoch: number): RunJournal
}

/**
 * Journals in the database. A place in a journal is written once and answered once: of two processes that
 * go on with the same run, the second is stopped at its first call.
 */
export class DatabaseRunJournal implements HeldRunJournal {
  readonly #database: Database
  readonly #seal: RunSeal
  /** The holding that may write; null lets everybody write. */
  readonly #epoch: number | null

  readonly #statements: JournalStatements

  constructor(
    database: Database,
    seal: RunSeal,
    epoch: number | null = null,
    statements: JournalStatements = journalStatements(database.queries),
  ) {
    this.#database = database
    this.#seal = seal
    this.#epoch = epoch
    this.#statements = statements
  }

  heldIn(epoch: number): RunJournal {
    return new DatabaseRunJournal(this.#database, this.#seal, epoch, this.#statements)
  }

  /**
   * @throws {AgenticError} `ERR_RUN_DIVERGED` when the place is taken, `ERR_RUN_TAKEN_OVER` when somebody
   * else holds the run.
   */
  async started(entry: JournalEntry): Promise<void> {
    const { runId, seq } = entry
    const columns = toJournalColumns(entry)
    const sealed = await this.#seal.seal(runId, columns, SEALED, placeOf(runId, seq))
    const started = this.#statements.started(sealed, this.#epoch)
    const [inserted] = await this.#database.together([started])
    if (inserted !== 1) throw await this.#refusal(entry.runId, entry.seq)
  }

  /**
   * @throws {AgenticError} `ERR_RUN_DIVERGED` when the call was not started or has been answered,
   * `ERR_RUN_TAKEN_OVER` when somebody else holds the run.
   */
  async finished(
    runId: string,
    seq: number,
    answer: JournalAnswer,
    place: AnswerPlace,
  ): Promise<void> {
    const finished = this.#statements.finished(
      {
        run_id: runId,
        seq,
        answer_json: await this.sealAnswer(runId, seq, answer),
        finished_order: place.finishedOrder,
        finished_at: place.finishedAt,
      },
      this.#epoch,
    )
    const [updated] = await this.#database.together([finished])
    if (updated !== 1) throw await this.#refusal(runId, seq)
  }

  /** @throws {AgenticError} As {@link finished}, and when nobody has released the call. */
  async resent(runId: string, seq: number): Promise<void> {
    const { numUpdatedRows } = await this.#open(runId, seq)
      .set({ is_released: 0 })
      .where('is_released', '=', 1)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw await this.#refusal(runId, seq)
  }

  /** An answer as it is stored. */
  async sealAnswer(runId: string, seq: number, answer: JournalAnswer): Promise<string> {
    const row = { answer_json: JSON.stringify(answer) }
    const sealed = await this.#seal.seal(runId, row, ['answer_json'], placeOf(runId, seq))
    return sealed.answer_json
  }

  /** The statement that answers a call, if a person has said so under this id. */
  answeredBy(
    resolutionId: string,
    runId: string,
    seq: number,
    { sealedAnswer, at }: { readonly sealedAnswer: string; readonly at: number },
  ): Compilable {
    return this.#resolved(resolutionId, runId, seq).set(({ selectFrom }) => ({
      answer_json: sealedAnswer,
      finished_at: at,
      // It comes after every answer that was there before.
      finished_order: selectFrom('airlock_journal as other')
        .select(({ eb, fn, val }) =>
          eb(fn.coalesce(fn.max('other.finished_order'), val(-1)), '+', 1).as('next'),
        )
        .where('other.run_id', '=', runId),
    }))
  }

  /** The statement that lets a call be made again, once, if a person has said so under this id. */
  releasedBy(resolutionId: string, runId: string, seq: number): Compilable {
    return this.#resolved(resolutionId, runId, seq).set({ is_released: 1 })
  }

  #resolved(resolutionId: string, runId: string, seq: number) {
    return this.#database.queries
      .updateTable('airlock_journal')
      .where('run_id', '=', runId)
      .where('seq', '=', seq)
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom('airlock_resolutions')
            .select('airlock_resolutions.run_id')
            .where('airlock_resolutions.run_id', '=', runId)
            .where('airlock_resolutions.resolution_id', '=', resolutionId),
        ),
      )
  }

  /** Changes a call without an answer, while this holding may. */
  #open(runId: string, seq: number) {
    const epoch = this.#epoch
    return this.#database.queries
      .updateTable('airlock_journal')
      .where('run_id', '=', runId)
      .where('seq', '=', seq)
      .where('answer_json', 'is', null)
      .$if(epoch !== null, (query) =>
        query.where(({ exists, selectFrom }) =>
          exists(
            selectFrom('airlock_runs')
              .select('airlock_runs.run_id')
              .where('airlock_runs.run_id', '=', runId)
              .where('airlock_runs.lease_epoch', '=', epoch ?? 0),
          ),
        ),
      )
  }

  async #refusal(runId: string, seq: number): Promise<AgenticError> {
    const run = await this.#database.queries
      .selectFrom('airlock_runs')
      .select('lease_epoch')
      .where('run_id', '=', runId)
      .executeTakeFirst()
    if (this.#epoch === null || run?.lease_epoch === this.#epoch) return goesOnElsewhere(seq)
    return new AgenticError(
      'ERR_RUN_TAKEN_OVER',
      'Another process has taken this run over, so nothing more of it happens in this one',
    )
  }

  async read(runId: string): Promise<readonly JournalEntry[]> {
    const rows = await this.#database.queries
      .selectFrom('airlock_journal')
      .selectAll()
      .where('run_id', '=', runId)
      .orderBy('seq')
      .execute()
    const opened = await Promise.all(
      rows.map((row) => this.#seal.open(row, SEALED, placeOf(row.run_id, row.seq))),
    )
    // What nobody can read any more did happen, but cannot be gone on with.
    if (opened.some((row) => row === null)) throw erased()
    return opened.flatMap((row) => (row === null ? [] : [toJournalEntry(row)]))
  }
}

/** What is personal in a call. */
const SEALED = ['argument_json', 'effective_json', 'answer_json', 'digest'] as const

function placeOf(runId: string, seq: number): string {
  return `call ${seq} of ${runId}`
}

function erased(): AgenticError {
  return new AgenticError(
    'ERR_RUN_DIVERGED',
    'The data of the person this run was for has been erased, so nobody can go on with it',
  )
}

function goesOnElsewhere(seq: number): AgenticError {
  return new AgenticError(
    'ERR_RUN_DIVERGED',
    `Call ${seq} of this run is already on record, or was never started: the run goes on elsewhere`,
  )
}
