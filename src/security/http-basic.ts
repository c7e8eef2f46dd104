import { ConfigurationError } from '../../harness/index.ts'
import {
  type BasicCredentials,
  type CredentialsReading,
  MALFORMED,
  readAuthorization,
  type SecurityScheme,
} from './security-scheme.ts'

/**
 * Reads name and password from `Authorization: Basic <base64>` (RFC 7617, UTF-8). The password may
 * contain colons and may be empty; base64 that is not canonical, control characters, an empty name
 * and text that is not UTF-8 are a bad credential.
 *
 * @throws {ConfigurationError} At construction, if `realm` holds a quote, a backslash or anything
 * but printable ASCII.
 *
 * @example
 * ```ts
 * new HTTPBasic({ realm: 'Shop' })
 * ```
 */
export class HTTPBasic implements SecurityScheme<BasicCredentials> {
  /** What the browser shows when it asks. Default `'airlock'`. */
  readonly realm: string

  constructor(options: { readonly realm?: string } = {}) {
    this.realm = options.realm ?? 'airlock'
    if (!/^[ !#-[\]-~]{1,128}$/.test(this.realm)) {
      throw new ConfigurationError('HTTPBasic needs a realm of printable ASCII without quotes')
    }
  }

  read(request: Request): CredentialsReading<BasicCredentials> {
    const reading = readAuthorization(request, 'Basic')
    if (reading.kind !== 'token') return reading
    const text = decodeCanonicalBase64(reading.token)
    const colon = text?.indexOf(':') ?? -1
    // biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 7617 forbids them in both parts
    if (text === null || colon < 1 || /[\u0000-\u001f\u007f]/.test(text)) return MALFORMED
    const username = text.slice(0, colon)
    const password = text.slice(colon + 1)
    return { kind: 'present', credentials: { scheme: 'basic', username, password } }
  }

  challenge(): string {
    return `Basic realm="${this.realm}", charset="UTF-8"`
  }
}

// Node's decoder skips what it does not know; only a text that encodes back to itself was base64.
function decodeCanonicalBase64(token: string): string | null {
  const bytes = Buffer.from(token, 'base64')
  if (bytes.toString('base64') !== token) return null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // Not UTF-8.
    return null
  }
}
