import { ConfigurationError } from '../../harness/index.ts'
import { type AuthUser, type ClaimedUser, readUser } from './auth-user.ts'
import type { Credentials, SecurityScheme } from './security-scheme.ts'

/** What {@link Authenticator.authenticate} found out about a request. */
export type Authentication =
  | { readonly kind: 'user'; readonly user: AuthUser }
  /** Nothing was presented. */
  | { readonly kind: 'missing'; readonly challenge: string }
  /** Something was presented and is not valid. `reason` is for the log, never for the caller. */
  | { readonly kind: 'bad'; readonly challenge: string; readonly reason: string }
  /** The verifier threw or did not answer in time, so nobody knows. Never continues as anybody. */
  | { readonly kind: 'unavailable'; readonly cause: unknown }

/**
 * Decides who credentials belong to. Answers `null` for credentials that are not valid and throws
 * only when it cannot decide, for example because a database is down.
 */
export type Verify<C extends Credentials> = (
  credentials: C,
  context: { readonly signal: AbortSignal },
) => ClaimedUser | null | Promise<ClaimedUser | null>

/** What an {@link Authenticator} is made of. */
export interface AuthenticatorOptions<C extends Credentials> {
  /** Where the credentials are. */
  readonly scheme: SecurityScheme<C>
  /** Who they belong to. */
  readonly verify: Verify<C>
  /** How long `verify` may take, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number
}

/**
 * Finds out who is calling: a scheme reads, a verifier decides.
 *
 * @throws {ConfigurationError} At construction, if a part is missing or `timeoutMs` is not positive.
 *
 * @example
 * ```ts
 * const auth = new Authenticator({
 *   scheme: new APIKeyHeader({ name: 'X-API-Key' }),
 *   verify: ({ credentials }) =>
 *     constantTimeEqual(credentials, key) ? { userId: 'u1', username: 'alice', roles: ['admin'] } : null,
 * })
 * ```
 */
export class Authenticator<C extends Credentials = Credentials> {
  // A closure, so that the class does not depend on C: an authenticator of any scheme guards a route.
  readonly #authenticate: (request: Request) => Promise<Authentication>

  constructor(options: AuthenticatorOptions<C>) {
    const { scheme, verify, timeoutMs = 10_000 } = options
    if (typeof scheme?.read !== 'function' || typeof verify !== 'function') {
      throw new ConfigurationError('Authenticator needs a scheme and a verify function')
    }
    if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 2_147_483_647) {
      throw new ConfigurationError('Authenticator needs timeoutMs to be a positive whole number')
    }
    this.#authenticate = (request) => authenticate({ scheme, verify, timeoutMs }, request)
  }

  /** Reads and verifies. Never throws: what cannot be decided is `unavailable`. */
  authenticate(request: Request): Promise<Authentication> {
    return this.#authenticate(request)
  }
}

async function authenticate<C extends Credentials>(
  { scheme, verify, timeoutMs }: Required<AuthenticatorOptions<C>>,
  request: Request,
): Promise<Authentication> {
  try {
    const reading = scheme.read(request)
    if (reading.kind === 'missing')
      return { kind: 'missing', challenge: scheme.challenge('missing') }
    const bad = (reason: string): Authentication => {
      return { kind: 'bad', challenge: scheme.challenge('bad'), reason }
    }
    if (reading.kind === 'malformed') return bad('malformed')
    const claimed = await verifyInTime(verify, reading.credentials, { timeoutMs, request })
    // `undefined` is what a verifier in JavaScript answers when it forgets to answer.
    if (claimed === null || claimed === undefined) return bad('refused')
    const user = readUser(claimed)
    return user.ok
      ? { kind: 'user', user: user.user }
      : bad(`the verifier answered with an unusable ${user.field}`)
  } catch (cause) {
    return { kind: 'unavailable', cause }
  }
}

async function verifyInTime<C extends Credentials>(
  verify: Verify<C>,
  credentials: C,
  { timeoutMs, request }: { readonly timeoutMs: number; readonly request: Request },
): Promise<unknown> {
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const controller = new AbortController()
  const stop = (reason: string): void => {
    const error = new Error(reason)
    controller.abort(error)
    reject(error)
  }
  const onDisconnect = (): void => stop('The caller left while its credentials were verified')
  const timer = setTimeout(stop, timeoutMs, 'The verifier did not answer in time')
  request.signal.addEventListener('abort', onDisconnect, { once: true })
  try {
    return await Promise.race([verify(credentials, { signal: controller.signal }), ended])
  } finally {
    clearTimeout(timer)
    request.signal.removeEventListener('abort', onDisconnect)
  }
}
