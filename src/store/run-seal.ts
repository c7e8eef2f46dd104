import type { TraceOwner } from '../../harness/index.ts'
import type { Database } from './database.ts'
import type { SubjectSeal } from './subject-keys.ts'

const MAX_KNOWN = 10_000

/** Encrypts what is stored of runs, each for the person it is for. */
export class RunSeal {
  readonly #database: Database
  readonly #seal: SubjectSeal
  readonly #owners = new Map<string, TraceOwner>()

  constructor(database: Database, seal: SubjectSeal) {
    this.#database = database
    this.#seal = seal
  }

  /** Says for whom a run is, so that nobody has to look. */
  knows(runId: string, owner: TraceOwner): void {
    this.#owners.set(runId, owner)
    const [oldest] = this.#owners.keys()
    if (this.#owners.size > MAX_KNOWN && oldest !== undefined) this.#owners.delete(oldest)
  }

  /**
   * Encrypts some columns of a row about a run.
   *
   * @param place - Which row, and so where the texts belong, for example `run run-1`.
   */
  async seal<R extends object>(
    runId: string,
    row: R,
    columns: readonly (keyof R & string)[],
    place: string,
  ): Promise<R> {
    const sealed: Partial<Record<string, string>> = {}
    const owner = await this.#ownerOf(runId)
    for (const column of columns) {
      const text = row[column]
      if (typeof text !== 'string') continue
      sealed[column] = await this.#seal.seal(owner, text, `${place} ${column}`)
    }
    return { ...row, ...sealed }
  }

  /** Reads those columns again; `null` when the person's key has been erased. */
  async open<R extends object>(
    row: R,
    columns: readonly (keyof R & string)[],
    place: string,
  ): Promise<R | null> {
    const opened: Partial<Record<string, string>> = {}
    for (const column of columns) {
      const text = row[column]
      if (typeof text !== 'string') continue
      const plain = await this.#seal.open(text, `${place} ${column}`)
      if (plain === null) return null
      opened[column] = plain
    }
    return { ...row, ...opened }
  }

  async #ownerOf(runId: string): Promise<TraceOwner> {
    const known = this.#owners.get(runId)
    if (known !== undefined) return known
    const row = await this.#database.queries
      .selectFrom('airlock_runs')
      .select(['user_id', 'tenant_id'])
      .where('run_id', '=', runId)
      .executeTakeFirst()
    // A run that nobody has begun is nobody's, and may still be begun.
    if (row === undefined) return null
    const { user_id: userId, tenant_id: tenantId } = row
    const owner = userId === null ? null : { userId, ...(tenantId === null ? {} : { tenantId }) }
    this.knows(runId, owner)
    return owner
  }
}
