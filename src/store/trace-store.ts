import type { Compilable } from 'kysely'
import type { AuditRecorder, ExecutionTrace, TraceFilter, TraceOwner } from '../../harness/index.ts'
import type { AuditChain } from '../audit/audit-chain.ts'
import { type AuditContent, contentOf, openTrace, payloadOf } from '../audit/audit-payload.ts'
import type { AuditKind, AuditRecord } from '../audit/audit-record.ts'
import type { AuditRetention } from '../audit/audit-retention.ts'
import type { ChainCondition, ChainEntry, Chained } from '../audit/chain-statements.ts'
import {
  INSERTED,
  indexTrace,
  type TraceStatements,
  traceStatements,
} from '../audit/trace-columns.ts'
import { type FoundTrace, findOwners, findTraces } from '../audit/trace-search.ts'
import type { Database } from './database.ts'
import { limitOf } from './list-limit.ts'
import type { RunStatus } from './run-store.ts'
import type { SubjectSeal } from './subject-keys.ts'

/** What a {@link DatabaseAuditRecorder} works with. */
export interface AuditParts {
  readonly database: Database
  readonly chain: AuditChain
  readonly seal: SubjectSeal
  readonly retention: AuditRetention
}

/** Something that happened beside the course of a run, for the audit chain. */
export interface AuditEvent extends AuditContent {
  readonly kind: AuditKind
  readonly runId?: string
}

/** Where events are chained, together with what they are about. */
export interface AuditTrail {
  /**
   * Chains an event, and whatever is to be written with it.
   *
   * @returns `null`, with nothing written, when the condition does not hold.
   * @throws {StoreError} When nothing was written.
   */
  record(event: AuditEvent, also?: WithRecord): Promise<AuditRecord | null>
}

/** What is written with a record, and under which condition. */
export type WithRecord = Pick<ChainEntry, 'with' | 'onlyIf'>

/** A page of traces, newest first. */
export interface TracePage {
  readonly traces: readonly ExecutionTrace[]
  /** Asks for the page after it; `null` when there is none. A page may be short and have one after it. */
  readonly next: string | null
}

/** What a page is asked for by. */
export interface TraceSearch extends TraceFilter {
  /** The `next` of the page before. Pages do not shift when traces are added meanwhile. */
  readonly cursor?: string
  /** Whose traces may be seen; asked once for each owner. Default: everybody's. */
  readonly mayRead?: (owner: TraceOwner) => Promise<boolean>
}

/** Traces in the database, redacted, chained, what is personal in them encrypted. */
export class DatabaseAuditRecorder implements AuditRecorder, AuditTrail {
  readonly #parts: AuditParts
  readonly #statements: TraceStatements

  constructor(parts: AuditParts) {
    this.#parts = parts
    this.#statements = traceStatements(parts.database.queries)
  }

  async started(trace: ExecutionTrace): Promise<void> {
    await this.#keep('trace.started', trace)
  }

  async updated(trace: ExecutionTrace): Promise<void> {
    await this.#keep('trace.updated', trace)
  }

  /** Chains a trace that was kept at this place before there was a chain, once however many try. */
  async adopt(trace: ExecutionTrace, place: number): Promise<void> {
    const { queries } = this.#parts.database
    await this.#keep('trace.adopted', trace, {
      onlyIf: {
        key: `unchained ${place}`,
        holds: () =>
          queries
            .selectFrom('airlock_unchained_traces')
            .select('position')
            .where('position', '=', place),
      },
      change: (chained) =>
        queries
          .deleteFrom('airlock_unchained_traces')
          .where('position', '=', place)
          .where(chained.is),
    })
  }

  /**
   * Keeps a trace together with what changes its run, both or neither, while the run has one of these
   * statuses.
   *
   * @param epoch - And is in this holding, where it matters who writes.
   * @param change - The statement that changes the run; it must ask the condition it is given.
   * @returns Whether the run was there like that.
   */
  async settle(
    trace: ExecutionTrace,
    from: { readonly statuses: readonly RunStatus[]; readonly epoch?: number },
    change: (chained: Chained) => Compilable,
  ): Promise<boolean> {
    const { runId } = trace
    const { statuses, epoch } = from
    const onlyIf: ChainCondition = {
      key: `run ${runId} ${statuses.join(' ')} ${epoch ?? ''}`,
      holds: ({ queries }) =>
        queries
          .selectFrom('airlock_runs')
          .select('run_id')
          .where('run_id', '=', runId)
          .where('status', 'in', statuses)
          .$if(epoch !== undefined, (query) => query.where('lease_epoch', '=', epoch ?? 0)),
    }
    return this.#keep('trace.updated', trace, { onlyIf, change })
  }

  /**
   * Chains an event, and whatever is to be written with it.
   *
   * @returns `null`, with nothing written, when the condition does not hold.
   * @throws {StoreError} When nothing was written.
   */
  async record(event: AuditEvent, also: WithRecord = {}): Promise<AuditRecord | null> {
    const { kind, runId = null } = event
    const payload = await payloadOf(event, this.#parts.seal)
    const chained = await this.#parts.chain.append({ kind, runId, payload, ...also })
    return chained?.record ?? null
  }

  async list(filter: TraceFilter): Promise<readonly ExecutionTrace[]> {
    const limit = limitOf(filter)
    const traces: ExecutionTrace[] = []
    let before: number | null = null
    do {
      const wanted = limit - traces.length
      const page = await findTraces(this.#parts.database, { filter, before, limit: wanted })
      traces.push(...(await this.#read(page.found)))
      before = page.before
    } while (before !== null && traces.length < limit)
    return traces
  }

  owners(filter: TraceFilter): Promise<readonly TraceOwner[]> {
    return findOwners(this.#parts.database, filter)
  }

  /** Looks for traces, page by page, each in bounded time. @throws {TypeError} When the cursor is none. */
  async search({ cursor, mayRead, ...filter }: TraceSearch): Promise<TracePage> {
    const page = await findTraces(this.#parts.database, {
      ...{ filter, before: cursor === undefined ? null : positionOf(cursor) },
      limit: limitOf(filter),
      ...(mayRead === undefined ? {} : { mayRead }),
    })
    const next = page.before === null ? null : page.before.toString(36)
    return { traces: await this.#read(page.found), next }
  }

  async #keep(
    kind: AuditKind,
    trace: ExecutionTrace,
    settling?: {
      readonly onlyIf: ChainCondition
      readonly change: (chained: Chained) => Compilable
    },
  ): Promise<boolean> {
    const { chain, seal, retention } = this.#parts
    const isNew = kind === 'trace.started'
    const kept = await chain.append({
      ...{ kind, runId: trace.runId, payload: await payloadOf(contentOf(trace), seal) },
      with: (record, chained) => [
        ...indexTrace(this.#statements, trace, record, chained, isNew),
        ...(settling === undefined ? [] : [settling.change(chained)]),
      ],
      ...(settling === undefined ? {} : { onlyIf: settling.onlyIf }),
    })
    if (kept === null) return false
    if (kept.changes[isNew ? INSERTED.ofNew : INSERTED.ofKnown] !== 0) await retention.added()
    return true
  }

  async #read(found: readonly FoundTrace[]): Promise<readonly ExecutionTrace[]> {
    const { seal } = this.#parts
    return Promise.all(found.map(({ payload, runId }) => openTrace(payload, runId, seal)))
  }
}

/** Whether a text can be the `next` of a page. */
export function isTraceCursor(text: string): boolean {
  return /^[1-9a-z][0-9a-z]{0,9}$/.test(text)
}

function positionOf(cursor: string): number {
  if (isTraceCursor(cursor)) return Number.parseInt(cursor, 36)
  throw new TypeError('This is not the `next` of a page')
}
