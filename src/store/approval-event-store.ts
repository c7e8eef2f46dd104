import type { ApprovalNotice } from '../notifiers/approval-notice.ts'
import type { Database } from './database.ts'

/** A notice that a notifier has still to be told. */
export interface OutboxItem {
  readonly notifier: string
  readonly notice: ApprovalNotice
  /** How often it was tried before. */
  readonly attempts: number
  /** What it is claimed by. */
  readonly nextAt: number
}

/** Most that is taken at once. */
const PAGE = 100

/**
 * What happened to approval requests, and what notifiers have still to be told of it. Both were written with
 * the change itself; whoever tells takes an item for a time, so that of several processes one tells, and
 * another does when that one dies.
 */
export class ApprovalEventStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Tells of everything that happened since, oldest first. */
  async eachSince(time: number, tell: (notice: ApprovalNotice) => void): Promise<void> {
    let last = { at: time, id: '' }
    for (;;) {
      const rows = await this.#database.queries
        .selectFrom('airlock_approval_events')
        .select(['notice_json', 'happened_at', 'id'])
        .where((is) =>
          is.or([
            is('happened_at', '>', last.at),
            is.and([is('happened_at', '=', last.at), is('id', '>', last.id)]),
          ]),
        )
        .orderBy('happened_at')
        .orderBy('id')
        .limit(PAGE)
        .execute()
      for (const { notice_json } of rows) tell(JSON.parse(notice_json))
      const newest = rows.at(-1)
      if (newest === undefined || rows.length < PAGE) return
      last = { at: newest.happened_at, id: newest.id }
    }
  }

  /** When something happened; `null` when it is not known, or no more. */
  async timeOf(eventId: string): Promise<number | null> {
    const row = await this.#database.queries
      .selectFrom('airlock_approval_events')
      .select('happened_at')
      .where('id', '=', eventId)
      .executeTakeFirst()
    return row?.happened_at ?? null
  }

  /** Forgets what happened before, except what somebody has still to be told. */
  async forgetBefore(time: number): Promise<void> {
    await this.#database.queries
      .deleteFrom('airlock_approval_events')
      .where('happened_at', '<', time)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('airlock_outbox')
              .select('event_id')
              .whereRef('airlock_outbox.event_id', '=', 'airlock_approval_events.id'),
          ),
        ),
      )
      .execute()
  }

  /**
   * Takes what is due.
   *
   * @param until - So long nobody else takes it.
   */
  async claim(
    notifiers: readonly string[],
    now: number,
    until: number,
  ): Promise<readonly OutboxItem[]> {
    const due = await this.#database.queries
      .selectFrom('airlock_outbox')
      .innerJoin('airlock_approval_events', 'airlock_approval_events.id', 'airlock_outbox.event_id')
      .select(['event_id', 'notifier', 'attempts', 'next_at', 'notice_json'])
      .where('next_at', '<=', now)
      .where('gave_up_at', 'is', null)
      .where('notifier', 'in', notifiers)
      .orderBy('next_at')
      .limit(PAGE)
      .execute()
    const claimed = await this.#database.together(
      due.map(({ event_id, notifier, next_at }) =>
        this.#database.queries
          .updateTable('airlock_outbox')
          .set({ next_at: until })
          .where('event_id', '=', event_id)
          .where('notifier', '=', notifier)
          .where('next_at', '=', next_at),
      ),
    )
    return due.flatMap(({ notifier, attempts, notice_json }, index) =>
      claimed[index] === 1
        ? [{ notifier, attempts, notice: JSON.parse(notice_json), nextAt: until }]
        : [],
    )
  }

  /** It was told. */
  async delivered({ notice, notifier }: OutboxItem): Promise<void> {
    await this.#database.queries
      .deleteFrom('airlock_outbox')
      .where('event_id', '=', notice.id)
      .where('notifier', '=', notifier)
      .execute()
  }

  /** It was not tried: somebody else may. */
  async release({ notice, notifier, nextAt }: OutboxItem, now: number): Promise<void> {
    await this.#database.queries
      .updateTable('airlock_outbox')
      .set({ next_at: now })
      .where('event_id', '=', notice.id)
      .where('notifier', '=', notifier)
      .where('next_at', '=', nextAt)
      .execute()
  }

  /** It could not be told: later, or never again. */
  async failed(
    { notice, notifier, attempts, nextAt }: OutboxItem,
    why: string,
    then: { readonly nextAt: number } | { readonly gaveUpAt: number },
  ): Promise<void> {
    await this.#database.queries
      .updateTable('airlock_outbox')
      .set({
        attempts: attempts + 1,
        last_error: why,
        ...('nextAt' in then ? { next_at: then.nextAt } : { gave_up_at: then.gaveUpAt }),
      })
      .where('event_id', '=', notice.id)
      .where('notifier', '=', notifier)
      .where('next_at', '=', nextAt)
      .execute()
  }
}
