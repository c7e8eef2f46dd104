import { setTimeout as delay } from 'node:timers/promises'

/** What to do about one failed attempt. */
export interface FailedAttempt {
  readonly isRetryable: boolean
  /** How long the other side asked to be left alone, in milliseconds. */
  readonly retryAfterMs?: number
}

/** When to try again. */
export interface RetryPolicy {
  /** Attempts after the first. */
  readonly maxRetries: number
  /** Upper bound of the first wait, in milliseconds; it doubles with each retry. */
  readonly backoffMs: number
  /** Ends the waiting, and with it the retries. */
  readonly signal: AbortSignal
  judge(error: unknown): FailedAttempt
}

/**
 * Calls `attempt` until it succeeds, cannot be retried, or was retried often enough; then the last
 * error is thrown. Waits a random time between half of the backoff and all of it, so that callers who
 * failed together do not return together, and never less than the other side asked for.
 */
export async function retry<T>(attempt: () => Promise<T>, policy: RetryPolicy): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await attempt()
    } catch (error) {
      const { isRetryable, retryAfterMs = 0 } = policy.judge(error)
      if (!isRetryable || retries >= policy.maxRetries || policy.signal.aborted) throw error
      const backoffMs = policy.backoffMs * 2 ** retries * (0.5 + Math.random() / 2)
      await delay(Math.max(backoffMs, retryAfterMs), undefined, { signal: policy.signal })
    }
  }
}

/**
 * Reads how long a server asks its client to wait, from `Retry-After` (seconds or a date) or from
 * `retry-after-ms`. An unreadable value counts as none.
 *
 * @param headers - Response headers with lower-case names.
 * @param now - Milliseconds since 1970.
 */
export function readRetryAfter(
  headers: Readonly<Record<string, string | undefined>>,
  now: number,
): number | undefined {
  const milliseconds = Number.parseFloat(headers['retry-after-ms'] ?? '')
  if (milliseconds >= 0) return milliseconds
  const text = headers['retry-after']?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
