import type { AuditLine, StoredRecord } from './audit-lines.ts'
import { genesisHash, payloadDigestOf, recordHash } from './audit-record.ts'
import type { AuditCheckpoint, AuditKey } from './checkpoint.ts'
import { KeyRing } from './key-ring.ts'

/** What is wrong, in one word. */
export type AuditFault =
  /** The line cannot be read, or is not written in the one form that it may have. */
  | 'unreadable'
  /** The payload is not the one that was recorded. */
  | 'payload'
  /** The payload is gone, and no record of the retention says so. */
  | 'payload-missing'
  /** The record is not the one that was recorded. */
  | 'record'
  /** Records before it are not there. */
  | 'missing'
  /** It stands where another record belongs. */
  | 'order'
  /** It does not follow from the record before it: one of the two is not what was recorded. */
  | 'link'
  /** A signed checkpoint says that the chain was another one here. */
  | 'checkpoint'
  /** The chain has been longer. */
  | 'truncated'
  /** A key or a signature is not what it has to be. */
  | 'key'
  /** What traces are searched by does not say what the trace says. */
  | 'index'

/** Where something is wrong. */
export interface AuditProblem {
  readonly fault: AuditFault
  /** The record; `null` where the line belongs to none. */
  readonly position: number | null
  readonly message: string
}

/** What a verification found. */
export interface AuditReport {
  readonly isIntact: boolean
  /** The first record that is broken, or what else is wrong first; `null` when nothing is. */
  readonly broken: AuditProblem | null
  /** Everything that was found, in the order of the records, at most a hundred. */
  readonly problems: readonly AuditProblem[]
  /** What is worth knowing and no fault. */
  readonly notes: readonly string[]
  readonly chainId: string | null
  readonly records: number
  /** The first and last positions that were there; 0 when none was. */
  readonly first: number
  readonly last: number
  /** Up to here a signature says that the chain is what it was. */
  readonly signedUpTo: number
}

/** What a chain is checked with beside itself. */
export interface VerifyOptions {
  /** Checkpoints that were kept elsewhere: the chain must still have what they say. */
  readonly expected?: readonly AuditCheckpoint[]
  /** The public key that is trusted, SPKI, DER, base64; with it, no other counts but its successors. */
  readonly trustedKey?: string
}

const MAX_PROBLEMS = 100

/** Checks a chain line by line, as it comes, in bounded memory. */
export class ChainVerifier {
  readonly #options: VerifyOptions
  readonly #problems: AuditProblem[] = []
  readonly #notes: string[] = []
  readonly #keys: KeyRing
  /** Checkpoints that wait for their record, by position. */
  readonly #awaited = new Map<number, AuditCheckpoint[]>()
  /** Payloads that are gone, as first and last positions of stretches. */
  readonly #gone: { readonly first: number; last: number }[] = []
  #chainId: string | null = null
  #previous: { readonly position: number; readonly hash: string } | null = null
  #base: AuditCheckpoint | null = null
  #first = 0
  #records = 0
  #floor = 0
  #signedUpTo = 0
  #end: { readonly position: number; readonly hash: string } | null = null

  constructor(options: VerifyOptions = {}) {
    this.#options = options
    this.#keys = new KeyRing(options.trustedKey ?? null)
  }

  /** Takes the next line; `null` is one that cannot be read. */
  take(line: AuditLine | null): void {
    if (line === null) {
      const position = (this.#previous?.position ?? 0) + 1
      return this.#fault('unreadable', position, 'cannot be read as it stands in the export')
    }
    switch (line.type) {
      case 'airlock-audit':
        return this.#begin(line.chainId)
      case 'key':
        return this.#takeKey(line)
      case 'checkpoint':
        return this.#takeCheckpoint(line)
      case 'record':
        return this.#takeRecord(line)
      case 'end':
        this.#end = line
    }
  }

  /** Says what was found, when there are no more lines. */
  finish(): AuditReport {
    this.#checkExpected()
    this.#checkGone()
    this.#checkEnd()
    this.#keys.finish(this.#signedUpTo, (message) => this.#fault('key', null, message))
    const problems = this.#problems.toSorted(
      (a, b) => (a.position ?? Number.MAX_VALUE) - (b.position ?? Number.MAX_VALUE),
    )
    return {
      isIntact: problems.length === 0,
      broken: problems[0] ?? null,
      problems,
      notes: [...this.#notes, ...this.#keys.notes],
      chainId: this.#chainId,
      records: this.#records,
      first: this.#first,
      last: this.#previous?.position ?? 0,
      signedUpTo: this.#signedUpTo,
    }
  }

  #begin(chainId: string): void {
    if (this.#chainId !== null) this.#fault('unreadable', null, 'The export begins twice')
    this.#chainId = chainId
    for (const checkpoint of this.#options.expected ?? []) {
      if (checkpoint.chainId !== chainId) {
        this.#fault('checkpoint', null, 'The expected checkpoint is of another chain')
      } else this.#await(checkpoint)
    }
  }

  #takeKey(key: AuditKey): void {
    this.#keys.add(this.#chainId ?? '', key, (message) => this.#fault('key', key.position, message))
  }

  #takeCheckpoint(checkpoint: AuditCheckpoint): void {
    const { position, chainId } = checkpoint
    if (chainId !== this.#chainId) {
      return this.#fault('checkpoint', position, 'has a checkpoint of another chain')
    }
    const problem = this.#keys.refuse(checkpoint)
    if (problem !== null) return this.#fault('key', position, problem)
    if (this.#previous === null && this.#base === null) this.#base = checkpoint
    if (this.#previous?.position === position) this.#compare(checkpoint, this.#previous)
    else if (position > (this.#previous?.position ?? 0)) this.#await(checkpoint)
    else this.#fault('checkpoint', position, 'has a checkpoint that comes too late')
  }

  #takeRecord(record: StoredRecord): void {
    const { position, payload, payloadDigest, previousHash, hash } = record
    this.#records += 1
    if (this.#previous === null) this.#takeFirst(record)
    else if (position <= this.#previous.position) {
      const { position: before } = this.#previous
      const message = `Where record ${before + 1} belongs there is one that says it is ${position}`
      return this.#fault('order', before + 1, message, true)
    } else if (position > this.#previous.position + 1) {
      const from = this.#previous.position + 1
      const which =
        position - from === 1 ? `Record ${from} is` : `Records ${from} to ${position - 1} are`
      this.#fault('missing', from, `${which} not there`, true)
    } else if (previousHash !== this.#previous.hash) {
      this.#fault('link', position, `does not follow from record ${position - 1}`)
    }
    if (recordHash(record) !== hash) {
      this.#fault('record', position, 'is not what was recorded: its hash is another one')
    }
    if (payload === null) this.#note(position)
    else if (payloadDigestOf(payload) !== payloadDigest) {
      this.#fault('payload', position, 'has another payload than was recorded')
    }
    this.#previous = { position, hash }
    this.#readFacts(record)
    for (const checkpoint of this.#awaited.get(position) ?? []) this.#compare(checkpoint, record)
    this.#awaited.delete(position)
  }

  #takeFirst({ position, previousHash }: StoredRecord): void {
    this.#first = position
    if (position === 1) {
      if (previousHash !== genesisHash(this.#chainId ?? '')) {
        this.#fault('link', 1, 'does not follow from the beginning of this chain')
      }
      return
    }
    // Before it there is what the retention has taken. A signed checkpoint stands for that.
    const base = this.#base
    if (base === null || base.position !== position - 1) {
      this.#fault('missing', 1, `Records 1 to ${position - 1} are not there`, true)
    } else if (base.hash !== previousHash) {
      this.#fault('link', position, 'does not follow from the checkpoint before it')
    } else {
      this.#awaited.delete(base.position)
      this.#signedUpTo = base.position
      this.#gone.push({ first: 1, last: base.position })
    }
  }

  /** What records say about the chain itself. */
  #readFacts({ kind, payload, position }: StoredRecord): void {
    if (payload === null || (kind !== 'retention' && !kind.startsWith('key.'))) return
    let facts: { readonly upTo?: unknown; readonly keyId?: unknown; readonly publicKey?: unknown }
    try {
      facts = JSON.parse(payload).facts ?? {}
    } catch {
      return
    }
    if (kind === 'retention') {
      if (typeof facts.upTo === 'number' && facts.upTo < position) {
        this.#floor = Math.max(this.#floor, facts.upTo)
      }
    } else if (!this.#keys.has(String(facts.keyId), position, String(facts.publicKey))) {
      this.#fault('key', position, 'names a key that is not among the keys')
    }
  }

  #note(position: number): void {
    const last = this.#gone.at(-1)
    if (last?.last === position - 1) last.last = position
    else this.#gone.push({ first: position, last: position })
  }

  #await(checkpoint: AuditCheckpoint): void {
    const awaited = this.#awaited.get(checkpoint.position)
    if (awaited === undefined) this.#awaited.set(checkpoint.position, [checkpoint])
    else awaited.push(checkpoint)
  }

  #compare({ position, hash }: AuditCheckpoint, found: { readonly hash: string }): void {
    if (hash === found.hash) {
      if (position > this.#signedUpTo) this.#signedUpTo = position
      return
    }
    // Whatever was found on the way here is the reason.
    const isExplained = this.#problems.some(
      (problem) =>
        (problem.position ?? 0) > this.#signedUpTo && (problem.position ?? 0) <= position,
    )
    if (isExplained) return
    this.#fault(
      'checkpoint',
      this.#signedUpTo + 1,
      `The checkpoint at ${position} was signed for another chain: something from record ${this.#signedUpTo + 1} to ${position} is not what was recorded`,
      true,
    )
  }

  #checkExpected(): void {
    const last = this.#previous?.position ?? 0
    const expected = new Set(this.#options.expected ?? [])
    for (const checkpoint of this.#options.expected ?? []) {
      const problem = this.#keys.refuse(checkpoint)
      if (problem !== null) this.#fault('key', null, `The expected checkpoint: ${problem}`, true)
    }
    for (const [position, checkpoints] of this.#awaited) {
      if (position > last) {
        this.#fault('truncated', last + 1, `Records ${last + 1} to ${position} are not there`, true)
      } else if (checkpoints.some((checkpoint) => expected.has(checkpoint))) {
        this.#notes.push(`A checkpoint at ${position} is older than what is kept`)
      }
    }
  }

  #checkGone(): void {
    for (const { first, last } of this.#gone) {
      if (last <= this.#floor) continue
      const from = Math.max(first, this.#floor + 1)
      this.#fault('payload-missing', from, 'has lost its payload, and no retention says so')
    }
    if (this.#floor > 0) this.#notes.push(`Payloads up to record ${this.#floor} were forgotten`)
  }

  #checkEnd(): void {
    if (this.#chainId === null) this.#fault('unreadable', null, 'This is not an export', true)
    const last = this.#previous ?? { position: 0, hash: genesisHash(this.#chainId ?? '') }
    const end = this.#end
    if (end === null) {
      this.#fault('truncated', last.position + 1, 'The export ends before its end', true)
    } else if (end.position > last.position) {
      const message = `Records ${last.position + 1} to ${end.position} are not there`
      this.#fault('truncated', last.position + 1, message, true)
    } else if (end.position !== last.position || end.hash !== last.hash) {
      this.#fault('record', end.position, 'is not the one that the export ends with')
    }
    if (last.position > this.#signedUpTo) {
      this.#notes.push(`Records after ${this.#signedUpTo} are not signed yet`)
    }
  }

  #fault(fault: AuditFault, position: number | null, message: string, isWhole = false): void {
    if (this.#problems.length >= MAX_PROBLEMS) return
    const text = isWhole || position === null ? message : `Record ${position} ${message}`
    this.#problems.push({ fault, position, message: text })
  }
}
