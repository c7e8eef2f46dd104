import type { ApprovalNotice } from './approval-notice.ts'

/**
 * Tells people that something waits for them. Each notice is told at least once, and again with the same
 * `id` where nobody knows whether it arrived; what a notifier throws is retried. Slack, mail and whatever
 * else there is are implementations of this.
 *
 * @example
 * ```ts
 * const slack: Notifier = {
 *   name: 'slack',
 *   async notify({ type, approval }, { signal }) {
 *     const text = `${type}: ${approval.rule} at ${approval.endpoint}, https://airlock.example${approval.path}`
 *     const response = await fetch(slackUrl, { method: 'POST', body: JSON.stringify({ text }), signal })
 *     if (!response.ok) throw new Error(`Slack answered ${response.status}`)
 *   },
 * }
 * ```
 */
export interface Notifier {
  /** Unique within an app, and the same after a restart: what it has still to be told is kept by it. */
  readonly name: string
  /** Resolves when the notice has been taken. */
  notify(notice: ApprovalNotice, context: { readonly signal: AbortSignal }): Promise<void>
  /** Lets go of whatever it keeps open; called when the app closes. */
  close?(): Promise<void>
}
