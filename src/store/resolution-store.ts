import type { Compilable } from 'kysely'
import type { JsonValue } from '../../harness/index.ts'
import type { Database } from './database.ts'
import type { DatabaseRunJournal } from './run-journal.ts'
import { epochOf, type RunRecord } from './run-store.ts'

/** What a person said of a call whose outcome nobody knew, or of the run it belongs to. */
export interface RunResolution {
  /** The place of the call; `null` when the whole run was ended. */
  readonly seq: number | null
  readonly outcome: 'happened' | 'repeat' | 'end'
  /** What the call answered; only with `happened`. */
  readonly answer?: JsonValue
  readonly operatorId: string
  readonly reason?: string
  /** Milliseconds since 1970. */
  readonly decidedAt: number
}

/** Where such words survive. Of several about one call exactly one counts. */
export interface ResolutionStore {
  /** What was said of a run, oldest first. */
  list(runId: string): Promise<readonly RunResolution[]>
  /**
   * Puts down what somebody said and does it: the call is answered, or may be made again. Both are durable
   * when it resolves, or neither is.
   *
   * @returns `false`, with nothing written, when the run does not wait for it any more.
   */
  resolve(run: RunRecord, resolution: RunResolution): Promise<boolean>
}

/** In `seq`, for the run as a whole. */
const WHOLE_RUN = -1

/** The words of people in the database. */
export class DatabaseResolutionStore implements ResolutionStore {
  readonly #database: Database
  readonly #journal: DatabaseRunJournal

  constructor(database: Database, journal: DatabaseRunJournal) {
    this.#database = database
    this.#journal = journal
  }

  async list(runId: string): Promise<readonly RunResolution[]> {
    const rows = await this.#database.queries
      .selectFrom('airlock_resolutions')
      .select('resolution_json')
      .where('run_id', '=', runId)
      .orderBy('lease_epoch')
      .orderBy('seq')
      .execute()
    return rows.map(({ resolution_json }): RunResolution => JSON.parse(resolution_json))
  }

  async resolve(run: RunRecord, resolution: RunResolution): Promise<boolean> {
    const id = crypto.randomUUID()
    const { runId } = run
    const { seq, answer, ...said } = resolution
    const stored = JSON.stringify({ seq, ...said })
    if (seq === null) {
      const [ended] = await this.#database.together([this.#ofRun(run, id, stored)])
      return ended === 1
    }
    const done =
      resolution.outcome === 'happened'
        ? this.#journal.answeredBy(id, runId, seq, {
            sealedAnswer: await this.#journal.sealAnswer(runId, seq, {
              kind: 'value',
              value: answer ?? null,
            }),
            at: resolution.decidedAt,
          })
        : this.#journal.releasedBy(id, runId, seq)
    const [, changed] = await this.#database.together([this.#ofCall(run, seq, id, stored), done])
    return changed === 1
  }

  #ofRun(run: RunRecord, id: string, stored: string): Compilable {
    return this.#insert()
      .expression(({ selectFrom, val, cast }) =>
        selectFrom('airlock_runs')
          .select([
            'run_id',
            cast<number>(val(WHOLE_RUN), 'integer').as('seq'),
            'lease_epoch',
            'tenant_id',
            val(id).as('resolution_id'),
            val(stored).as('resolution_json'),
          ])
          .where('run_id', '=', run.runId)
          .where('status', '=', 'outcome_unknown')
          .where('lease_epoch', '=', epochOf(run)),
      )
      .onConflict((conflict) => conflict.doNothing())
  }

  #ofCall(run: RunRecord, seq: number, id: string, stored: string): Compilable {
    return this.#insert()
      .expression(({ selectFrom, val }) =>
        selectFrom('airlock_journal')
          .innerJoin('airlock_runs', 'airlock_runs.run_id', 'airlock_journal.run_id')
          .select([
            'airlock_journal.run_id',
            'airlock_journal.seq',
            'airlock_runs.lease_epoch',
            'airlock_runs.tenant_id',
            val(id).as('resolution_id'),
            val(stored).as('resolution_json'),
          ])
          .where('airlock_journal.run_id', '=', run.runId)
          .where('airlock_journal.seq', '=', seq)
          .where('airlock_journal.answer_json', 'is', null)
          .where('airlock_journal.is_released', '=', 0)
          .where('airlock_runs.status', '=', 'outcome_unknown')
          .where('airlock_runs.lease_epoch', '=', epochOf(run)),
      )
      .onConflict((conflict) => conflict.doNothing())
  }

  #insert() {
    return this.#database.queries
      .insertInto('airlock_resolutions')
      .columns(['run_id', 'seq', 'lease_epoch', 'tenant_id', 'resolution_id', 'resolution_json'])
  }
}
