import { createHash } from 'node:crypto'
import { type ApprovalEventKind, canonicalJson } from '../../harness/index.ts'

/** What happened, in one word; the payload says the rest. */
export type AuditKind =
  | 'trace.started'
  | 'trace.updated'
  | 'trace.adopted'
  | `approval.${ApprovalEventKind}`
  | 'grant.given'
  | 'grant.revoked'
  | 'delegation.given'
  | 'delegation.revoked'
  | 'key.first'
  | 'key.rotated'
  | 'key.replaced'
  | 'retention'
  | 'erasure'

/**
 * One link of the audit chain. `hash` covers every other field, and `payloadDigest` the payload as it is
 * stored: personal data is in there encrypted, so its key can go and the chain still holds.
 */
export interface AuditRecord {
  /** From 1, without gaps. */
  readonly position: number
  /** Milliseconds since 1970; never less than in the record before. */
  readonly at: number
  readonly kind: string
  readonly runId: string | null
  /** SHA-256 of the payload's text, hex. */
  readonly payloadDigest: string
  /** The `hash` of the record before; for the first one it stands for the chain itself. */
  readonly previousHash: string
  readonly hash: string
}

/** What a link is made from. */
export interface AuditLink {
  readonly kind: AuditKind
  readonly runId: string | null
  readonly payload: string
}

/** Where the chain ends. */
export interface ChainEnd {
  readonly position: number
  readonly hash: string
  readonly at: number
}

/** The hash that the first record of a chain follows: records of one store fit no other. */
export function genesisHash(chainId: string): string {
  return sha256(canonicalJson(['airlock audit chain', chainId]))
}

/** The digest of a payload's text. */
export function payloadDigestOf(payload: string): string {
  return sha256(payload)
}

/** The hash of a record over all its other fields. */
export function recordHash(record: Omit<AuditRecord, 'hash'>): string {
  const { position, at, kind, runId, payloadDigest, previousHash } = record
  return sha256(canonicalJson({ position, at, kind, runId, payloadDigest, previousHash }))
}

/** The record that follows `end`. Its time is `now`, or the time of `end` if the clock went back. */
export function nextRecord(end: ChainEnd, link: AuditLink, now: number): AuditRecord {
  const unhashed = {
    position: end.position + 1,
    at: Math.max(now, end.at),
    kind: link.kind,
    runId: link.runId,
    payloadDigest: payloadDigestOf(link.payload),
    previousHash: end.hash,
  }
  return { ...unhashed, hash: recordHash(unhashed) }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
