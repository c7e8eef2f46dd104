import type { Logger } from '../../harness/index.ts'
import type { Database } from '../store/database.ts'
import type { AuditChain } from './audit-chain.ts'
import { readKeys } from './audit-keys.ts'
import { type AuditCheckpoint, signCheckpoint } from './checkpoint.ts'
import type { SigningKey } from './signing-key.ts'

/** How often the end of the chain is signed, and who is told. */
export interface CheckpointOptions {
  /** Records after which there is a new one. Default 1 000. */
  readonly everyRecords?: number
  /** Milliseconds after which there is a new one, if anything was recorded. Default 60 000. */
  readonly everyMs?: number
  /**
   * Told of every checkpoint, to keep it elsewhere: what is kept elsewhere is what the end of the chain can
   * be checked with. Nothing waits for it, and what it throws is logged.
   */
  readonly onCheckpoint?: (checkpoint: AuditCheckpoint) => void | Promise<void>
}

/** Signs checkpoints now and then, and when asked. */
export class AuditCheckpoints {
  readonly #database: Database
  readonly #chain: AuditChain
  readonly #key: SigningKey
  readonly #options: CheckpointOptions
  readonly #logger: Logger
  #last = 0
  #timer: NodeJS.Timeout | null = null
  #signing: Promise<AuditCheckpoint | null> | null = null
  readonly #telling = new Set<Promise<void>>()

  constructor(
    parts: { readonly database: Database; readonly chain: AuditChain; readonly key: SigningKey },
    options: CheckpointOptions,
    logger: Logger,
  ) {
    this.#database = parts.database
    this.#chain = parts.chain
    this.#key = parts.key
    this.#options = options
    this.#logger = logger
  }

  /** Finds out where the last one is, and signs from now on. */
  async open(): Promise<void> {
    const row = await this.#database.queries
      .selectFrom('airlock_audit_checkpoints')
      .select(({ fn }) => fn.max('position').as('last'))
      .executeTakeFirst()
    this.#last = row?.last ?? 0
    const { everyRecords = 1_000, everyMs = 60_000 } = this.#options
    this.#chain.onMoved = ({ position }) => {
      if (position - this.#last >= everyRecords) this.#signInTheBackground()
    }
    this.#timer = setInterval(() => this.#signInTheBackground(), everyMs)
    this.#timer.unref()
  }

  /**
   * Signs where the chain is now.
   *
   * @returns `null` when nothing was recorded since the last one, or when another key has taken over.
   */
  sign(): Promise<AuditCheckpoint | null> {
    this.#signing ??= this.#sign().finally(() => {
      this.#signing = null
    })
    return this.#signing
  }

  /** Signs a last time. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#chain.onMoved = null
    await this.#signing?.catch(() => null)
    await this.sign().catch((error: unknown) => this.#failed(error))
    await Promise.all(this.#telling)
  }

  #signInTheBackground(): void {
    this.sign().catch((error: unknown) => this.#failed(error))
  }

  async #sign(): Promise<AuditCheckpoint | null> {
    const { position, hash } = await this.#chain.end()
    if (position <= this.#last) return null
    const newest = (await readKeys(this.#database)).at(-1)
    if (newest?.keyId !== this.#key.keyId) {
      this.#logger.error({}, 'Another key signs checkpoints now: start this process with that one')
      return null
    }
    const place = { chainId: this.#chain.id, position, hash, at: Date.now() }
    const checkpoint = signCheckpoint(this.#key, place)
    const { at, keyId, signature } = checkpoint
    await this.#database.together([
      this.#database.queries
        .insertInto('airlock_audit_checkpoints')
        .values({ position, hash, at, key_id: keyId, signature })
        // Another process may have signed the same place.
        .onConflict((conflict) => conflict.column('position').doNothing()),
      ...this.#dropped(),
    ])
    this.#last = position
    this.#tell(checkpoint)
    return checkpoint
  }

  /** The statements that drop records without payloads for which a checkpoint stands. */
  #dropped() {
    const { queries } = this.#database
    const base = queries
      .selectFrom('airlock_audit_checkpoints as standing')
      .select(({ fn }) => fn.max('standing.position').as('base'))
      .where('standing.position', '<=', ({ selectFrom }) =>
        selectFrom('airlock_audit_head').select('floor'),
      )
    return [
      queries.deleteFrom('airlock_audit_records').where('position', '<=', base),
      queries.deleteFrom('airlock_audit_checkpoints').where('position', '<', base),
    ]
  }

  #tell(checkpoint: AuditCheckpoint): void {
    const { onCheckpoint } = this.#options
    if (onCheckpoint === undefined) return
    const telling = (async () => onCheckpoint(checkpoint))()
      .catch((error: unknown) => this.#failed(error))
      .then(() => {
        this.#telling.delete(telling)
      })
    this.#telling.add(telling)
  }

  #failed(err: unknown): void {
    this.#logger.error({ err }, 'An audit checkpoint could not be made or published')
  }
}
