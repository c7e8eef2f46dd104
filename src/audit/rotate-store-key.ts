import { existsSync, readFileSync, renameSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigurationError } from '../../harness/index.ts'
import { openDatabase } from '../store/database.ts'
import { parseStoreLocation } from '../store/store-location.ts'
import { findSecrets, newSigningKey, secretFilesOf, writeSecret } from '../store/store-secrets.ts'
import { AuditChain } from './audit-chain.ts'
import { readKeys, rotateKey } from './audit-keys.ts'
import type { AuditKey } from './checkpoint.ts'
import { readSigningKey } from './signing-key.ts'

/** Which keys are used where they are not the files beside the store. Private keys in PEM. */
export interface RotationKeys {
  readonly oldKey?: string
  readonly newKey?: string
  /** The old key is lost: nobody signs for the new one, and the chain says so for ever. */
  readonly isLost?: boolean
}

/**
 * Gives a store a new key to sign checkpoints with, signed by the old one. Where the key is the file beside
 * the store, a new one takes its place. Processes that have the store open go on without signing until they
 * are started again.
 *
 * @throws {ConfigurationError} A key is missing, or is not the newest one.
 */
export async function rotateStoreKey(location: string, given: RotationKeys): Promise<AuditKey> {
  const { oldKey, newKey, isLost = false } = given
  const place = parseStoreLocation(location)
  const file = place.engine === 'sqlite' ? secretFilesOf(resolve(place.path)).signingKey : null
  const isFromFile = newKey === undefined
  if (isFromFile && file === null) {
    throw new ConfigurationError('A store on a server has no key file: give the new key')
  }
  const draft = `${file}.next`
  if (isFromFile && !existsSync(draft)) writeSecret(draft, newSigningKey())
  const next = readSigningKey(newKey ?? readFileSync(draft, 'utf8'))
  const database = await openDatabase(location)
  try {
    const chain = await AuditChain.open(database)
    const newest = (await readKeys(database)).at(-1)
    // The same rotation may have been cut off between the store and the file.
    const isDone = newest?.keyId === next.keyId
    const old = isLost || isDone ? null : readSigningKey(oldKey ?? findSecrets(location).signingKey)
    const key = isDone ? newest : await rotateKey(database, chain, { old, next })
    if (isFromFile && file !== null) renameSync(draft, file)
    return key
  } finally {
    await database.close()
  }
}
