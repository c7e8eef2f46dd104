import { randomBytes } from 'node:crypto'
import type { Compilable } from 'kysely'
import { ConfigurationError, type TraceOwner } from '../../harness/index.ts'
import type { Chained } from '../audit/chain-statements.ts'
import type { Database } from './database.ts'
import { labelOf, openText, sealText } from './sealed-text.ts'
import { StoreError } from './store-error.ts'

/** Encrypts what is stored of a person, and reads it as long as their key is there. */
export interface SubjectSeal {
  /**
   * @param owner - Whose data it is: the same user id in another tenant is somebody else. `null` for
   * nobody's.
   * @param context - Where the text belongs, for example `trace run-1`. It opens nowhere else.
   */
  seal(owner: TraceOwner, text: string, context: string): Promise<string>
  /**
   * @returns `null` when the person's key has been erased. A text that was stored before texts were
   * encrypted comes back as it is.
   * @throws {StoreError} `corrupt`, when the text was changed, or belongs elsewhere.
   */
  open(sealed: string, context: string): Promise<string | null>
}

interface SubjectKey {
  readonly subjectId: string
  /** `null` when erased. */
  readonly key: Uint8Array | null
  readonly until: number
}

/**
 * For how long a key is used without asking whether it is still there. What another process writes about
 * somebody so soon after they were erased is erased with them.
 */
const TRUSTED_MS = 5_000

const MAX_KEPT = 10_000

/**
 * One AES-256 key per person (tenant and user), encrypted with the master key. Without it their data is
 * noise: erasing the key erases the data wherever it has been copied.
 */
export class SubjectKeys implements SubjectSeal {
  readonly #database: Database
  readonly #masterKey: Uint8Array
  readonly #byOwner = new Map<string, SubjectKey>()
  readonly #byId = new Map<string, SubjectKey>()

  private constructor(database: Database, masterKey: Uint8Array) {
    this.#database = database
    this.#masterKey = masterKey
  }

  /**
   * @param masterKey - 32 bytes, base64.
   * @throws {ConfigurationError} It is not, or it is not the one of this store.
   */
  static async open(database: Database, masterKey: string): Promise<SubjectKeys> {
    const bytes = Buffer.from(masterKey, 'base64')
    if (bytes.length !== 32) {
      throw new ConfigurationError('A master key is 32 bytes in base64: `openssl rand -base64 32`')
    }
    const keys = new SubjectKeys(database, bytes)
    try {
      // Nobody's key is there from the beginning, so a wrong master key is found out at once.
      await keys.#ofOwner(null)
    } catch (cause) {
      if (!(cause instanceof StoreError) || cause.reason !== 'corrupt') throw cause
      throw new ConfigurationError(
        'The master key is not the one that this store was begun with: give that one',
        { cause },
      )
    }
    return keys
  }

  async seal(owner: TraceOwner, text: string, context: string): Promise<string> {
    const { subjectId, key } = await this.#ofOwner(owner)
    if (key === null) throw new StoreError('other')
    return sealText(key, text, { label: subjectId, context })
  }

  async open(sealed: string, context: string): Promise<string | null> {
    const label = labelOf(sealed)
    if (label === null) return sealed
    const { key } = await this.#ofId(label)
    if (key === null) return null
    try {
      return openText(key, sealed, { label, context })
    } catch (cause) {
      throw new StoreError('corrupt', { cause })
    }
  }

  /**
   * Finds the person whose key is to be erased.
   *
   * @returns `null` when there is none: nothing of theirs is stored, or it has been erased.
   */
  async find(owner: NonNullable<TraceOwner>): Promise<string | null> {
    const row = await this.#database.queries
      .selectFrom('airlock_subjects')
      .select('subject_id')
      .where('owner_json', '=', ownerKeyOf(owner))
      .executeTakeFirst()
    return row?.subject_id ?? null
  }

  /** The statement that erases a key. {@link SubjectKeys.forget} follows when it has taken effect. */
  erasing(subjectId: string, at: number, chained: Chained): Compilable {
    return this.#database.queries
      .updateTable('airlock_subjects')
      .set({ wrapped_key: null, owner_json: null, erased_at: at })
      .where('subject_id', '=', subjectId)
      .where(chained.is)
  }

  /** Lets go of every key in memory. */
  forget(): void {
    this.#byOwner.clear()
    this.#byId.clear()
  }

  async #ofOwner(owner: TraceOwner): Promise<SubjectKey> {
    const name = ownerKeyOf(owner)
    const kept = this.#byOwner.get(name)
    if (kept !== undefined && kept.until > Date.now()) return kept
    const found = (await this.#read('owner_json', name)) ?? (await this.#begin(name))
    keep(this.#byOwner, name, found)
    keep(this.#byId, found.subjectId, found)
    return found
  }

  async #ofId(subjectId: string): Promise<SubjectKey> {
    const kept = this.#byId.get(subjectId)
    if (kept !== undefined && kept.until > Date.now()) return kept
    const found = await this.#read('subject_id', subjectId)
    if (found === null) throw new StoreError('corrupt')
    keep(this.#byId, subjectId, found)
    return found
  }

  async #begin(ownerKey: string): Promise<SubjectKey> {
    const subjectId = `sub_${randomBytes(12).toString('base64url')}`
    const key = randomBytes(32).toString('base64')
    await this.#database.queries
      .insertInto('airlock_subjects')
      .values({
        subject_id: subjectId,
        owner_json: ownerKey,
        wrapped_key: sealText(this.#masterKey, key, { label: 'master', context: subjectId }),
        created_at: Date.now(),
        erased_at: null,
      })
      // Somebody else may have begun at the same time: the first one counts.
      .onConflict((conflict) => conflict.column('owner_json').doNothing())
      .execute()
    const begun = await this.#read('owner_json', ownerKey)
    if (begun === null) throw new StoreError('other')
    return begun
  }

  async #read(column: 'owner_json' | 'subject_id', value: string): Promise<SubjectKey | null> {
    const row = await this.#database.queries
      .selectFrom('airlock_subjects')
      .select(['subject_id', 'wrapped_key'])
      .where(column, '=', value)
      .executeTakeFirst()
    if (row === undefined) return null
    const { subject_id: subjectId, wrapped_key } = row
    return { subjectId, key: this.#unwrap(subjectId, wrapped_key), until: Date.now() + TRUSTED_MS }
  }

  #unwrap(subjectId: string, wrapped: string | null): Uint8Array | null {
    if (wrapped === null) return null
    try {
      const key = openText(this.#masterKey, wrapped, { label: 'master', context: subjectId })
      return Buffer.from(key, 'base64')
    } catch (cause) {
      throw new StoreError('corrupt', { cause })
    }
  }
}

/** An owner as a text: equal owners have equal texts. */
export function ownerKeyOf(owner: TraceOwner): string {
  return JSON.stringify(owner === null ? null : { userId: owner.userId, tenantId: owner.tenantId })
}

function keep(kept: Map<string, SubjectKey>, name: string, key: SubjectKey): void {
  kept.delete(name)
  kept.set(name, key)
  const [oldest] = kept.keys()
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest)
}
