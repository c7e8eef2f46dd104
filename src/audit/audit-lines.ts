import { canonicalJson, type JsonValue } from '../../harness/index.ts'
import type { AuditRecord } from './audit-record.ts'
import type { AuditCheckpoint, AuditKey } from './checkpoint.ts'

/** One line of an export. */
export type AuditLine =
  | { readonly type: 'airlock-audit'; readonly version: 1; readonly chainId: string }
  | ({ readonly type: 'key' } & AuditKey)
  | ({ readonly type: 'checkpoint' } & AuditCheckpoint)
  | StoredRecord
  | { readonly type: 'end'; readonly position: number; readonly hash: string }

/** A record with its payload; `null` when its retention is over. */
export type StoredRecord = {
  readonly type: 'record'
  readonly payload: string | null
} & AuditRecord

/** Writes a line in the one form that it may have, so that no byte of it can change unnoticed. */
export function writeLine(line: AuditLine): string {
  return canonicalJson(line as unknown as JsonValue)
}

type Kind = 'text' | 'number' | 'text?'

const SHAPES: { readonly [type in AuditLine['type']]: { readonly [name: string]: Kind } } = {
  'airlock-audit': { version: 'number', chainId: 'text' },
  key: {
    ...{ keyId: 'text', position: 'number', publicKey: 'text' },
    ...{ previousKeyId: 'text?', signature: 'text?' },
  },
  checkpoint: {
    ...{ chainId: 'text', position: 'number', hash: 'text', at: 'number' },
    ...{ keyId: 'text', signature: 'text' },
  },
  record: {
    ...{ position: 'number', at: 'number', kind: 'text', runId: 'text?', payload: 'text?' },
    ...{ payloadDigest: 'text', previousHash: 'text', hash: 'text' },
  },
  end: { position: 'number', hash: 'text' },
}

/** Reads a line; `null` when it is none, or is not written in the one form that it may have. */
export function readLine(text: string): AuditLine | null {
  let value: unknown
  try {
    value = JSON.parse(text)
    if (canonicalJson(value as JsonValue) !== text) return null
  } catch {
    return null
  }
  return isLine(value) ? value : null
}

function isLine(value: unknown): value is AuditLine {
  if (typeof value !== 'object' || value === null) return false
  const { type, ...fields } = value as { readonly [name: string]: unknown }
  if (typeof type !== 'string' || !Object.hasOwn(SHAPES, type)) return false
  if (type === 'airlock-audit' && fields['version'] !== 1) return false
  const shape = SHAPES[type as AuditLine['type']]
  const names = Object.keys(shape)
  if (Object.keys(fields).length !== names.length) return false
  return names.every((name) => isOfKind(fields[name], shape[name] ?? 'text'))
}

function isOfKind(value: unknown, kind: Kind): boolean {
  if (kind === 'number') return Number.isSafeInteger(value)
  return typeof value === 'string' || (kind === 'text?' && value === null)
}
