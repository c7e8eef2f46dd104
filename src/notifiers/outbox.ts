import { type Logger, redactText } from '../../harness/index.ts'
import type { ApprovalEventStore, OutboxItem } from '../store/approval-event-store.ts'
import type { Notifier } from './notifier.ts'

/** What an {@link Outbox} works with. */
export interface OutboxOptions {
  readonly store: ApprovalEventStore
  readonly notifiers: readonly Notifier[]
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly logger: Logger
  /** From 0 to 1, for the jitter; for tests. Default `Math.random`. */
  readonly random?: () => number
}

/** How long one attempt may take; whoever claims an item has it for longer. */
const ATTEMPT_MS = 30_000
const CLAIM_MS = 2 * ATTEMPT_MS
const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 3_600_000
/** With the delays doubling, a bit more than a day. */
const MAX_ATTEMPTS = 36
const MAX_ERROR_LENGTH = 500

/**
 * Tells notifiers what is in the outbox, each notice until it was taken: with delays that double and
 * scatter, and not for ever. Nothing is kept in memory, so what a process leaves behind another one tells.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #abort = new AbortController()
  #sending: Promise<void> | null = null
  #isDue = false

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Tells what is due, in the background. Calls while it does so make it look once more. */
  send(): void {
    if (this.#options.notifiers.length === 0 || this.#abort.signal.aborted) return
    this.#isDue = true
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null
    })
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#sending !== null) await this.#sending
  }

  /** Cuts off what is on its way; it is told again by whoever starts next. */
  async close(): Promise<void> {
    this.#abort.abort()
    await this.idle()
    await Promise.allSettled(this.#options.notifiers.map((notifier) => notifier.close?.()))
  }

  async #sendAll(): Promise<void> {
    const { store, notifiers, clock, logger } = this.#options
    try {
      while (this.#isDue && !this.#abort.signal.aborted) {
        this.#isDue = false
        const names = notifiers.map(({ name }) => name)
        const now = clock()
        const items = await store.claim(names, now, now + CLAIM_MS)
        if (items.length > 0) this.#isDue = true
        // One after the other for each notifier, so that they come in order as long as none fails.
        await Promise.all(
          notifiers.map(async (notifier) => {
            for (const item of items)
              if (item.notifier === notifier.name) await this.#tell(notifier, item)
          }),
        )
      }
    } catch (error) {
      logger.error({ err: error }, 'The outbox could not be read')
    }
  }

  async #tell(notifier: Notifier, item: OutboxItem): Promise<void> {
    const { store, clock, logger } = this.#options
    // What there is no time left for is taken again.
    if (this.#abort.signal.aborted || clock() > item.nextAt - ATTEMPT_MS) {
      return store.release(item, clock())
    }
    const fields = { notifier: notifier.name, noticeId: item.notice.id }
    try {
      const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(ATTEMPT_MS)])
      await withinSignal(notifier.notify(item.notice, { signal }), signal)
    } catch (error) {
      if (this.#abort.signal.aborted) return store.release(item, clock())
      const why = redactText(error instanceof Error ? error.message : 'It failed')
      const isLast = item.attempts + 1 >= MAX_ATTEMPTS
      const then = isLast ? { gaveUpAt: clock() } : { nextAt: clock() + this.#delay(item.attempts) }
      await store.failed(item, why.slice(0, MAX_ERROR_LENGTH), then)
      if (isLast) logger.error({ ...fields, why }, 'A notice was given up')
      else logger.warn({ ...fields, why, attempts: item.attempts + 1 }, 'A notice will be retried')
      return
    }
    // If this fails the notice is told once more: at least once, with the same id.
    await store.delivered(item)
  }

  #delay(attempts: number): number {
    const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempts)
    const { random = Math.random } = this.#options
    return Math.round(longest * (0.5 + random() / 2))
  }
}

/** A notifier that does not listen to its signal holds up nobody else's. */
async function withinSignal(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  if (signal.aborted) reject(signal.reason)
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
