import type { Database } from '../store/database.ts'
import { readKeys } from './audit-keys.ts'
import type { AuditLine, StoredRecord } from './audit-lines.ts'
import type { AuditCheckpoint } from './checkpoint.ts'

const PAGE = 500

/**
 * Reads the whole chain of a store: what it is, its keys, then its records in order, each followed by the
 * checkpoint that was signed for it.
 */
export async function* readChain(database: Database): AsyncGenerator<AuditLine> {
  const { chain_id: chainId } = await database.queries
    .selectFrom('airlock_audit_head')
    .select('chain_id')
    .executeTakeFirstOrThrow()
  yield { type: 'airlock-audit', version: 1, chainId }
  for (const key of await readKeys(database)) yield { type: 'key', ...key }
  let after = 0
  let last = { position: 0, hash: '' }
  for (;;) {
    const records = await readRecords(database, after)
    const upTo = records.at(-1)?.position ?? Number.MAX_SAFE_INTEGER
    const checkpoints = await readCheckpoints(database, chainId, after, upTo)
    // What stands for records that are gone comes before the first that is there.
    const first = records[0]?.position ?? Number.MAX_SAFE_INTEGER
    for (const checkpoint of checkpoints) {
      if (checkpoint.position < first) yield { type: 'checkpoint', ...checkpoint }
    }
    const bySigned = new Map(checkpoints.map((checkpoint) => [checkpoint.position, checkpoint]))
    for (const record of records) {
      yield record
      const checkpoint = bySigned.get(record.position)
      if (checkpoint !== undefined) yield { type: 'checkpoint', ...checkpoint }
      last = record
    }
    if (records.length < PAGE) break
    after = last.position
  }
  yield { type: 'end', position: last.position, hash: last.hash }
}

/** The checkpoints of a chain, oldest first. */
export async function readCheckpoints(
  { queries }: Database,
  chainId: string,
  after: number,
  upTo: number,
): Promise<readonly AuditCheckpoint[]> {
  const rows = await queries
    .selectFrom('airlock_audit_checkpoints')
    .selectAll()
    .where('position', '>', after)
    .where('position', '<=', upTo)
    .orderBy('position')
    .execute()
  return rows.map(({ position, hash, at, key_id: keyId, signature }) => {
    return { chainId, position, hash, at, keyId, signature }
  })
}

async function readRecords({ queries }: Database, after: number): Promise<readonly StoredRecord[]> {
  const rows = await queries
    .selectFrom('airlock_audit_records')
    .selectAll()
    .where('position', '>', after)
    .orderBy('position')
    .limit(PAGE)
    .execute()
  return rows.map((row) => ({
    type: 'record',
    ...{ position: row.position, at: row.at, kind: row.kind, runId: row.run_id },
    ...{ payload: row.payload, payloadDigest: row.payload_digest },
    ...{ previousHash: row.previous_hash, hash: row.hash },
  }))
}
