import type { Compilable } from 'kysely'
import { type ExecutionTrace, namesIn, verdictOf } from '../../harness/index.ts'
import type { Database } from '../store/database.ts'
import { preparedQuery } from '../store/prepared-query.ts'
import { ownerKeyOf } from '../store/subject-keys.ts'
import type { TraceTable } from '../store/tables.ts'
import type { AuditRecord } from './audit-record.ts'
import { type Chained, isChained } from './chain-statements.ts'

/** What a trace is found by, read off the trace itself. */
export type TraceColumns = Omit<TraceTable, 'position' | 'run_id' | 'record_position' | 'at'>

/** The place of the statement that makes a row. */
export const INSERTED = { ofNew: 0, ofKnown: 1 } as const

/** A run that names more is not found by the rest. */
const MAX_NAMES = 200

export function columnsOf(trace: ExecutionTrace): TraceColumns {
  return {
    tenant_id: trace.requester?.tenantId ?? null,
    user_id: trace.requester?.userId ?? null,
    owner_json: ownerKeyOf(trace.requester),
    endpoint: trace.endpoint,
    status: trace.status,
    verdict: verdictOf(trace),
  }
}

/** The names that a trace is found by. */
export function searchedNames(trace: ExecutionTrace): readonly string[] {
  return namesIn(trace).slice(0, MAX_NAMES)
}

/** The statements that make a trace findable, built once. */
export interface TraceStatements {
  /** Changes the row of a run. */
  readonly change: (row: ChainedRow) => Compilable
  /** Makes a row, where the run has none. */
  readonly insert: (row: ChainedRow) => Compilable
  readonly name: (named: ChainedName) => Compilable
}

type ChainedRow = TraceTable & { readonly to: string }

interface ChainedName {
  readonly run_id: string
  readonly name: string
  readonly to: string
}

export function traceStatements(queries: Database['queries']): TraceStatements {
  return {
    change: preparedQuery<ChainedRow>((slot) => {
      const set = CHANGED.map((name) => [name, slot(name)] as const)
      return queries
        .updateTable('airlock_traces')
        .set(Object.fromEntries(set))
        .where('run_id', '=', slot('run_id'))
        .where(isChained(slot('to')))
    }),
    insert: preparedQuery<ChainedRow>((slot) =>
      queries
        .insertInto('airlock_traces')
        .columns([...TEXTS, ...NUMBERS])
        .expression(({ selectFrom, cast, val }) =>
          selectFrom('airlock_audit_head')
            .select([
              ...TEXTS.map((name) => cast<string>(val(slot(name)), 'text').as(name)),
              ...NUMBERS.map((name) => cast<number>(val(slot(name)), 'bigint').as(name)),
            ])
            .where('airlock_audit_head.hash', '=', slot('to')),
        )
        .onConflict((conflict) => conflict.column('run_id').doNothing()),
    ),
    name: preparedQuery<ChainedName>((slot) =>
      queries
        .insertInto('airlock_trace_names')
        .columns(['position', 'name'])
        .expression(({ selectFrom, cast, val }) =>
          selectFrom('airlock_traces')
            .select(['position', cast<string>(val(slot('name')), 'text').as('name')])
            .where('run_id', '=', slot('run_id'))
            .where(isChained(slot('to'))),
        )
        .onConflict((conflict) => conflict.columns(['position', 'name']).doNothing()),
    ),
  }
}

const TEXTS = [
  ...(['run_id', 'tenant_id', 'user_id', 'owner_json'] as const),
  ...(['endpoint', 'status', 'verdict'] as const),
] as const

const NUMBERS = ['position', 'record_position', 'at'] as const

const CHANGED = [
  ...(['tenant_id', 'user_id', 'owner_json'] as const),
  ...(['endpoint', 'status', 'verdict', 'record_position'] as const),
] as const

/**
 * What makes a trace findable: its row is changed where the run has one, else made. The statement at
 * {@link INSERTED} says by the rows it changed whether it was made.
 *
 * @param isNew - The run has none: it has just been begun.
 */
export function indexTrace(
  statements: TraceStatements,
  trace: ExecutionTrace,
  { position, at }: AuditRecord,
  { hash: to }: Chained,
  isNew: boolean,
): readonly Compilable[] {
  const run_id = trace.runId
  const row = { position, run_id, record_position: position, at, ...columnsOf(trace), to }
  return [
    ...(isNew ? [] : [statements.change(row)]),
    statements.insert(row),
    ...searchedNames(trace).map((name) => statements.name({ run_id, name, to })),
  ]
}
