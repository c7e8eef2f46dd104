import type { Logger } from '../../harness/index.ts'
import { AuthenticationError, AuthorizationError } from '../errors.ts'
import type { AuthUser } from '../security/auth-user.ts'
import type { RouteGuard } from './app-port.ts'

/**
 * Finds out who is calling. Nobody (`null`) only where the route is public and nothing was presented:
 * a bad credential is refused there too, and so is everything where the guard has no authenticator.
 *
 * @throws {AuthenticationError} Missing, bad, or nobody could decide.
 * @throws {AuthorizationError} Not public and without an authenticator.
 */
export async function identifyCaller(
  request: Request,
  guard: RouteGuard,
  logger: Logger,
): Promise<AuthUser | null> {
  if (guard.authenticator === null) {
    if (guard.isPublic) return null
    // No credential would help, so this is not a 401, which would have to ask for one.
    throw new AuthorizationError('There is no authentication here, so nobody may do this')
  }
  const found = await guard.authenticator.authenticate(request)
  switch (found.kind) {
    case 'user':
      return found.user
    case 'missing':
      if (guard.isPublic) return null
      throw new AuthenticationError('ERR_AUTHENTICATION_REQUIRED', 'Credentials are required', {
        challenge: found.challenge,
      })
    case 'bad':
      logger.warn({ reason: found.reason }, 'Credentials were refused')
      throw new AuthenticationError('ERR_AUTHENTICATION_FAILED', 'The credentials are not valid', {
        challenge: found.challenge,
      })
    case 'unavailable':
      throw new AuthenticationError(
        'ERR_AUTHENTICATION_UNAVAILABLE',
        'The credentials could not be verified; try again later',
        { cause: found.cause },
      )
  }
}
