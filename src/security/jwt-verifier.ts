import { KeyObject } from 'node:crypto'
import { type CryptoKey, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { ConfigurationError } from '../../harness/index.ts'
import { readStrictJson } from '../http/strict-json.ts'
import type { ClaimedUser } from './auth-user.ts'
import type { Verify } from './authenticator.ts'
import {
  type KeyFinder,
  KeySetUnavailableError,
  localKeyFinder,
  remoteKeyFinder,
} from './json-web-key-set.ts'
import { type BearerCredentials, MAX_CREDENTIAL_LENGTH } from './security-scheme.ts'

/** Signature algorithms that can be allowed. `none` is not among them and cannot be. */
export type JwtAlgorithm =
  | (typeof SHARED_KEY_ALGORITHMS)[number]
  | (typeof KEY_PAIR_ALGORITHMS)[number]

/** Where the keys are: exactly one of the three. */
export type JwtKeys =
  | {
      /** A public key, or for the `HS` algorithms a secret of at least as many bytes as the digest. */
      readonly key: CryptoKey | KeyObject | Uint8Array
    }
  | { readonly jwks: JSONWebKeySet }
  | {
      /** HTTPS, or HTTP on this machine. Fetched when needed, kept for ten minutes. */
      readonly jwksUrl: string | URL
    }

/** What {@link jwtVerifier} insists on. */
export type JwtVerifierOptions = JwtKeys & {
  /** The only algorithms accepted. Shared-key and key-pair algorithms cannot be mixed. */
  readonly algorithms: readonly JwtAlgorithm[]
  /** Accepted values of `iss`. */
  readonly issuer: string | readonly string[]
  /** Accepted values of `aud`: names of this API, not of its clients. */
  readonly audience: string | readonly string[]
  /** How far clocks may differ, in seconds: 0 to 60. Default 30. */
  readonly clockToleranceSeconds?: number
  /**
   * Turns verified claims into a user, or `null` to refuse. The default takes `sub` as `userId` and
   * `scope` as scopes and gives no role and no tenant: which claim may make somebody an
   * administrator is for the app to say.
   */
  readonly toUser?: (claims: JWTPayload) => ClaimedUser | null | Promise<ClaimedUser | null>
}

const SHARED_KEY_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const
const KEY_PAIR_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const
const TOKEN_TYPES = new Set(['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt'])
// The first four bring a key of the sender's choice; the others change what is signed or what it means.
const REFUSED_HEADERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64', 'cty', 'zip', 'enc'] as const

/**
 * A `verify` for `HTTPBearer` that accepts signed JWTs and follows RFC 8725: algorithm list, issuer
 * and audience are mandatory, `exp` is required, `none` does not exist, keys come from the
 * configuration and never from the token. A token that is not accepted answers `null` without a
 * reason; only a key set that cannot be fetched throws.
 *
 * @throws {ConfigurationError} At construction, naming the option.
 *
 * @example
 * ```ts
 * const auth = new Authenticator({
 *   scheme: new HTTPBearer(),
 *   verify: jwtVerifier({
 *     jwksUrl: 'https://id.example.com/jwks',
 *     algorithms: ['ES256'],
 *     issuer: 'https://id.example.com',
 *     audience: 'shop-agents',
 *     toUser: (claims) => ({ userId: String(claims.sub), roles: claims['groups'] === 'ops' ? ['admin'] : [] }),
 *   }),
 * })
 * ```
 */
export function jwtVerifier(options: JwtVerifierOptions): Verify<BearerCredentials> {
  const { algorithms, clockToleranceSeconds = 30, toUser = defaultUser } = options
  const isShared = checkAlgorithms(algorithms)
  if (!(clockToleranceSeconds >= 0 && clockToleranceSeconds <= 60)) {
    throw new ConfigurationError('jwtVerifier needs clockToleranceSeconds between 0 and 60')
  }
  const findKey = createKeyFinder(options, isShared)
  const rules = {
    algorithms: [...algorithms],
    issuer: readNames('issuer', options.issuer),
    audience: readNames('audience', options.audience),
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['exp'],
  }

  return async ({ credentials: token }) => {
    if (!isPlainToken(token)) return null
    let claims: JWTPayload
    try {
      claims = (await jwtVerify(token, findKey, rules)).payload
    } catch (error) {
      if (error instanceof KeySetUnavailableError) throw error
      // Everything else is about the token, and its sender is not told what.
      return null
    }
    const latestIssue = Date.now() / 1_000 + clockToleranceSeconds
    if (claims.iat !== undefined && claims.iat > latestIssue) return null
    return toUser(claims)
  }
}

function defaultUser(claims: JWTPayload): ClaimedUser | null {
  const { sub, scope } = claims
  if (typeof sub !== 'string') return null
  const scopes = typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []
  return { userId: sub, scopes }
}

/**
 * Whether a token is three parts that each encode back to themselves, with a header and claims that
 * are JSON in one reading. jose alone accepts white space inside a part and base64 that is not
 * canonical, so one token has many spellings; whatever is keyed by a token could be walked around.
 */
function isPlainToken(token: string): boolean {
  if (token.length > MAX_CREDENTIAL_LENGTH) return false
  const parts = token.split('.').map((part) => ({ part, bytes: Buffer.from(part, 'base64url') }))
  if (parts.length !== 3) return false
  if (parts.some(({ part, bytes }) => part === '' || bytes.toString('base64url') !== part))
    return false
  const [header, claims] = parts.map(({ bytes }) => readStrictJson(bytes))
  if (!header?.ok || !claims?.ok) return false
  if (typeof header.value !== 'object' || header.value === null) return false
  const fields = new Map(Object.entries(header.value))
  if (REFUSED_HEADERS.some((name) => fields.has(name))) return false
  const type = fields.get('typ')
  return type === undefined || (typeof type === 'string' && TOKEN_TYPES.has(type.toLowerCase()))
}

/** Whether the algorithms use a shared key. */
function checkAlgorithms(algorithms: readonly string[]): boolean {
  const isListed = (list: readonly string[]) => (name: string) => list.includes(name)
  if (Array.isArray(algorithms) && algorithms.length > 0) {
    if (algorithms.every(isListed(SHARED_KEY_ALGORITHMS))) return true
    if (algorithms.every(isListed(KEY_PAIR_ALGORITHMS))) return false
  }
  throw new ConfigurationError(
    'jwtVerifier needs algorithms: one or more of HS256 to HS512, or one or more key-pair algorithms such as ES256, never both',
  )
}

function createKeyFinder(options: JwtKeys, isShared: boolean): KeyFinder | FixedKey {
  const given = ['key', 'jwks', 'jwksUrl'].filter((name) => Object.hasOwn(options, name))
  if (given.length !== 1) {
    throw new ConfigurationError('jwtVerifier needs exactly one of key, jwks and jwksUrl')
  }
  if ('key' in options) return fixedKey(options.key, isShared)
  if (isShared) throw new ConfigurationError('jwtVerifier needs key for an HS algorithm')
  return 'jwks' in options ? localKeyFinder(options.jwks) : remoteKeyFinder(options.jwksUrl)
}

type FixedKey = () => CryptoKey | KeyObject | Uint8Array

// The kind of key must fit the kind of algorithm here, so that a public key can never serve as the
// shared secret of an HS token, whatever its header says.
function fixedKey(key: CryptoKey | KeyObject | Uint8Array, isShared: boolean): FixedKey {
  const kind = key instanceof Uint8Array ? 'secret' : key?.type
  if (kind !== (isShared ? 'secret' : 'public')) {
    throw new ConfigurationError(
      isShared
        ? 'jwtVerifier needs key to be a secret key for an HS algorithm'
        : 'jwtVerifier needs key to be a public key (CryptoKey or KeyObject) for a key-pair algorithm',
    )
  }
  const length =
    key instanceof Uint8Array
      ? key.byteLength
      : key instanceof KeyObject
        ? key.symmetricKeySize
        : undefined
  if (isShared && length !== undefined && length < 32) {
    throw new ConfigurationError('jwtVerifier needs a secret key of at least 32 bytes')
  }
  return () => key
}

function readNames(option: string, value: string | readonly string[]): string[] {
  const names = typeof value === 'string' ? [value] : [...(value ?? [])]
  if (names.length === 0 || names.some((name) => typeof name !== 'string' || name === '')) {
    throw new ConfigurationError(`jwtVerifier needs ${option}: one or more non-empty strings`)
  }
  return names
}
