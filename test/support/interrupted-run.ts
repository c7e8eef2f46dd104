import { join } from 'node:path'
import { callDigest, type JsonValue, ProgramReader } from '../../harness/index.ts'
import type { AuthUser } from '../../src/index.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { RunRecord } from '../../src/store/run-store.ts'
import { temporaryFolder } from '../src/store/temporary-folder.ts'

/** A call of a run whose process died. */
export interface LeftCall {
  readonly tool: string
  readonly argument: JsonValue
  readonly readOnly?: boolean
  /** Without one the call was on its way. */
  readonly answer?: JsonValue
}

/** A run whose process died, as it left it. */
export interface LeftRun {
  readonly program: string
  readonly user: AuthUser
  readonly calls: readonly LeftCall[]
  readonly endpoint?: string
}

/** The id of every {@link leaveRun}. */
export const LEFT = 'run_left'

/**
 * Writes down what a process leaves that is killed while it works on a run.
 *
 * @returns The file of the store.
 */
export async function leaveRun({
  program,
  user,
  calls,
  endpoint = 'till',
}: LeftRun): Promise<string> {
  const location = join(temporaryFolder(), 'store.db')
  const names = [...new Set(calls.map(({ tool }) => tool))]
  const hash = await hashOf(program, names)
  const store = await openStore(location)
  const { userId, roles, tenantId } = user
  const record: RunRecord = {
    runId: LEFT,
    endpoint,
    entrance: 'execute',
    requester: { userId, roles, ...(tenantId === undefined ? {} : { tenantId }) },
    user,
    status: 'running',
    action: 'execute',
    program: { source: program, language: 'js', hash },
    data: null,
    determinism: { startTimeMs: Date.now(), seed: 'ab'.repeat(32) },
    createdAt: Date.now(),
    updatedAt: Date.now(),
  }
  await store.runs.insert(record, { owner: 'a/process/that-is-dead', until: 1 })
  for (const [seq, { tool, argument, readOnly = false, answer }] of calls.entries()) {
    await store.journal.started({
      ...{ runId: LEFT, seq, tool, argument, digest: callDigest(tool, argument), readOnly },
      ...{ idempotencyKey: `${LEFT}:${seq}`, startedAt: Date.now() },
    })
    if (answer === undefined) continue
    const place = { finishedOrder: seq, finishedAt: Date.now() }
    await store.journal.finished(LEFT, seq, { kind: 'value', value: answer }, place)
  }
  await store.close()
  return location
}

/** The hash of a program as every app computes it. */
async function hashOf(program: string, toolNames: readonly string[]): Promise<string> {
  const reader = new ProgramReader({ deadlineMs: 30_000 })
  try {
    const read = await reader.read({
      ...{ source: program, language: 'js', toolNames, modules: [], skipRules: true },
      ...{ maxProgramBytes: 65_536, fairKey: 'test', deadlineMs: 30_000 },
    })
    if (!read.ok) throw new Error('The program of a test cannot be read')
    return read.program.hash
  } finally {
    await reader.close()
  }
}
