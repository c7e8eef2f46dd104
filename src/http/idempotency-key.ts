import { RequestError } from '../errors.ts'

const MAX_LENGTH = 255

/**
 * Reads the header `Idempotency-Key`.
 *
 * @returns `null` when there is none.
 * @throws {RequestError} `ERR_REQUEST_INVALID` when it is empty, longer than 255 characters, sent twice, or
 * holds anything but visible ASCII.
 */
export function readIdempotencyKey(headers: Headers): string | null {
  const value = headers.get('idempotency-key')
  if (value === null) return null
  // Two headers arrive as one with a comma between them.
  if (value.length <= MAX_LENGTH && /^[\x21-\x2b\x2d-\x7e]+$/.test(value)) return value
  throw new RequestError(
    'ERR_REQUEST_INVALID',
    `An Idempotency-Key has 1 to ${MAX_LENGTH} visible ASCII characters, without commas, and is sent once`,
  )
}
