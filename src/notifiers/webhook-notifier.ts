import { createHmac } from 'node:crypto'
import { ConfigurationError, refuseUnknownOptions } from '../../harness/index.ts'
import type { Notifier } from './notifier.ts'

/** How a webhook notifier is made. */
export interface WebhookNotifierOptions {
  /** Unique within an app, for more than one webhook. Default `webhook`. */
  readonly name?: string
  /** Where notices are sent: `https:`, or `http:` to this machine. Redirects are not followed. */
  readonly url: string | URL
  /**
   * What they are signed with: `whsec_` and at least 24 bytes in base64, as Standard Webhooks has it, or
   * any text of at least 24 characters.
   */
  readonly secret: string
  /** How long the receiver may take, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number
}

const OPTIONS: readonly (keyof WebhookNotifierOptions)[] = ['name', 'url', 'secret', 'timeoutMs']
const MIN_SECRET_BYTES = 24
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/**
 * Sends each notice to a URL as JSON, signed as Standard Webhooks says: `webhook-id` is the notice's id and
 * the same for each attempt, `webhook-timestamp` is in seconds, and `webhook-signature` is `v1,` and the
 * HMAC-SHA256 of `id.timestamp.body` in base64. Anything but a 2xx answer is a failure.
 *
 * @throws {ConfigurationError} For a URL that is neither `https:` nor of this machine, credentials in the
 * URL, or a secret that is too short.
 *
 * @example
 * ```ts
 * webhookNotifier({ url: 'https://hooks.example/airlock', secret: readSecret('WEBHOOK_SECRET') })
 * ```
 */
export function webhookNotifier(options: WebhookNotifierOptions): Notifier {
  refuseUnknownOptions('webhookNotifier', options, OPTIONS)
  const { name = 'webhook', timeoutMs = 10_000 } = options
  const url = readUrl(options.url)
  const key = readSecret(options.secret)
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    throw new ConfigurationError('webhookNotifier timeoutMs must be a positive whole number')
  }
  return {
    name,
    async notify(notice, { signal }) {
      const body = JSON.stringify(notice)
      // Of the moment of sending, so that a receiver can refuse what somebody recorded.
      const timestamp = String(Math.floor(Date.now() / 1_000))
      const signature = createHmac('sha256', key)
        .update(`${notice.id}.${timestamp}.${body}`)
        .digest('base64')
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'airlock',
          'webhook-id': notice.id,
          'webhook-timestamp': timestamp,
          'webhook-signature': `v1,${signature}`,
        },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      await response.body?.cancel()
      if (!response.ok) throw new Error(`The receiver answered ${response.status}`)
    },
  }
}

function readUrl(value: unknown): URL {
  const url = URL.parse(String(value))
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname))
  if (url === null || !isSafe) {
    throw new ConfigurationError(
      'webhookNotifier url must be an https: address, or http: of this machine',
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConfigurationError('webhookNotifier url must hold no credentials; it is signed')
  }
  return url
}

function readSecret(value: unknown): Buffer {
  const text = typeof value === 'string' ? value : ''
  const isEncoded = text.startsWith('whsec_')
  const key = isEncoded ? Buffer.from(text.slice('whsec_'.length), 'base64') : Buffer.from(text)
  if (key.length >= MIN_SECRET_BYTES) return key
  throw new ConfigurationError(
    `webhookNotifier secret must have at least ${MIN_SECRET_BYTES} bytes; make one with crypto.randomBytes(32)`,
  )
}
