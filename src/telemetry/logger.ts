import { type DestinationStream, type LevelWithSilent, pino } from 'pino'
import type { Logger } from '../../harness/index.ts'

/** Where and how much to log. */
export interface LoggerOptions {
  /** Default `'info'`; `'silent'` for tests. */
  readonly level?: LevelWithSilent
  /** Default standard output, one JSON object per line. */
  readonly destination?: DestinationStream
}

const SECRET_FIELDS = [
  'authorization',
  'Authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'X-API-Key',
  'apiKey',
  'api_key',
  'credentials',
  'password',
  'secret',
  'seed',
  'token',
  'access_token',
  'accessToken',
  'refresh_token',
  'refreshToken',
]

// A request object of an HTTP client hangs three levels down: err.config.headers.authorization.
const PREFIXES = ['', '*', '*.*', '*.*.*']

/**
 * Creates the app's logger: pino, with fields that usually hold credentials replaced, down to three
 * levels below the fields given. That is a net, not a licence: text is not searched, so never put a
 * request's URL, headers or body into a log line.
 *
 * @example
 * ```ts
 * const logger = createLogger({ level: 'warn' })
 * logger.warn({ runId }, 'Run took long')
 * ```
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const paths = PREFIXES.flatMap((prefix) => SECRET_FIELDS.map((field) => `${prefix}["${field}"]`))
  const settings = {
    level: options.level ?? 'info',
    redact: { paths, censor: '[redacted]' },
    serializers: { err: pino.stdSerializers.err, cause: pino.stdSerializers.err },
  }
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination)
}
