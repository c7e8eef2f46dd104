import type { Compilable, Kysely, Selectable } from 'kysely'
import type { JournalAnswer, JournalEntry } from '../../harness/index.ts'
import { preparedQuery, type Slots } from './prepared-query.ts'
import type { JournalTable, Tables } from './tables.ts'

/** The columns of a call that is written down; the tenant is its run's. */
export type JournalColumns = Omit<Selectable<JournalTable>, 'tenant_id' | 'is_released'>

/** What an answer to a call says. */
export interface AnswerColumns {
  readonly run_id: string
  readonly seq: number
  readonly answer_json: string
  readonly finished_order: number
  readonly finished_at: number
}

/** The two statements of every call. `epoch` is the holding that may write; null lets everybody. */
export interface JournalStatements {
  /** Writes a call down, unless its place is taken or the run is held by somebody else. */
  started(columns: JournalColumns, epoch: number | null): Compilable
  /** Answers a call that has no answer, while the run is not held by somebody else. */
  finished(columns: AnswerColumns, epoch: number | null): Compilable
}

interface Held {
  readonly epoch: number
}

const TEXTS = [
  'run_id',
  'tool',
  'argument_json',
  'effective_json',
  'digest',
  'idempotency_key',
  'answer_json',
  'turns_json',
] as const

const NUMBERS = ['seq', 'read_only', 'started_at', 'finished_order', 'finished_at'] as const

/** Builds the statements once: they are run with every call of every program. */
export function journalStatements(queries: Kysely<Tables>): JournalStatements {
  const startedFreely = preparedQuery<JournalColumns>((slot) => insertFreely(queries, slot))
  const startedHeld = preparedQuery<JournalColumns & Held>((slot) => insertHeld(queries, slot))
  const finishedFreely = preparedQuery<AnswerColumns>((slot) => answer(queries, slot))
  const finishedHeld = preparedQuery<AnswerColumns & Held>((slot) =>
    answer(queries, slot).where(({ exists, selectFrom }) =>
      exists(
        selectFrom('airlock_runs')
          .select('airlock_runs.run_id')
          .where('airlock_runs.run_id', '=', slot('run_id'))
          .where('airlock_runs.lease_epoch', '=', slot('epoch')),
      ),
    ),
  )
  return {
    started: (columns, epoch) =>
      epoch === null ? startedFreely(columns) : startedHeld({ ...columns, epoch }),
    finished: (columns, epoch) =>
      epoch === null ? finishedFreely(columns) : finishedHeld({ ...columns, epoch }),
  }
}

function insertFreely(queries: Kysely<Tables>, slot: Slots<JournalColumns>): Compilable {
  return queries
    .insertInto('airlock_journal')
    .values(({ selectFrom }) => ({
      ...columnsOf(slot),
      tenant_id: selectFrom('airlock_runs')
        .select('airlock_runs.tenant_id')
        .where('airlock_runs.run_id', '=', slot('run_id')),
    }))
    .onConflict((conflict) => conflict.columns(['run_id', 'seq']).doNothing())
}

function insertHeld(queries: Kysely<Tables>, slot: Slots<JournalColumns & Held>): Compilable {
  return queries
    .insertInto('airlock_journal')
    .columns([...TEXTS, ...NUMBERS, 'tenant_id'])
    .expression(({ selectFrom }) =>
      selectFrom('airlock_runs')
        .select(({ val, cast }) => [
          ...TEXTS.map((name) => val(slot(name)).as(name)),
          // An engine that knows no type of a parameter takes it for a text.
          ...NUMBERS.map((name) => cast<number>(val(slot(name)), 'bigint').as(name)),
          'airlock_runs.tenant_id',
        ])
        .where('airlock_runs.run_id', '=', slot('run_id'))
        .where('airlock_runs.lease_epoch', '=', slot('epoch')),
    )
    .onConflict((conflict) => conflict.columns(['run_id', 'seq']).doNothing())
}

function answer(queries: Kysely<Tables>, slot: Slots<AnswerColumns>) {
  return queries
    .updateTable('airlock_journal')
    .set({
      answer_json: slot('answer_json'),
      finished_order: slot('finished_order'),
      finished_at: slot('finished_at'),
      is_released: 0,
    })
    .where('run_id', '=', slot('run_id'))
    .where('seq', '=', slot('seq'))
    .where('answer_json', 'is', null)
}

function columnsOf(slot: Slots<JournalColumns>): JournalColumns {
  return {
    run_id: slot('run_id'),
    seq: slot('seq'),
    tool: slot('tool'),
    argument_json: slot('argument_json'),
    effective_json: slot('effective_json'),
    digest: slot('digest'),
    read_only: slot('read_only'),
    idempotency_key: slot('idempotency_key'),
    started_at: slot('started_at'),
    answer_json: slot('answer_json'),
    finished_order: slot('finished_order'),
    finished_at: slot('finished_at'),
    turns_json: slot('turns_json'),
  }
}

/** A call as its columns. */
export function toJournalColumns(entry: JournalEntry): JournalColumns {
  return {
    run_id: entry.runId,
    seq: entry.seq,
    tool: entry.tool,
    argument_json: JSON.stringify(entry.argument),
    effective_json: toJson(entry.effectiveArgument),
    digest: entry.digest,
    read_only: entry.readOnly ? 1 : 0,
    idempotency_key: entry.idempotencyKey,
    started_at: entry.startedAt,
    answer_json: toJson(entry.answer),
    finished_order: entry.finishedOrder ?? null,
    finished_at: entry.finishedAt ?? null,
    turns_json: toJson(entry.turns),
  }
}

/** A call as it was written down. */
export function toJournalEntry(row: Selectable<JournalTable>): JournalEntry {
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
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    ...(row.turns_json === null ? {} : { turns: JSON.parse(row.turns_json) }),
    ...(row.is_released === 1 ? { isReleased: true } : {}),
  }
}

function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}
