import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunJournal, Tool } from '../../harness/index.ts'
import { BenchSandbox } from '../bench-sandbox.ts'
import { built } from '../built.ts'
import type { GroupContext } from '../group-context.ts'
import { median, quantile } from '../quantiles.ts'
import { digits, type Row, shown } from '../rows.ts'

/** What a tool call costs through the whole gate, with the journal in memory and on disk. */
export async function measureJournal({ isQuick }: GroupContext): Promise<readonly Row[]> {
  const count = isQuick ? 50 : 1_000
  const { MemoryRunJournal } =
    await built<typeof import('../../harness/index.ts')>('harness/index.js')
  const { openStore } =
    await built<typeof import('../../src/store/open-store.ts')>('src/store/open-store.js')
  const folder = mkdtempSync(join(tmpdir(), 'bench-journal-'))
  const store = await openStore(join(folder, 'journal.db'))
  try {
    const inMemory = await measureCalls(new MemoryRunJournal(), count)
    const durable = await measureCalls(store.journal, count)
    return [
      asRow('tool round trip through the gate, journal in memory, quickjs, p50', inMemory),
      asRow('the same with the durable journal (SQLite, on disk before the call leaves)', durable),
      shown(
        'cost of the durable journal for one call',
        median(durable) - median(inMemory),
        'µs',
        'two writes that are synced, beyond the journal in memory',
      ),
    ]
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function asRow(what: string, timesUs: readonly number[]): Row {
  const note = `${timesUs.length} calls in a row; p99 ${digits(quantile(timesUs, 0.99))} µs`
  return shown(what, median(timesUs), 'µs', note)
}

/**
 * Microseconds from the end of one call of a tool to the start of the next.
 *
 * @param begin - Puts the run on record, where the journal is that of a store.
 */
export async function measureCalls(
  journal: RunJournal,
  count: number,
  begin: (runId: string) => Promise<void> = async () => undefined,
): Promise<readonly number[]> {
  const harness = await built<typeof import('../../harness/index.ts')>('harness/index.js')
  const opened = await BenchSandbox.open('quickjs')
  const reader = new harness.ProgramReader()
  const store = new harness.MemoryApprovalStore()
  const approvals = new harness.ApprovalWorkflow({ store, clock: Date.now })
  const engine = new harness.HarnessEngine({ reader, sandbox: opened.sandbox, journal, approvals })
  const timesUs: number[] = []
  let answeredAt = 0
  const runId = randomUUID()
  await begin(runId)
  const outcome = await engine.run({
    runId,
    endpoint: 'bench',
    entrance: 'intent',
    source: `let n = 0; for (let i = 0; i < ${count + 20}; i++) n += (await tools.echo({ i })).i; return n`,
    language: 'js',
    intentAction: 'read',
    requester: null,
    data: null,
    tools: [
      echoTool({
        onStart: () => {
          if (answeredAt > 0) timesUs.push((performance.now() - answeredAt) * 1000)
        },
        onEnd: () => {
          answeredAt = performance.now()
        },
      }),
    ],
    policies: [],
    approvalRules: [],
    validators: [],
    limits: { ...harness.DEFAULT_LIMITS, timeoutMs: 120_000, maxToolCalls: count + 20 },
    determinism: { startTimeMs: Date.now(), seed: '5e'.repeat(32) },
  })
  await reader.close()
  await opened.close()
  if (outcome.status !== 'completed') {
    throw new Error(`The run ended as ${outcome.status}: ${outcome.error?.message}`)
  }
  return timesUs.slice(20)
}

function echoTool(times: { onStart(): void; onEnd(): void }): Tool {
  return {
    name: 'echo',
    description: 'Answers with its argument',
    input: { jsonSchema: {}, validate: (value) => ({ ok: true, value }) },
    readOnly: true,
    idempotent: true,
    run: async (argument) => {
      times.onStart()
      times.onEnd()
      return argument
    },
  }
}
