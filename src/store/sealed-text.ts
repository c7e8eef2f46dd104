import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const VERSION = 's1'

/**
 * Encrypts a text with AES-256-GCM under a fresh nonce: `s1.<label>.<nonce>.<text and tag>`.
 *
 * @param label - Says which key it was; readable, and bound to the text.
 * @param context - Where the text belongs. It opens nowhere else.
 */
export function sealText(
  key: Uint8Array,
  text: string,
  place: { readonly label: string; readonly context: string },
): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(boundTo(place))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return [VERSION, place.label, nonce.toString('base64url'), sealed.toString('base64url')].join('.')
}

/** Which key a sealed text needs; `null` when the text is not a sealed one. */
export function labelOf(sealed: string): string | null {
  if (!sealed.startsWith(`${VERSION}.`)) return null
  const parts = sealed.split('.')
  return parts.length === 4 ? (parts[1] ?? null) : null
}

/** @throws {Error} When it was sealed with another key, for another place, or was changed. */
export function openText(
  key: Uint8Array,
  sealed: string,
  place: { readonly label: string; readonly context: string },
): string {
  const [, , nonce = '', text = ''] = sealed.split('.')
  const bytes = Buffer.from(text, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), {
    authTagLength: 16,
  })
  decipher.setAAD(boundTo(place))
  decipher.setAuthTag(bytes.subarray(bytes.length - 16))
  const opened = Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()])
  return opened.toString('utf8')
}

function boundTo({ label, context }: { readonly label: string; readonly context: string }): Buffer {
  return Buffer.from(JSON.stringify([VERSION, label, context]))
}
