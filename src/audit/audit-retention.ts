import { canonicalJson } from '../../harness/index.ts'
import type { Database } from '../store/database.ts'
import type { AuditChain } from './audit-chain.ts'

/** How much of the past is kept. Whatever is reached first counts. */
export interface AuditBounds {
  /** Most traces. */
  readonly maxTraces: number
  /** The longest that a payload is kept, in milliseconds. */
  readonly maxAgeMs?: number
  /** Most bytes of all payloads. */
  readonly maxBytes?: number
}

/** How many traces more than needed are forgotten at once: every time is a record of its own. */
const SHARE_AT_ONCE = 100

/**
 * Forgets the oldest payloads, always everything up to one place in the chain. What stays says so: a record
 * of the retention names the place, and the hashes of the records before it stay until a signed checkpoint
 * stands for them.
 */
export class AuditRetention {
  readonly #database: Database
  readonly #chain: AuditChain
  readonly #bounds: AuditBounds
  readonly #clock: () => number
  /** Traces that were there when they were counted last, and how many had been added by then. */
  #counted = { traces: 0, added: 0 }
  #added = 0
  #running: Promise<void> | null = null

  constructor(
    database: Database,
    chain: AuditChain,
    bounds: AuditBounds,
    clock: () => number = Date.now,
  ) {
    this.#database = database
    this.#chain = chain
    this.#bounds = bounds
    this.#clock = clock
  }

  /** A trace was added: resolves when there are no more than may be. */
  async added(): Promise<void> {
    this.#added += 1
    const { maxTraces } = this.#bounds
    while (this.#counted.traces + this.#added - this.#counted.added > maxTraces) await this.run()
  }

  /** Forgets whatever is beyond the bounds. */
  run(): Promise<void> {
    this.#running ??= this.#forget().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** Resolves when nothing is being forgotten. */
  async idle(): Promise<void> {
    await this.#running?.catch(() => {})
  }

  async #forget(): Promise<void> {
    const { floor } = await this.#chain.end()
    const counted = await this.#count()
    const places = await Promise.all([
      this.#byCount(counted.traces),
      this.#byAge(),
      this.#byBytes(),
    ])
    const upTo = Math.max(...places)
    if (upTo > floor) await this.#forgetUpTo(floor, upTo)
    this.#counted = upTo > floor ? await this.#count() : counted
  }

  async #count(): Promise<{ readonly traces: number; readonly added: number }> {
    const added = this.#added
    const row = await this.#database.queries
      .selectFrom('airlock_traces')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return { traces: Number(row.count), added }
  }

  async #byCount(count: number): Promise<number> {
    const { maxTraces } = this.#bounds
    if (count <= maxTraces) return 0
    const ahead = Math.floor(maxTraces / SHARE_AT_ONCE)
    const row = await this.#database.queries
      .selectFrom('airlock_traces')
      .select('position')
      .orderBy('position')
      .offset(count - maxTraces + ahead - 1)
      .limit(1)
      .executeTakeFirst()
    return row?.position ?? 0
  }

  async #byAge(): Promise<number> {
    const { maxAgeMs } = this.#bounds
    if (maxAgeMs === undefined) return 0
    const oldest = this.#clock() - maxAgeMs
    return this.#lastWhere(({ at }) => at < oldest)
  }

  async #byBytes(): Promise<number> {
    const { maxBytes } = this.#bounds
    if (maxBytes === undefined) return 0
    const { totalBytes } = await this.#chain.end()
    return this.#lastWhere((record) => totalBytes - record.total_bytes >= maxBytes)
  }

  /** The last position for which something holds that holds up to some place and not after it. */
  async #lastWhere(
    holds: (record: { readonly at: number; readonly total_bytes: number }) => boolean,
  ): Promise<number> {
    const ends = await this.#database.queries
      .selectFrom('airlock_audit_records')
      .select(({ fn }) => [fn.min('position').as('first'), fn.max('position').as('last')])
      .executeTakeFirst()
    let low = (ends?.first ?? 1) - 1
    let high = ends?.last ?? 0
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const record = await this.#database.queries
        .selectFrom('airlock_audit_records')
        .select(['at', 'total_bytes'])
        .where('position', '=', middle)
        .executeTakeFirst()
      if (record !== undefined && holds(record)) low = middle
      else high = middle - 1
    }
    return low
  }

  async #forgetUpTo(floor: number, upTo: number): Promise<void> {
    const { queries } = this.#database
    await this.#chain.append({
      kind: 'retention',
      runId: null,
      payload: canonicalJson({ facts: { upTo } }),
      with: (_, chained) => [
        queries.updateTable('airlock_audit_head').set({ floor: upTo }).where(chained.is),
        queries
          .updateTable('airlock_audit_records')
          .set({ payload: null })
          .where('position', '>', floor)
          .where('position', '<=', upTo)
          .where(chained.is),
        queries.deleteFrom('airlock_trace_names').where('position', '<=', upTo).where(chained.is),
        queries.deleteFrom('airlock_traces').where('position', '<=', upTo).where(chained.is),
      ],
    })
  }
}
