import { Buffer } from 'node:buffer'
import type { Finding } from '../verdict.ts'
import type { OutputValidator, RunOutput } from './output-validator.ts'

/** What an {@link OutputSizeMonitor} is made of. */
export interface OutputSizeMonitorOptions {
  /** Most bytes of the serialized result in UTF-8. Default: `maxOutputBytes` of the run, 1 MiB. */
  readonly maxBytes?: number
}

/**
 * Withholds a result that is larger than it may be, measured on the very text that would leave.
 *
 * @throws {RangeError} At construction, if `maxBytes` is not a positive whole number.
 */
export class OutputSizeMonitor implements OutputValidator {
  readonly name = 'output-size'
  readonly #maxBytes: number | undefined

  constructor(options: OutputSizeMonitorOptions = {}) {
    const { maxBytes } = options
    if (maxBytes !== undefined && !(Number.isSafeInteger(maxBytes) && maxBytes > 0)) {
      throw new RangeError('OutputSizeMonitor maxBytes must be a positive whole number')
    }
    this.#maxBytes = maxBytes
  }

  validate(output: RunOutput): readonly Finding[] {
    const maxBytes = this.#maxBytes ?? output.limits.maxOutputBytes
    const bytes = Buffer.byteLength(output.serialized, 'utf8')
    if (bytes <= maxBytes) return []
    return [
      {
        ruleId: 'output-size',
        source: this.name,
        severity: 'violation',
        message: `The result has ${bytes} bytes and may have ${maxBytes}`,
        hint: 'Return a summary or fewer rows',
      },
    ]
  }
}
