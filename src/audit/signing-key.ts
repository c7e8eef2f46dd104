import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { ConfigurationError, canonicalJson, type JsonValue } from '../../harness/index.ts'

/** A key that signs checkpoints. */
export interface SigningKey {
  /** SHA-256 of the public key, its first 32 hex digits. */
  readonly keyId: string
  /** SPKI, DER, base64. */
  readonly publicKey: string
  /** Ed25519 over the canonical JSON, base64. */
  sign(statement: JsonValue): string
}

/**
 * Reads a private key.
 *
 * @param pem - Ed25519, PKCS 8, PEM.
 * @throws {ConfigurationError} It is not.
 */
export function readSigningKey(pem: string): SigningKey {
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch (cause) {
    throw notAKey(cause)
  }
  if (key.asymmetricKeyType !== 'ed25519') throw notAKey()
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64')
  return {
    keyId: keyIdOf(publicKey),
    publicKey,
    sign: (statement) => sign(null, Buffer.from(canonicalJson(statement)), key).toString('base64'),
  }
}

/** The id of a public key in SPKI, DER, base64. */
export function keyIdOf(publicKey: string): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 32)
}

/** Whether the owner of a key signed a statement. `false` for whatever is not a key or a signature. */
export function isSignedBy(publicKey: string, statement: JsonValue, signature: string): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.from(publicKey, 'base64'),
      format: 'der',
      type: 'spki',
    })
    if (key.asymmetricKeyType !== 'ed25519') return false
    const bytes = Buffer.from(signature, 'base64')
    // One text per signature, so that no byte of it can change unnoticed.
    if (bytes.toString('base64') !== signature) return false
    return verify(null, Buffer.from(canonicalJson(statement)), key, bytes)
  } catch {
    return false
  }
}

function notAKey(cause?: unknown): ConfigurationError {
  return new ConfigurationError(
    'A signing key is an Ed25519 private key in PEM: `openssl genpkey -algorithm ed25519`',
    { cause },
  )
}
