import {
  type BearerCredentials,
  type CredentialsReading,
  readAuthorization,
  type SecurityScheme,
} from './security-scheme.ts'

/**
 * Reads the token from `Authorization: Bearer <token>` (RFC 6750). Tokens in the body or the query
 * are not looked at; another scheme in the header is a bad credential.
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
 *   }),
 * })
 * ```
 */
export class HTTPBearer implements SecurityScheme<BearerCredentials> {
  read(request: Request): CredentialsReading<BearerCredentials> {
    const reading = readAuthorization(request, 'Bearer')
    if (reading.kind !== 'token') return reading
    return { kind: 'present', credentials: { scheme: 'bearer', credentials: reading.token } }
  }

  challenge(problem: 'missing' | 'bad'): string {
    return problem === 'missing' ? 'Bearer' : 'Bearer error="invalid_token"'
  }
}
