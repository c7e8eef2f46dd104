import { type Logger, silentLogger } from '../../harness/index.ts'
import type { Database } from '../store/database.ts'
import type { StoreSecrets } from '../store/store-secrets.ts'
import { SubjectKeys } from '../store/subject-keys.ts'
import { DatabaseAuditRecorder } from '../store/trace-store.ts'
import { adoptUnchained } from './adopt-unchained.ts'
import { AuditChain } from './audit-chain.ts'
import { AuditCheckpoints, type CheckpointOptions } from './audit-checkpoints.ts'
import { admitKey } from './audit-keys.ts'
import { type AuditBounds, AuditRetention } from './audit-retention.ts'
import { readSigningKey } from './signing-key.ts'

/** How the audit of a store is kept. */
export interface AuditOptions extends CheckpointOptions, Omit<AuditBounds, 'maxTraces'> {}

/** The audit of an open store. */
export interface OpenAudit {
  readonly chain: AuditChain
  readonly keys: SubjectKeys
  readonly recorder: DatabaseAuditRecorder
  readonly checkpoints: AuditCheckpoints
  readonly retention: AuditRetention
  /** Signs a last checkpoint. */
  close(): Promise<void>
}

/** Looks at the age of payloads so often. */
const RETENTION_MS = 60_000

interface OpenOptions extends AuditOptions {
  readonly maxTraces: number
  readonly logger?: Logger
}

/**
 * Opens the audit of a store: its chain, its keys and its bounds. A store whose audit cannot be opened is
 * closed.
 *
 * @param secrets - Asked once the database is there.
 * @throws {ConfigurationError} A secret is missing, or is not the one of this store.
 */
export async function openAudit(
  database: Database,
  secrets: () => StoreSecrets,
  options: OpenOptions,
): Promise<OpenAudit> {
  try {
    return await open(database, secrets(), options)
  } catch (error) {
    await database.close()
    throw error
  }
}

async function open(
  database: Database,
  secrets: StoreSecrets,
  options: OpenOptions,
): Promise<OpenAudit> {
  const { maxTraces, maxAgeMs, maxBytes, logger = silentLogger, ...signing } = options
  const key = readSigningKey(secrets.signingKey)
  const keys = await SubjectKeys.open(database, secrets.masterKey)
  const chain = await AuditChain.open(database)
  await admitKey(database, chain, key)
  const bounds = {
    maxTraces,
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  }
  const retention = new AuditRetention(database, chain, bounds)
  const recorder = new DatabaseAuditRecorder({ database, chain, seal: keys, retention })
  await adoptUnchained(database, recorder)
  await retention.run()
  const checkpoints = new AuditCheckpoints({ database, chain, key }, signing, logger)
  await checkpoints.open()
  const timer = setInterval(() => {
    retention.run().catch((err: unknown) => logger.error({ err }, 'Audit retention failed'))
  }, RETENTION_MS)
  timer.unref()
  return {
    ...{ chain, keys, recorder, checkpoints, retention },
    async close() {
      clearInterval(timer)
      await retention.idle()
      await checkpoints.close()
    },
  }
}
