import { Buffer } from 'node:buffer'
import type { JsonObject } from '../../harness/index.ts'
import { StatementError } from './sql-source.ts'

/** Gathers the rows of one answer and says when there is no room for more. */
export class RowCollector {
  readonly rows: JsonObject[] = []
  readonly #maxRows: number
  readonly #maxBytes: number
  #bytes = 0
  #isFull = false

  constructor(bounds: { readonly maxRows: number; readonly maxBytes: number }) {
    this.#maxRows = bounds.maxRows
    this.#maxBytes = bounds.maxBytes
  }

  /** Whether a row was left out. */
  get truncated(): boolean {
    return this.#isFull
  }

  /**
   * @returns Whether the row was taken. None is after the first that was not.
   * @throws {StatementError} When the very first row is too large: an answer of no rows would say that
   * there are none.
   */
  add(row: JsonObject): boolean {
    if (this.#isFull) return false
    const bytes = Buffer.byteLength(JSON.stringify(row)) + 1
    if (this.rows.length >= this.#maxRows || this.#bytes + bytes > this.#maxBytes) {
      if (this.rows.length === 0 && this.#maxRows > 0) throw rowTooLarge(this.#maxBytes)
      this.#isFull = true
      return false
    }
    this.#bytes += bytes
    this.rows.push(row)
    return true
  }

  /** How many further rows to ask for: one more than are wanted shows that there are more. */
  nextBatch(maxBatch: number): number {
    const missing = this.#maxRows - this.rows.length + 1
    const count = this.rows.length
    const likely =
      count === 0 ? missing : Math.ceil((this.#maxBytes - this.#bytes) / (this.#bytes / count))
    return Math.max(1, Math.min(missing, likely, maxBatch))
  }
}

/** Says that not even one row fits. */
export function rowTooLarge(maxBytes: number): StatementError {
  return new StatementError(
    `One row is larger than the ${maxBytes} bytes an answer may have; select fewer or shorter columns`,
  )
}
