import { randomUUID } from 'node:crypto'
import type { Database } from '../store/database.ts'
import { StoreError } from '../store/store-error.ts'
import { type AuditRecord, genesisHash } from './audit-record.ts'
import {
  type ChainCommit,
  type ChainEntry,
  type ChainHead,
  chainCommit,
  type InsertRecord,
  insertRecordInto,
} from './chain-statements.ts'

/** A chained record. */
export interface ChainedEntry {
  readonly record: AuditRecord
  /**
   * For each statement of the entry how many rows it changed; empty when the connection broke and the
   * commit was found afterwards.
   */
  readonly changes: readonly number[]
}

interface Waiting {
  readonly entry: ChainEntry
  resolve(chained: ChainedEntry | null): void
  reject(error: unknown): void
}

/** Most records in one commit. */
const MAX_BATCH = 128

/** Beyond, whoever appends is told at once that the store cannot keep up. */
const MAX_WAITING = 100_000

/**
 * Appends to the audit chain. Whatever waits is chained in one commit. Processes on one store take turns by
 * moving the one row of the head, which succeeds only from where it was seen: whoever is outrun reads the
 * head again and builds the links anew.
 */
export class AuditChain {
  /** Which chain this is; its first record follows from it. */
  readonly id: string
  readonly #database: Database
  readonly #means: { readonly database: Database; readonly insert: InsertRecord }
  readonly #clock: () => number
  /** Told where the chain ends after each commit of this process. */
  onMoved: ((end: ChainHead) => void) | null = null
  #head: ChainHead | null = null
  #waiting: Waiting[] = []
  #draining: Promise<void> | null = null

  private constructor(id: string, database: Database, clock: () => number) {
    this.id = id
    this.#database = database
    this.#means = { database, insert: insertRecordInto(database.queries) }
    this.#clock = clock
  }

  /** Opens the chain of a store, or begins it. */
  static async open(database: Database, clock: () => number = Date.now): Promise<AuditChain> {
    const chainId = randomUUID()
    await database.queries
      .insertInto('airlock_audit_head')
      .values({
        ...{ id: 1, chain_id: chainId, position: 0, hash: genesisHash(chainId) },
        ...{ at: 0, total_bytes: 0, floor: 0 },
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute()
    const { chain_id } = await database.queries
      .selectFrom('airlock_audit_head')
      .select('chain_id')
      .executeTakeFirstOrThrow()
    return new AuditChain(chain_id, database, clock)
  }

  /**
   * Chains a record. Durable when it resolves.
   *
   * @returns `null`, with nothing written, when `onlyIf` does not hold.
   * @throws {StoreError} When nothing was written.
   */
  append(entry: ChainEntry): Promise<ChainedEntry | null> {
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(new StoreError('busy'))
    const { promise, resolve, reject } = Promise.withResolvers<ChainedEntry | null>()
    this.#waiting.push({ entry, resolve, reject })
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null
    })
    return promise
  }

  /** Where the chain ends, and up to where its payloads are gone, as the store says. */
  async end(): Promise<ChainHead & { readonly floor: number }> {
    const { position, hash, at, total_bytes, floor } = await this.#database.queries
      .selectFrom('airlock_audit_head')
      .selectAll()
      .executeTakeFirstOrThrow()
    return { position, hash, at, totalBytes: total_bytes, floor }
  }

  async #drain(): Promise<void> {
    let largest = MAX_BATCH
    // Whoever appends in the same turn is taken along.
    await null
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch(largest)
      try {
        const isChained = await this.#chain(batch)
        if (!isChained) await this.#sortOut(batch)
        largest = Math.min(MAX_BATCH, largest * 2)
      } catch (error) {
        this.#head = null
        if (batch.length === 1 || !isAboutOne(error)) {
          for (const { reject } of batch) reject(error)
          continue
        }
        // One of them cannot be written, and the others must not fail with it.
        this.#waiting.unshift(...batch)
        largest = 1
      }
    }
  }

  #takeBatch(largest: number): readonly Waiting[] {
    const keys = new Set<string>()
    let length = 0
    for (const { entry } of this.#waiting) {
      const key = entry.onlyIf?.key
      if (length === largest || (key !== undefined && keys.has(key))) break
      if (key !== undefined) keys.add(key)
      length += 1
    }
    return this.#waiting.splice(0, length)
  }

  /** Says whether the head was where it was thought to be, and all conditions held. */
  async #chain(batch: readonly Waiting[]): Promise<boolean> {
    const from = this.#head ?? (await this.end())
    const entries = batch.map(({ entry }) => entry)
    const commit = chainCommit(this.#means, from, entries, this.#clock())
    const changes = await this.#commit(commit)
    if (changes !== null && changes[0] !== 1) {
      this.#head = null
      return false
    }
    this.#head = commit.to
    this.onMoved?.(commit.to)
    for (const [index, { record, first, count }] of commit.entries.entries()) {
      batch[index]?.resolve({ record, changes: changes?.slice(first, first + count) ?? [] })
    }
    return true
  }

  /** @returns `null` when it was committed and nobody knows more. */
  async #commit({ to, statements }: ChainCommit): Promise<readonly number[] | null> {
    try {
      return await this.#database.together(statements)
    } catch (error) {
      // A connection that breaks may have committed all the same.
      const row = await this.#database.queries
        .selectFrom('airlock_audit_records')
        .select('hash')
        .where('position', '=', to.position)
        .executeTakeFirst()
        .catch(() => undefined)
      if (row?.hash === to.hash) return null
      throw error
    }
  }

  /** Whoever waits for what does not hold any more is told so; the others try again. */
  async #sortOut(batch: readonly Waiting[]): Promise<void> {
    const lost = new Set<string>()
    for (const { entry } of batch) {
      if (entry.onlyIf === undefined) continue
      const { key, holds } = entry.onlyIf
      if ((await holds(this.#database).execute()).length === 0) lost.add(key)
    }
    this.#waiting.unshift(...batch)
    const isLost = ({ entry }: Waiting) => lost.has(entry.onlyIf?.key ?? '')
    const losers = this.#waiting.filter(isLost)
    this.#waiting = this.#waiting.filter((waiting) => !isLost(waiting))
    for (const { resolve } of losers) resolve(null)
  }
}

/** A full disk concerns everybody, a constraint one of them. */
function isAboutOne(error: unknown): boolean {
  return !(error instanceof StoreError) || error.reason === 'other'
}
