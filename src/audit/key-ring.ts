import { type AuditCheckpoint, type AuditKey, isCheckpointOf, isSucceeding } from './checkpoint.ts'
import { keyIdOf } from './signing-key.ts'

/**
 * The keys of a chain, and which of them count. Without a trusted key the first one is believed, as there is
 * nothing to compare it with; with one, only that and the keys it has handed over to.
 */
export class KeyRing {
  readonly notes: string[] = []
  readonly #trusted: string | null
  readonly #keys: AuditKey[] = []
  readonly #vouched = new Set<string>()
  #signedByTrusted = 0

  /** @param trusted - SPKI, DER, base64. */
  constructor(trusted: string | null) {
    this.#trusted = trusted === null ? null : keyIdOf(trusted)
  }

  /** Adds the next key of the chain. */
  add(chainId: string, key: AuditKey, fault: (message: string) => void): void {
    const previous = this.#keys.at(-1) ?? null
    this.#keys.push(key)
    if (keyIdOf(key.publicKey) !== key.keyId) return fault('names a key by a wrong id')
    if (key.keyId === this.#trusted) this.#vouched.add(key.keyId)
    if (key.previousKeyId === null) {
      if (previous !== null) fault('begins a second line of keys')
      return
    }
    if (previous?.keyId !== key.previousKeyId || key.position <= previous.position) {
      return fault('hands over from a key that was not the newest')
    }
    if (key.signature === null) {
      this.notes.push(`Key ${key.keyId} replaced a lost one: nobody vouches for it`)
    } else if (!isSucceeding(chainId, key, previous)) {
      fault('hands over to a key that the key before did not sign')
    } else if (this.#vouched.has(previous.keyId)) this.#vouched.add(key.keyId)
  }

  /** Whether this key came at this record. */
  has(keyId: string, position: number, publicKey: string): boolean {
    return this.#keys.some(
      (key) => key.keyId === keyId && key.position === position && key.publicKey === publicKey,
    )
  }

  /** @returns What is wrong with a checkpoint's signature; `null` when nothing is. */
  refuse(checkpoint: AuditCheckpoint): string | null {
    const index = this.#keys.findIndex(({ keyId }) => keyId === checkpoint.keyId)
    const key = this.#keys[index]
    if (key === undefined) return 'has a checkpoint that an unknown key has signed'
    if (!isCheckpointOf(checkpoint, key.publicKey)) {
      return 'has a checkpoint whose signature is not valid'
    }
    const next = this.#keys[index + 1]
    if (next !== undefined && checkpoint.position >= next.position) {
      return 'has a checkpoint signed with a key that had been replaced'
    }
    const trusted = this.#keys.find(({ keyId }) => keyId === this.#trusted)
    const isVouched = this.#vouched.has(key.keyId)
    if (trusted !== undefined && checkpoint.position >= trusted.position && !isVouched) {
      return 'has a checkpoint signed with a key that nobody trusted vouches for'
    }
    if (isVouched) this.#signedByTrusted = Math.max(this.#signedByTrusted, checkpoint.position)
    return null
  }

  /** Checks what can only be said at the end. */
  finish(signedUpTo: number, fault: (message: string) => void): void {
    if (this.#trusted === null || signedUpTo === 0) return
    if (this.#signedByTrusted === 0) {
      fault('Nothing in this chain is signed with the trusted key or one it has handed over to')
    }
  }
}
