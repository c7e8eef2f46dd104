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
 * Reads an API key from a query parameter. URLs end up in logs and histories of everything between
 * client and server: prefer `APIKeyHeader` where the client can send one. A parameter that appears
 * twice is a bad credential.
 *
 * @throws {ConfigurationError} At construction, if `name` is not letters, digits, `_` and `-`.
 *
 * @example
 * ```ts
 * new APIKeyQuery({ name: 'api_key' })
 * ```
 */
export class APIKeyQuery implements SecurityScheme<APIKeyCredentials> {
  readonly name: string

  constructor(options: { readonly name: string }) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(options.name)) {
      throw new ConfigurationError(
        'APIKeyQuery needs a parameter name of letters, digits, _ and -, for example api_key',
      )
    }
    this.name = options.name
  }

  read(request: Request): CredentialsReading<APIKeyCredentials> {
    const values = new URL(request.url).searchParams.getAll(this.name)
    const [value] = values
    if (value === undefined) return MISSING
    if (values.length > 1 || !isAPIKey(value)) return MALFORMED
    return { kind: 'present', credentials: { scheme: 'api_key', credentials: value } }
  }

  challenge(): string {
    return `ApiKey in="query", name="${this.name}"`
  }
}
