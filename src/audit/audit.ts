import type { TracePage, TraceSearch } from '../store/trace-store.ts'
import { writeLine } from './audit-lines.ts'
import type { AuditLog, ErasedPerson } from './audit-log.ts'
import type { AuditCheckpoint } from './checkpoint.ts'
import type { AuditReport, VerifyOptions } from './verify-chain.ts'

/** The audit of an app, in code. Whoever calls it has the rights of the app itself. */
export class Audit {
  readonly #log: () => Promise<AuditLog>

  constructor(log: () => Promise<AuditLog>) {
    this.#log = log
  }

  /**
   * Looks for traces, newest first, page by page. A page takes bounded time, so it may be short, or empty,
   * and have another one after it.
   *
   * @throws {TypeError} When `cursor` is not the `next` of a page.
   *
   * @example
   * ```ts
   * const { traces, next } = await app.audit.search({ tool: 'refund', verdict: 'deny' })
   * ```
   */
  async search(question: TraceSearch): Promise<TracePage> {
    return (await this.#log()).search(question)
  }

  /**
   * Signs where the audit chain is now and publishes it.
   *
   * @returns `null` when nothing was recorded since the last checkpoint.
   */
  async checkpoint(): Promise<AuditCheckpoint | null> {
    return (await this.#log()).checkpoint()
  }

  /** The newest checkpoint; `null` when there is none yet. */
  async latestCheckpoint(): Promise<AuditCheckpoint | null> {
    return (await this.#log()).latestCheckpoint()
  }

  /**
   * Checks that nothing of the record was changed, removed or put in, and names the first record that is
   * broken.
   *
   * @example
   * ```ts
   * const report = await app.audit.verify({ expected: [checkpointKeptElsewhere] })
   * if (!report.isIntact) console.error(report.broken?.message)
   * ```
   */
  async verify(options: VerifyOptions = {}): Promise<AuditReport> {
    return (await this.#log()).verify(options)
  }

  /** The whole audit chain as lines of text: what `airlock audit verify` takes. */
  async *export(): AsyncGenerator<string> {
    for await (const line of (await this.#log()).lines()) yield writeLine(line)
  }

  /**
   * Erases what is stored of a person by erasing the key that it is encrypted with. The chain still holds.
   * Cannot be undone.
   *
   * @returns Whether there was anything of theirs.
   */
  async erase(person: ErasedPerson): Promise<boolean> {
    return (await this.#log()).erase(person)
  }
}
