import { ConfigurationError, canonicalJson } from '../../harness/index.ts'
import type { Database } from '../store/database.ts'
import type { AuditChain } from './audit-chain.ts'
import type { AuditKind } from './audit-record.ts'
import { type AuditKey, successionOf } from './checkpoint.ts'
import type { SigningKey } from './signing-key.ts'

/** The keys that have signed checkpoints of a chain, oldest first. */
export async function readKeys({ queries }: Database): Promise<readonly AuditKey[]> {
  const rows = await queries
    .selectFrom('airlock_audit_keys')
    .selectAll()
    .orderBy('position')
    .execute()
  return rows.map(({ key_id, position, public_key, previous_key_id, signature }) => ({
    ...{ keyId: key_id, position, publicKey: public_key },
    ...{ previousKeyId: previous_key_id, signature },
  }))
}

/**
 * Makes sure that a key may sign for a chain: it is the newest one, or the first.
 *
 * @throws {ConfigurationError} It is another one, which nobody has vouched for, or one that was replaced.
 */
export async function admitKey(
  database: Database,
  chain: AuditChain,
  key: SigningKey,
): Promise<void> {
  // A process that begins at the same time with the same store may be first.
  for (let attempt = 0; attempt < 2; attempt++) {
    const newest = (await readKeys(database)).at(-1)
    if (newest?.keyId === key.keyId) return
    if (newest !== undefined) break
    await appendKey(database, chain, 'key.first', { key, previousKeyId: null, signature: null })
  }
  throw new ConfigurationError(
    'The signing key is not the newest one of this audit chain: give that one, or rotate with `airlock audit rotate-key`',
  )
}

/**
 * Hands over from the newest key to another one.
 *
 * @param old - The newest key, which signs its successor; `null` when it was lost, which the chain then
 * says for ever.
 * @throws {ConfigurationError} `old` is not the newest key, or the successor has been used before.
 */
export async function rotateKey(
  database: Database,
  chain: AuditChain,
  keys: { readonly old: SigningKey | null; readonly next: SigningKey },
): Promise<AuditKey> {
  const { old, next } = keys
  const known = await readKeys(database)
  const newest = known.at(-1)
  if (newest === undefined || (old !== null && newest.keyId !== old.keyId)) {
    throw new ConfigurationError('Only the newest key of an audit chain can hand over to another')
  }
  if (known.some(({ keyId }) => keyId === next.keyId)) {
    throw new ConfigurationError('This key has been used before: make a new one')
  }
  const previousKeyId = newest.keyId
  const signature = old?.sign(successionOf(chain.id, next, previousKeyId)) ?? null
  const kind = old === null ? 'key.replaced' : 'key.rotated'
  await appendKey(database, chain, kind, { key: next, previousKeyId, signature })
  const added = (await readKeys(database)).at(-1)
  if (added?.keyId !== next.keyId) {
    throw new ConfigurationError('Somebody else has rotated the key at the same time')
  }
  return added
}

interface NewKey {
  readonly key: SigningKey
  readonly previousKeyId: string | null
  readonly signature: string | null
}

async function appendKey(
  { queries }: Database,
  chain: AuditChain,
  kind: AuditKind,
  { key, previousKeyId, signature }: NewKey,
): Promise<void> {
  const { keyId, publicKey } = key
  const successors = queries
    .selectFrom('airlock_audit_keys')
    .select('key_id')
    .where('previous_key_id', 'is not distinct from', previousKeyId)
  await chain.append({
    ...{ kind, runId: null },
    payload: canonicalJson({ facts: { keyId, publicKey, previousKeyId, signature } }),
    onlyIf: {
      key: `key after ${previousKeyId ?? ''}`,
      holds: () =>
        queries
          .selectFrom('airlock_audit_head')
          .select('id')
          .where(({ not, exists }) => not(exists(successors))),
    },
    with: ({ position }, chained) => [
      queries
        .insertInto('airlock_audit_keys')
        .columns(['key_id', 'position', 'public_key', 'previous_key_id', 'signature'])
        .expression(({ selectFrom, cast, val }) =>
          selectFrom('airlock_audit_head')
            .select([
              cast<string>(val(keyId), 'text').as('key_id'),
              cast<number>(val(position), 'bigint').as('position'),
              cast<string>(val(publicKey), 'text').as('public_key'),
              cast<string | null>(val(previousKeyId), 'text').as('previous_key_id'),
              cast<string | null>(val(signature), 'text').as('signature'),
            ])
            .where(chained.is),
        ),
    ],
  })
}
