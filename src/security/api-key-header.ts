import { ConfigurationError } from '../../harness/index.ts'
import {
  type APIKeyCredentials,
  type CredentialsReading,
  isAPIKey,
  MALFORMED,
  MISSING,
  type SecurityScheme,
} from './security-scheme.ts'

/**
 * Reads an API key from a request header. Two headers of the name, a comma, white space inside or
 * more than 8 KiB are a bad credential.
 *
 * @throws {ConfigurationError} At construction, if `name` cannot be the name of a header.
 *
 * @example
 * ```ts
 * new APIKeyHeader({ name: 'X-API-Key' })
 * ```
 */
export class APIKeyHeader implements SecurityScheme<APIKeyCredentials> {
  readonly name: string

  constructor(options: { readonly name: string }) {
    if (!/^[A-Za-z0-9-]{1,64}$/.test(options.name)) {
      throw new ConfigurationError(
        'APIKeyHeader needs a header name of letters, digits and hyphens, for example X-API-Key',
      )
    }
    this.name = options.name
  }

  read(request: Request): CredentialsReading<APIKeyCredentials> {
    const value = request.headers.get(this.name)
    if (value === null) return MISSING
    if (!isAPIKey(value)) return MALFORMED
    return { kind: 'present', credentials: { scheme: 'api_key', credentials: value } }
  }

  challenge(): string {
    return `ApiKey in="header", name="${this.name}"`
  }
}
