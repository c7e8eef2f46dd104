import { type AuthUser, type ClaimedUser, readUser } from './security/auth-user.ts'

/**
 * Reads a user that code vouches for, instead of a credential.
 *
 * @throws {TypeError} Names the field that makes it unusable.
 */
export function vouchedUser(user: ClaimedUser | null | undefined): AuthUser | null {
  if (user === null || user === undefined) return null
  const reading = readUser(user)
  if (reading.ok) return reading.user
  throw new TypeError(
    `The user's field "${reading.field}" is missing, unknown or of the wrong type`,
  )
}
