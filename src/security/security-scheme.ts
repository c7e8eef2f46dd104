/** A key found in a header or in the query. */
export interface APIKeyCredentials {
  readonly scheme: 'api_key'
  readonly credentials: string
}

/** A token found in `Authorization: Bearer`. */
export interface BearerCredentials {
  readonly scheme: 'bearer'
  readonly credentials: string
}

/** What `Authorization: Basic` holds. The password may be empty, the name may not. */
export interface BasicCredentials {
  readonly scheme: 'basic'
  readonly username: string
  readonly password: string
}

/** What a request presented, read but not yet believed. */
export type Credentials = APIKeyCredentials | BearerCredentials | BasicCredentials

/**
 * What a scheme found. `malformed` is everything that is there and cannot be read in exactly one way:
 * it is a failed login, never a missing one.
 */
export type CredentialsReading<C extends Credentials = Credentials> =
  | { readonly kind: 'present'; readonly credentials: C }
  | { readonly kind: 'missing' }
  | { readonly kind: 'malformed' }

/** Where in a request credentials are, and how to ask for them. Reads strictly and never throws. */
export interface SecurityScheme<C extends Credentials = Credentials> {
  read(request: Request): CredentialsReading<C>
  /** The value of `WWW-Authenticate` for a request without, or with bad, credentials. */
  challenge(problem: 'missing' | 'bad'): string
}

/** Longest header or query value that is looked at, in characters. */
export const MAX_CREDENTIAL_LENGTH = 8_192

/** The one answer for credentials that are there and cannot be read. */
export const MALFORMED: { readonly kind: 'malformed' } = Object.freeze({ kind: 'malformed' })

/** The one answer for a request that presents nothing. */
export const MISSING: { readonly kind: 'missing' } = Object.freeze({ kind: 'missing' })

/**
 * Whether a text can be an API key: visible ASCII without comma, quotes or backslash. A comma is how
 * two headers of one name arrive as one value, so a key with a comma could be two keys.
 */
export function isAPIKey(text: string): boolean {
  return text.length <= MAX_CREDENTIAL_LENGTH && /^[!#-+\--[\]-~]+$/.test(text)
}

/** Reads the part after the scheme's name in `Authorization`; tabs, lists and a second header are malformed. */
export function readAuthorization(
  request: Request,
  scheme: 'Basic' | 'Bearer',
): { readonly kind: 'token'; readonly token: string } | typeof MISSING | typeof MALFORMED {
  const header = request.headers.get('authorization')
  if (header === null) return MISSING
  if (header.length > MAX_CREDENTIAL_LENGTH) return MALFORMED
  const match = /^([A-Za-z]+) +([A-Za-z0-9\-._~+/]+=*)$/.exec(header)
  if (match?.[1]?.toLowerCase() !== scheme.toLowerCase() || match[2] === undefined) return MALFORMED
  return { kind: 'token', token: match[2] }
}
