import type { Logger } from '../../harness/index.ts'
import { createLogger } from '../telemetry/logger.ts'
import type { Notifier } from './notifier.ts'

/** How a log notifier is made. */
export interface LogNotifierOptions {
  /** Default `log`. */
  readonly name?: string
  /** Default a logger of its own that writes to standard output. */
  readonly logger?: Logger
}

/** Writes one line for each notice: what happened, to which request, and where it is found. */
export function logNotifier(options: LogNotifierOptions = {}): Notifier {
  const { name = 'log', logger = createLogger({ level: 'info' }) } = options
  return {
    name,
    async notify({ id, type, approval }) {
      logger.info({ noticeId: id, type, approval }, 'Approval notice')
    },
  }
}
