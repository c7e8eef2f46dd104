import { canonicalJson, type TraceOwner } from '../../harness/index.ts'
import type { Database } from '../store/database.ts'
import type { TracePage, TraceSearch } from '../store/trace-store.ts'
import { readChain, readCheckpoints } from './audit-export.ts'
import type { AuditLine } from './audit-lines.ts'
import type { ChainEnd } from './audit-record.ts'
import type { AuditCheckpoint } from './checkpoint.ts'
import { forgetPerson } from './forget-person.ts'
import type { OpenAudit } from './open-audit.ts'
import type { AuditReport, VerifyOptions } from './verify-chain.ts'
import { verifyStore } from './verify-store.ts'

/** Somebody whose data is to be erased. The same user id in another tenant is somebody else. */
export type ErasedPerson = NonNullable<TraceOwner>

/** What people do with the audit of a store. */
export class AuditLog {
  readonly #database: Database
  readonly #audit: OpenAudit

  constructor(database: Database, audit: OpenAudit) {
    this.#database = database
    this.#audit = audit
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
  search(question: TraceSearch): Promise<TracePage> {
    return this.#audit.recorder.search(question)
  }

  /** Signs where the chain is now; `null` when the last checkpoint already says so. */
  checkpoint(): Promise<AuditCheckpoint | null> {
    return this.#audit.checkpoints.sign()
  }

  /** The newest checkpoint that was signed; `null` when there is none yet. */
  async latestCheckpoint(): Promise<AuditCheckpoint | null> {
    const { chain } = this.#audit
    const { position } = await chain.end()
    const row = await this.#database.queries
      .selectFrom('airlock_audit_checkpoints')
      .select(({ fn }) => fn.max('position').as('last'))
      .executeTakeFirst()
    const last = row?.last ?? 0
    const found = await readCheckpoints(this.#database, chain.id, last - 1, position)
    return found[0] ?? null
  }

  /** Where the chain ends. */
  end(): Promise<ChainEnd> {
    return this.#audit.chain.end()
  }

  /** Forgets whatever is beyond the bounds now. It happens by itself, within a minute. */
  retain(): Promise<void> {
    return this.#audit.retention.run()
  }

  /** Reads the whole chain, line by line, as an export has it. */
  lines(): AsyncIterable<AuditLine> {
    return readChain(this.#database)
  }

  /** Checks the whole chain where it is, and that what is searched by says what the traces say. */
  verify(options: VerifyOptions = {}): Promise<AuditReport> {
    return verifyStore(this.#database, this.#audit.keys, options)
  }

  /**
   * Erases the key of a person: whatever is stored of them is noise from now on, and the chain still holds.
   * Their sessions go, and the erasure is a record itself, which does not say whose it was. Other processes
   * stop using the key within five seconds. Whatever they do after that is a new person's.
   *
   * @returns Whether there was anything of theirs.
   */
  async erase(person: ErasedPerson): Promise<boolean> {
    const { keys, chain } = this.#audit
    const subjectId = await keys.find(person)
    if (subjectId === null) return false
    const { queries } = this.#database
    const at = Date.now()
    const erased = await chain.append({
      ...{ kind: 'erasure', runId: null, payload: canonicalJson({ facts: { subjectId } }) },
      onlyIf: {
        key: `subject ${subjectId}`,
        holds: () =>
          queries
            .selectFrom('airlock_subjects')
            .select('subject_id')
            .where('subject_id', '=', subjectId)
            .where('wrapped_key', 'is not', null),
      },
      with: (_, chained) => [
        keys.erasing(subjectId, at, chained),
        ...forgetPerson(this.#database, person, chained),
      ],
    })
    keys.forget()
    return erased !== null
  }
}
