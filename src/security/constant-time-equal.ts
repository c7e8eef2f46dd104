import { hash, timingSafeEqual } from 'node:crypto'

/**
 * Compares two secrets without telling by its duration where they differ, or whether they have the
 * same length: both become digests of one length first.
 *
 * @example
 * ```ts
 * const verify: Verify<APIKeyCredentials> = ({ credentials }) =>
 *   constantTimeEqual(credentials, storedKey) ? { userId: 'u1', roles: ['admin'] } : null
 * ```
 */
export function constantTimeEqual(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

// UTF-16 keeps strings apart that UTF-8 would both turn into U+FFFD.
function digest(text: string): Uint8Array {
  return hash('sha256', Buffer.from(text, 'utf16le'), 'buffer')
}
