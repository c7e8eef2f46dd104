import type { Logger } from '../harness/index.ts'
import type { ApprovalNotice } from './notifiers/approval-notice.ts'
import type { ApprovalEventStore } from './store/approval-event-store.ts'

/** Told of what happens to approval requests. */
export type ApprovalListener = (notice: ApprovalNotice) => void

/** What {@link ApprovalEvents} works with. */
export interface ApprovalEventsOptions {
  readonly store: () => Promise<ApprovalEventStore>
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly logger: Logger
}

interface Listening {
  readonly from: number
  readonly listener: ApprovalListener
}

/** Clocks of processes that share a store may differ by as much, and a write may take as long. */
const OVERLAP_MS = 10_000

/**
 * Tells listeners in this process what happens to requests, in whichever process it does. Everything comes out
 * of the store: what this process wrote at once, the rest when it is looked at again.
 */
export class ApprovalEvents {
  readonly #options: ApprovalEventsOptions
  readonly #listening = new Set<Listening>()
  /** What was told, and when it had happened. */
  readonly #told = new Map<string, number>()
  #since = 0
  #looking: Promise<void> | null = null
  #isDue = false

  constructor(options: ApprovalEventsOptions) {
    this.#options = options
  }

  /** How many listen. */
  get count(): number {
    return this.#listening.size
  }

  /**
   * Tells of what happens from now on, each thing once.
   *
   * @returns What ends it.
   */
  on(listener: ApprovalListener): () => void {
    const entry = { from: this.#options.clock(), listener }
    if (this.#listening.size === 0) this.#since = entry.from
    this.#listening.add(entry)
    return () => {
      this.#listening.delete(entry)
    }
  }

  /** Looks for news, if anybody listens. Calls while it does so make it look once more. */
  look(): void {
    if (this.#listening.size === 0) return
    this.#isDue = true
    this.#looking ??= this.#lookThrough().finally(() => {
      this.#looking = null
    })
  }

  /** Resolves when nobody looks. */
  async idle(): Promise<void> {
    while (this.#looking !== null) await this.#looking
  }

  async #lookThrough(): Promise<void> {
    try {
      const store = await this.#options.store()
      while (this.#isDue) {
        this.#isDue = false
        await store.eachSince(this.#since - OVERLAP_MS, (notice) => this.#tell(notice))
      }
      this.#since = Math.max(this.#since, this.#options.clock() - OVERLAP_MS)
      for (const [id, at] of this.#told) {
        if (at < this.#since - 2 * OVERLAP_MS) this.#told.delete(id)
      }
    } catch (error) {
      this.#options.logger.error({ err: error }, 'News of approvals could not be read')
    }
  }

  #tell(notice: ApprovalNotice): void {
    if (this.#told.has(notice.id)) return
    this.#told.set(notice.id, notice.at)
    for (const { from, listener } of this.#listening) {
      if (notice.at < from) continue
      try {
        listener(notice)
      } catch (error) {
        this.#options.logger.error({ err: error }, 'A listener of approvals failed')
      }
    }
  }
}
