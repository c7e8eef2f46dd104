import type { FlattenedJWSInput, JSONWebKeySet, JWK, JWSHeaderParameters } from 'jose'
import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors } from 'jose'
import { ConfigurationError } from '../../harness/index.ts'
import { readBoundedBody } from '../http/bounded-body.ts'
import { readStrictJson } from '../http/strict-json.ts'

/** Finds the key that a token names. */
export type KeyFinder = (
  header?: JWSHeaderParameters,
  token?: FlattenedJWSInput,
) => Promise<CryptoKey>

/** The key set could not be fetched, so no token can be judged. */
export class KeySetUnavailableError extends Error {
  override readonly name = 'KeySetUnavailableError'
}

const MAX_KEY_SET_BYTES = 262_144
const MAX_KEYS = 100
const FETCH_TIMEOUT_MS = 5_000
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const

/** @throws {ConfigurationError} If the set is not one this product would verify tokens with. */
export function localKeyFinder(jwks: JSONWebKeySet): KeyFinder {
  const problem = findKeySetProblem(jwks)
  if (problem !== null)
    throw new ConfigurationError(`jwtVerifier needs another key set: ${problem}`)
  return createLocalJWKSet(jwks)
}

/**
 * Fetches keys when a token needs one it does not have, at most every 30 seconds, and keeps them for
 * ten minutes. Redirects are not followed.
 *
 * @throws {ConfigurationError} If the URL is neither HTTPS nor of this machine.
 */
export function remoteKeyFinder(jwksUrl: string | URL): KeyFinder {
  if (!URL.canParse(jwksUrl)) throw new ConfigurationError('jwtVerifier needs jwksUrl to be a URL')
  const url = new URL(jwksUrl)
  const isLocal = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal)) {
    throw new ConfigurationError('jwtVerifier needs jwksUrl to start with https://')
  }
  const find = createRemoteJWKSet(url, {
    timeoutDuration: FETCH_TIMEOUT_MS,
    [customFetch]: fetchKeySet,
  })
  return async (header, token) => {
    try {
      return await find(header, token)
    } catch (cause) {
      if (isAboutTheToken(cause)) throw cause
      throw new KeySetUnavailableError('The key set could not be fetched', { cause })
    }
  }
}

function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  )
}

async function fetchKeySet(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error('The key set was not answered with 200')
  }
  const bytes = await readBoundedBody(response.body, MAX_KEY_SET_BYTES)
  const reading = bytes === null ? null : readStrictJson(bytes)
  if (!reading?.ok) throw new Error('The key set is not JSON of a reasonable size')
  const problem = findKeySetProblem(reading.value)
  if (problem !== null) throw new Error(`The key set is not usable: ${problem}`)
  return Response.json(reading.value)
}

/** What jose does not ask: one key per name, nothing secret in the set, no exponent that signs nothing. */
function findKeySetProblem(set: unknown): string | null {
  if (typeof set !== 'object' || set === null || !('keys' in set)) return 'it has no keys'
  const { keys } = set
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MAX_KEYS) {
    return `it needs 1 to ${MAX_KEYS} keys`
  }
  const names = new Set<string>()
  for (const key of keys) {
    const problem = findKeyProblem(key)
    if (problem !== null) return problem
    const { kid } = key as JWK
    if (kid === undefined) continue
    if (names.has(kid)) return 'two keys have the same kid'
    names.add(kid)
  }
  return null
}

function findKeyProblem(key: unknown): string | null {
  if (typeof key !== 'object' || key === null) return 'a key is not an object'
  const { kty, kid, e } = key as { readonly [name: string]: unknown }
  if (kid !== undefined && typeof kid !== 'string') return 'a kid is not a string'
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(key, member))) {
    return 'it holds a private or shared key'
  }
  // With exponent 1 every text is its own signature; 3 is the smallest that RSA allows.
  if (kty === 'RSA' && (typeof e !== 'string' || !isExponent(Buffer.from(e, 'base64url')))) {
    return 'an RSA key has an exponent below 3'
  }
  return null
}

function isExponent(bytes: Uint8Array): boolean {
  const value = BigInt(`0x0${Buffer.from(bytes).toString('hex')}`)
  return value >= 3n && value % 2n === 1n
}
