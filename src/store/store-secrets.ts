import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigurationError } from '../../harness/index.ts'
import { parseStoreLocation, type StoreLocation } from './store-location.ts'

/** The two secrets of a store. Whoever has both can read everything and write another history. */
export interface StoreSecrets {
  /** Signs checkpoints: an Ed25519 private key, PKCS 8, PEM. */
  readonly signingKey: string
  /** Encrypts the keys of persons: 32 bytes, base64. */
  readonly masterKey: string
}

/** Where the secrets are, for a store in a file. */
export interface SecretFiles {
  readonly signingKey: string
  readonly masterKey: string
}

/** The files beside a store. */
export function secretFilesOf(location: string): SecretFiles {
  return { signingKey: `${location}.audit-key`, masterKey: `${location}.master-key` }
}

/**
 * Finds the secrets of a store: given ones first, then `AIRLOCK_AUDIT_KEY` and `AIRLOCK_MASTER_KEY` of the
 * environment, then the files beside it, which are made for their owner alone where there are none.
 *
 * @param location - A path, `':memory:'`, whose secrets end with it, or the address of a server.
 * @throws {ConfigurationError} A file cannot be read or made, or the store is on a server, which has no
 * files beside it, and a secret is not given.
 */
export function findSecrets(
  location: StoreLocation,
  given: Partial<StoreSecrets> = {},
): StoreSecrets {
  const place = parseStoreLocation(location)
  const isFile = place.engine === 'sqlite' && place.path !== ':memory:'
  const files = isFile ? secretFilesOf(resolve(place.path)) : null
  const find = (name: keyof StoreSecrets, variable: string, make: () => string): string => {
    const found = given[name] ?? process.env[variable]
    if (found !== undefined && found !== '') return found
    if (location === ':memory:') return make()
    if (files === null) {
      throw new ConfigurationError(
        `A store on a server needs its secrets from outside: set ${variable}, or give \`secrets.${name}\``,
      )
    }
    return readOrMake(files[name], make)
  }
  return {
    signingKey: find('signingKey', 'AIRLOCK_AUDIT_KEY', newSigningKey),
    masterKey: find('masterKey', 'AIRLOCK_MASTER_KEY', () => randomBytes(32).toString('base64')),
  }
}

/** A new key to sign checkpoints with: Ed25519, PKCS 8, PEM. */
export function newSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/**
 * Writes a secret to a new file for its owner alone, whole or not at all.
 *
 * @returns Whether it was written; not where there is such a file already.
 */
export function writeSecret(path: string, secret: string): boolean {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeSync(file, `${secret.trimEnd()}\n`)
    fsyncSync(file)
    // Never over a key that somebody else has made meanwhile.
    linkSync(draft, path)
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  } finally {
    closeSync(file)
    rmSync(draft, { force: true })
  }
}

function readOrMake(path: string, make: () => string): string {
  try {
    const found = readIfThere(path)
    if (found !== null) return found
    writeSecret(path, make())
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new ConfigurationError(
      'A secret of the store cannot be read or made beside it: check the rights to its folder, or give `secrets`',
      { cause },
    )
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    throw error
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
