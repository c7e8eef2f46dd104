import { randomBytes } from 'node:crypto'

/** A secret that occurs nowhere by chance: lower-case letters, digits and `-`. */
export function randomToken(label: string): string {
  return `${label}-${randomBytes(20).toString('hex')}`
}

/**
 * Says in which form a secret stands in a text.
 *
 * @returns The name of the form, or `null` when the secret is not there.
 */
export function findToken(text: string, token: string): string | null {
  // Line breaks and blanks between char codes or base64 lines hide nothing.
  const squeezed = text.replace(/\s+/g, '')
  const lower = squeezed.toLowerCase()
  for (const [form, needle] of formsOf(token)) {
    if ((form === 'hex' ? lower : squeezed).includes(needle)) return form
  }
  return null
}

function formsOf(token: string): [form: string, needle: string][] {
  const bytes = Buffer.from(token, 'latin1')
  const forms: [string, string][] = [
    ['plain', token],
    ['reversed', [...token].reverse().join('')],
    ['hex', bytes.toString('hex')],
    ['char codes', [...bytes].join(',')],
  ]
  for (const offset of [0, 1, 2]) {
    const text = base64Within(bytes, offset)
    forms.push([`base64 at ${offset}`, text])
    forms.push([`base64url at ${offset}`, text.replaceAll('+', '-').replaceAll('/', '_')])
  }
  return forms
}

/** The characters of a base64 text that are decided by `bytes` alone when `offset` bytes stand before. */
function base64Within(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  const first = Math.ceil((offset * 8) / 6)
  const end = Math.floor(((offset + bytes.length) * 8) / 6)
  return encoded.slice(first, end)
}
