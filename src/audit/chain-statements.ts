import { type Compilable, type Expression, type SqlBool, sql } from 'kysely'
import type { Database } from '../store/database.ts'
import { preparedQuery } from '../store/prepared-query.ts'
import type { AuditRecordTable } from '../store/tables.ts'
import { type AuditLink, type AuditRecord, type ChainEnd, nextRecord } from './audit-record.ts'

/** What is true in the commit that chains a record, and in no other. */
export interface Chained {
  /** The condition for a statement. */
  readonly is: Expression<SqlBool>
  /** What the condition is about, for {@link isChained} in statements that are built once. */
  readonly hash: string
}

/** The condition that the head has this hash. */
export function isChained(hash: string): Expression<SqlBool> {
  return sql<SqlBool>`exists (select 1 from airlock_audit_head where hash = ${hash})`
}

/** What must hold when a record is chained, or it is not. */
export interface ChainCondition {
  /** Equal for conditions about the same thing: of those, one is tried at a time. */
  readonly key: string
  /** A query that finds a row while the condition holds. */
  readonly holds: (
    database: Database,
  ) => Expression<unknown> & { execute(): Promise<readonly unknown[]> }
}

/** A record to be chained, and what has to be written with it. */
export interface ChainEntry extends AuditLink {
  /** Statements that take effect with the record or not at all; each of them must ask `chained`. */
  readonly with?: (record: AuditRecord, chained: Chained) => readonly Compilable[]
  readonly onlyIf?: ChainCondition
}

/** The end of the chain with what is counted along it. */
export interface ChainHead extends ChainEnd {
  /** Bytes of all payloads ever chained. */
  readonly totalBytes: number
}

/** The statements of one commit. All others depend on the first, which moves the head. */
export interface ChainCommit {
  readonly to: ChainHead
  readonly statements: readonly Compilable[]
  readonly entries: readonly {
    readonly record: AuditRecord
    /** The place of the first of its own statements, and how many there are. */
    readonly first: number
    readonly count: number
  }[]
}

/** Builds the one commit that chains entries behind `from`. */
export function chainCommit(
  { database, insert }: { readonly database: Database; readonly insert: InsertRecord },
  from: ChainHead,
  entries: readonly ChainEntry[],
  now: number,
): ChainCommit {
  const { links, to } = linked(from, entries, now)
  const conditions = entries.flatMap(({ onlyIf }) => onlyIf ?? [])
  const chained: Chained = { hash: to.hash, is: isChained(to.hash) }
  const statements: Compilable[] = [moveHead(database, from, to, conditions)]
  const placed = links.map(({ entry, record, totalBytes }) => {
    const own = entry.with?.(record, chained) ?? []
    statements.push(insert({ ...columnsOf(record, entry.payload, totalBytes), to: to.hash }))
    const first = statements.length
    statements.push(...own)
    return { record, first, count: own.length }
  })
  return { to, statements, entries: placed }
}

function linked(from: ChainHead, entries: readonly ChainEntry[], now: number) {
  let to = from
  const links = entries.map((entry) => {
    const record = nextRecord(to, entry, now)
    const { position, hash, at } = record
    const totalBytes = to.totalBytes + Buffer.byteLength(entry.payload)
    to = { position, hash, at, totalBytes }
    return { entry, record, totalBytes }
  })
  return { links, to }
}

function moveHead(
  database: Database,
  from: ChainHead,
  to: ChainHead,
  conditions: readonly ChainCondition[],
): Compilable {
  const { position, hash, at, totalBytes } = to
  return database.queries
    .updateTable('airlock_audit_head')
    .set({ position, hash, at, total_bytes: totalBytes })
    .where('id', '=', 1)
    .where('hash', '=', from.hash)
    .where(({ and, exists }) => and(conditions.map(({ holds }) => exists(holds(database)))))
}

/** A record as its columns, with the hash that the head has where it is chained. */
type RecordColumns = Omit<AuditRecordTable, 'payload'> & {
  readonly payload: string
  readonly to: string
}

/** The statement that every record needs: built once, as building it costs as much as running it. */
export type InsertRecord = (columns: RecordColumns) => Compilable

export function insertRecordInto(queries: Database['queries']): InsertRecord {
  return preparedQuery<RecordColumns>((slot) =>
    queries
      .insertInto('airlock_audit_records')
      .columns([...TEXTS, ...NUMBERS])
      .expression(({ selectFrom, cast, val }) =>
        // PostgreSQL has to be told what a parameter in a select is.
        selectFrom('airlock_audit_head as head')
          .select([
            ...TEXTS.map((name) => cast<string>(val(slot(name)), 'text').as(name)),
            ...NUMBERS.map((name) => cast<number>(val(slot(name)), 'bigint').as(name)),
          ])
          .where('head.hash', '=', slot('to')),
      ),
  )
}

const TEXTS = ['kind', 'run_id', 'payload', 'payload_digest', 'previous_hash', 'hash'] as const

const NUMBERS = ['position', 'at', 'total_bytes'] as const

function columnsOf(
  { position, at, kind, runId, payloadDigest, previousHash, hash }: AuditRecord,
  payload: string,
  totalBytes: number,
): Omit<RecordColumns, 'to'> {
  return {
    ...{ position, at, kind, run_id: runId, payload, payload_digest: payloadDigest },
    ...{ previous_hash: previousHash, hash, total_bytes: totalBytes },
  }
}
