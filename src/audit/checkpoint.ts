import type { JsonValue } from '../../harness/index.ts'
import { isSignedBy, keyIdOf, type SigningKey } from './signing-key.ts'

/**
 * A signed word on where the chain was at a time. Kept elsewhere, it shows whether everything up to there is
 * still as it was.
 */
export interface AuditCheckpoint {
  readonly chainId: string
  readonly position: number
  /** The hash of the record at `position`. */
  readonly hash: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly keyId: string
  /** Ed25519 over the canonical JSON of everything else, base64. */
  readonly signature: string
}

/** A public key and who vouches for it. */
export interface AuditKey {
  readonly keyId: string
  /** The position of the record that says so. */
  readonly position: number
  /** SPKI, DER, base64. */
  readonly publicKey: string
  /** The key before; `null` for the first one. */
  readonly previousKeyId: string | null
  /** Of the key before over this one; `null` for the first one, and where the key before was lost. */
  readonly signature: string | null
}

/** Signs where a chain is. */
export function signCheckpoint(
  key: SigningKey,
  place: Pick<AuditCheckpoint, 'chainId' | 'position' | 'hash' | 'at'>,
): AuditCheckpoint {
  const { chainId, position, hash, at } = place
  const unsigned = { chainId, position, hash, at, keyId: key.keyId }
  return { ...unsigned, signature: key.sign({ airlockCheckpoint: unsigned }) }
}

/** Whether the owner of a public key signed a checkpoint. */
export function isCheckpointOf(checkpoint: AuditCheckpoint, publicKey: string): boolean {
  const { signature, chainId, position, hash, at, keyId } = checkpoint
  const airlockCheckpoint = { chainId, position, hash, at, keyId }
  return keyIdOf(publicKey) === keyId && isSignedBy(publicKey, { airlockCheckpoint }, signature)
}

/** What the key before signs of the one after it. */
export function successionOf(
  chainId: string,
  next: Pick<SigningKey, 'keyId' | 'publicKey'>,
  previousKeyId: string,
): JsonValue {
  const { keyId, publicKey } = next
  return { airlockKey: { chainId, keyId, publicKey, previousKeyId } }
}

/** Whether the key before vouches for a key. */
export function isSucceeding(chainId: string, key: AuditKey, previous: AuditKey): boolean {
  const { keyId, publicKey, signature } = key
  if (signature === null || keyIdOf(publicKey) !== keyId) return false
  const succession = successionOf(chainId, key, previous.keyId)
  return isSignedBy(previous.publicKey, succession, signature)
}
