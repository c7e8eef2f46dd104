import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { canonicalJson, type JsonValue } from '../../harness/index.ts'
import { readKeys } from '../audit/audit-keys.ts'
import { rotateStoreKey } from '../audit/rotate-store-key.ts'
import { openDatabase } from '../store/database.ts'
import { openStore } from '../store/open-store.ts'
import { storeOf } from './audit-store.ts'

/** Signs where the chain of a store is now, and prints the checkpoint. */
export async function auditCheckpoint(args: readonly string[]): Promise<number> {
  const store = await openStore(storeOf(positionalsOf(args)))
  try {
    const signed = await store.auditLog.checkpoint()
    const checkpoint = signed ?? (await store.auditLog.latestCheckpoint())
    console.log(canonicalJson(checkpoint as JsonValue))
    return 0
  } finally {
    await store.close()
  }
}

/** Prints the newest public key of a store. */
export async function auditKey(args: readonly string[]): Promise<number> {
  const database = await openDatabase(storeOf(positionalsOf(args)))
  try {
    const newest = (await readKeys(database)).at(-1)
    if (newest === undefined) {
      console.error('This store has no audit yet')
      return 1
    }
    const key = Buffer.from(newest.publicKey, 'base64')
    const pem = createPublicKey({ key, format: 'der', type: 'spki' })
    console.log(pem.export({ type: 'spki', format: 'pem' }).toString().trimEnd())
    return 0
  } finally {
    await database.close()
  }
}

/** Gives a store a new key to sign checkpoints with. */
export async function auditRotateKey(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'old-key': { type: 'string' },
      'new-key': { type: 'string' },
      lost: { type: 'boolean', default: false },
    },
  })
  const read = (file: string | undefined) =>
    file === undefined ? undefined : readFileSync(file, 'utf8')
  const [oldKey, newKey] = [read(values['old-key']), read(values['new-key'])]
  const key = await rotateStoreKey(storeOf(positionals), {
    ...(oldKey === undefined ? {} : { oldKey }),
    ...(newKey === undefined ? {} : { newKey }),
    isLost: values.lost,
  })
  console.log(`Key ${key.keyId} signs from record ${key.position} on.`)
  console.log('Start processes that have the store open again: until then they do not sign.')
  if (key.signature === null)
    console.log('Nobody vouches for it: publish it where it is looked for.')
  return 0
}

function positionalsOf(args: readonly string[]): readonly string[] {
  return parseArgs({ args: [...args], allowPositionals: true, options: {} }).positionals
}
