import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import {
  ConfigurationError,
  DEFAULT_LIMITS,
  type JournalEntry,
  type Policy,
  ProcessSandbox,
  ProgramReader,
  type RunJournal,
  replayOffline,
  type Tool,
} from '../../harness/index.ts'
import type { RunOutcome } from '../run-outcome.ts'
import { openDatabase } from '../store/database.ts'
import { DatabaseRunStore } from '../store/database-run-store.ts'
import { MIGRATIONS } from '../store/migrations/migrations.ts'
import { DatabaseRunJournal } from '../store/run-journal.ts'
import { RunSeal } from '../store/run-seal.ts'
import type { RunRecord, RunStore } from '../store/run-store.ts'
import { parseStoreLocation } from '../store/store-location.ts'
import { findSecrets, type StoreSecrets, secretFilesOf } from '../store/store-secrets.ts'
import { SubjectKeys } from '../store/subject-keys.ts'
import { loadPolicies, loadTools } from './check-modules.ts'
import type { ReplayArguments } from './replay-arguments.ts'
import { compareReplay, type ReplayComparison } from './replay-comparison.ts'

/** Generous: the limits of the endpoint are not on record, and a slow machine must not make a difference. */
const LIMITS = { ...DEFAULT_LIMITS, timeoutMs: 60_000, cpuMs: 60_000, maxToolCalls: 100_000 }

/** Replays stored runs. */
export interface Replayer {
  readonly runs: RunStore
  /** `null` for a run without a program: a handler's, or one whose model wrote none. */
  replay(run: RunRecord): Promise<ReplayComparison | null>
  close(): Promise<void>
}

/**
 * Opens a store to replay its runs. Nothing is written to it and no tool is called.
 *
 * @throws {ConfigurationError} There is no such store, it is of another version, or a module is wrong.
 */
export async function openReplayer(options: ReplayArguments): Promise<Replayer> {
  refuseOtherSchema(options.store)
  const { toolsModule, policyModule } = options
  const tools = toolsModule === null ? null : await loadTools(toolsModule)
  const policies = policyModule === null ? [] : await loadPolicies(policyModule)
  const database = await openDatabase(options.store)
  const keys = await SubjectKeys.open(database, secretsOf(options.store).masterKey)
  const seal = new RunSeal(database, keys)
  const journal = new DatabaseRunJournal(database, seal)
  const reader = new ProgramReader({ deadlineMs: 30_000 })
  const sandbox = new ProcessSandbox({ isolation: { minimum: options.isolation } })
  const means = { reader, sandbox, ended: new AbortController().signal }
  return {
    runs: new DatabaseRunStore(database, seal),
    replay: (run) => replayRun(run, { journal, tools, policies, means }),
    async close() {
      await Promise.all([reader.close(), sandbox.close()])
      await Promise.all([...(tools ?? []), ...policies].map((owner) => owner.close?.()))
      await database.close()
    },
  }
}

interface ReplayMeans {
  readonly journal: RunJournal
  readonly tools: readonly Tool[] | null
  readonly policies: readonly Policy[]
  readonly means: Parameters<typeof replayOffline>[1]
}

async function replayRun(
  run: RunRecord,
  { journal, tools, policies, means }: ReplayMeans,
): Promise<ReplayComparison | null> {
  const program = run.program ?? (run.outcome as RunOutcome | undefined)?.program
  // A rollback calls what undoes; nobody is asked again whether that may be.
  if (program === undefined || run.rollback !== undefined) return null
  const entries = await journal.read(run.runId)
  const firstSeq = run.program?.firstSeq ?? 0
  const replay = await replayOffline(
    {
      runId: run.runId,
      endpoint: run.endpoint,
      entrance: run.entrance === 'execute' ? 'execute' : 'intent',
      source: program.source,
      language: program.language,
      intentAction: run.entrance === 'execute' ? 'read' : run.action,
      requester: run.requester,
      expectedHash: program.hash,
      tools: tools ?? standIns(program.source, entries),
      policies,
      limits: LIMITS,
      data: run.data,
      determinism: run.determinism,
      ...{ firstSeq, entries },
      ...(run.lastTurns === undefined ? {} : { lastTurns: run.lastTurns }),
    },
    means,
  )
  return compareReplay(run, replay)
}

/** Tools as the record shows them. All that a program names was granted, or it would not have been let in. */
function standIns(source: string, entries: readonly JournalEntry[]): readonly Tool[] {
  const isReadOnly = new Map(entries.map(({ tool, readOnly }) => [tool, readOnly]))
  for (const [, dotted, quoted] of source.matchAll(/\btools\s*(?:\.\s*(\w+)|\[\s*['"]([^'"]+))/g)) {
    const name = dotted ?? quoted
    if (name !== undefined && !isReadOnly.has(name)) isReadOnly.set(name, true)
  }
  return [...isReadOnly].map(([name, readOnly]) => ({
    ...{ name, readOnly, idempotent: readOnly, description: 'As on record' },
    input: { jsonSchema: {}, validate: (value) => ({ ok: true, value }) },
    run: () => Promise.reject(new TypeError('A replay calls no tool')),
  }))
}

/** Secrets that are not there would be made, and open nothing. */
function secretsOf(location: string): StoreSecrets {
  const place = parseStoreLocation(location)
  const isGiven = (process.env['AIRLOCK_MASTER_KEY'] ?? '') !== ''
  if (place.engine === 'sqlite' && !isGiven && !existsSync(secretFilesOf(place.path).masterKey)) {
    throw new ConfigurationError(
      'The master key of the store is not beside it: set AIRLOCK_MASTER_KEY',
    )
  }
  return findSecrets(location)
}

/** Opening a store brings it up to date, and a replay must leave it as it is. */
function refuseOtherSchema(location: string): void {
  const place = parseStoreLocation(location)
  if (place.engine !== 'sqlite') return
  if (!existsSync(place.path)) throw new ConfigurationError('There is no such store')
  const database = new DatabaseSync(place.path, { readOnly: true })
  try {
    const row = database.prepare('SELECT MAX(version) AS version FROM airlock_schema').get()
    if (row?.['version'] === MIGRATIONS.length) return
  } catch (cause) {
    throw new ConfigurationError('This file is not a store', { cause })
  } finally {
    database.close()
  }
  throw new ConfigurationError(
    'Another version of this package has written the store: start the app with this version first',
  )
}
