import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import type { ExecutionTrace, JournalEntry, TraceFilter } from '../../../harness/index.ts'
import { openStore } from '../../../src/store/open-store.ts'
import type { RunRecord } from '../../../src/store/run-store.ts'
import { describeEachEngine, open, openOn, type TestEngine } from './each-engine.ts'

const entry: JournalEntry = {
  runId: 'run-1',
  seq: 0,
  tool: 'sql',
  argument: { sql: 'SELECT \'é\', "x"', list: [1, null] },
  digest: 'd',
  readOnly: true,
  idempotencyKey: 'run-1:0',
  startedAt: 1,
}

describeEachEngine('journals in the store', (engine) => {
  it('give back what was written', async () => {
    const { journal } = await openOn(engine)
    const answer = { kind: 'error', code: 'ERR_TOOL_FAILED', message: 'No' } as const
    await Promise.all([
      journal.started(entry),
      journal.started({ ...entry, seq: 1, readOnly: false, argument: null }),
    ])
    await journal.finished('run-1', 0, answer, { finishedOrder: 0, finishedAt: 5 })
    expect(await journal.read('run-1')).toEqual([
      { ...entry, answer, finishedOrder: 0, finishedAt: 5 },
      { ...entry, seq: 1, readOnly: false, argument: null },
    ])
    expect(await journal.read('run-2')).toEqual([])
  })

  it('stop the second process that goes on with one run', async () => {
    const { journal } = await openOn(engine)
    const diverged = expect.objectContaining({ code: 'ERR_RUN_DIVERGED' })
    const value = { kind: 'value', value: null } as const
    await journal.started(entry)
    await expect(journal.started({ ...entry, tool: 'other' })).rejects.toEqual(diverged)
    await journal.finished('run-1', 0, value, { finishedOrder: 0, finishedAt: 5 })
    await expect(
      journal.finished('run-1', 0, value, { finishedOrder: 1, finishedAt: 6 }),
    ).rejects.toEqual(diverged)
    await expect(
      journal.finished('run-1', 5, value, { finishedOrder: 1, finishedAt: 6 }),
    ).rejects.toEqual(diverged)
    expect(await journal.read('run-1')).toEqual([
      { ...entry, answer: value, finishedOrder: 0, finishedAt: 5 },
    ])
  })
})

function trace(runId: string, changes: Partial<ExecutionTrace> = {}): ExecutionTrace {
  return {
    runId,
    endpoint: 'shop',
    entrance: 'intent',
    requester: { userId: 'ada', roles: [] },
    action: 'read',
    findings: [],
    approvals: [],
    toolCalls: [],
    status: 'running',
    startedAt: 0,
    ...changes,
  }
}

describeEachEngine('traces in the store', (engine) => {
  it('are replaced by run, listed newest first and filtered', async () => {
    const { audit } = await openOn(engine)
    await audit.started(trace('a'))
    await audit.started(trace('b', { endpoint: 'other', requester: null }))
    await audit.updated(trace('a', { status: 'completed' }))
    expect(await audit.list({})).toEqual([
      trace('b', { endpoint: 'other', requester: null }),
      trace('a', { status: 'completed' }),
    ])
    const ids = async (filter: object) => (await audit.list(filter)).map(({ runId }) => runId)
    expect(await ids({ userId: 'ada' })).toEqual(['a'])
    expect(await ids({ endpoint: 'other' })).toEqual(['b'])
    expect(await ids({ status: 'completed' })).toEqual(['a'])
    expect(await ids({ runId: 'c' })).toEqual([])
  })

  it('are bounded: the oldest go, updates do not count', async () => {
    const { audit } = await openOn(engine, { maxTraces: 3 })
    for (const runId of ['a', 'b', 'c', 'd', 'e']) {
      await audit.started(trace(runId))
      await audit.updated(trace(runId, { status: 'completed' }))
    }
    expect((await audit.list({})).map(({ runId }) => runId)).toEqual(['e', 'd', 'c'])
  })

  it('are filtered by owner before they are limited', async () => {
    const { audit } = await openOn(engine)
    const ada = { userId: 'ada', tenantId: 'acme' }
    await audit.started(trace('mine', { requester: { ...ada, roles: [] } }))
    for (let i = 0; i < 101; i++) await audit.started(trace(`run-${i}`))
    await audit.started(trace('nobody', { requester: null, endpoint: 'other' }))
    const ids = async (filter: TraceFilter) => (await audit.list(filter)).map(({ runId }) => runId)
    expect(await ids({ owners: [ada] })).toEqual(['mine'])
    expect(await ids({ owners: [ada, null] })).toEqual(['nobody', 'mine'])
    expect(await ids({ owners: [{ userId: 'ada' }], limit: 2 })).toEqual(['run-100', 'run-99'])
    expect(await ids({ owners: [] })).toEqual([])
    const many = Array.from({ length: 50_000 }, (_, i) => ({ userId: `user-${i}` }))
    expect(await ids({ owners: [...many, ada] })).toEqual(['mine'])
    expect(new Set(await audit.owners({ limit: 1 }))).toEqual(
      new Set([ada, { userId: 'ada' }, null]),
    )
    expect(await audit.owners({ endpoint: 'other' })).toEqual([null])
  })

  it('hold no secret', async () => {
    const { audit } = await openOn(engine)
    await audit.started(trace('a', { intent: 'use password=hunter2hunter2' }))
    expect(JSON.stringify(await audit.list({}))).not.toContain('hunter2')
  })
})

const run: RunRecord = {
  runId: 'run-1',
  endpoint: 'shop',
  entrance: 'intent',
  requester: { userId: 'ada', roles: ['clerk'], tenantId: 'acme' },
  user: {
    userId: 'ada',
    username: 'Ada',
    roles: ['clerk'],
    scopes: ['orders:read'],
    tenantId: 'acme',
    metadata: { type: 'person', teams: [1] },
  },
  status: 'running',
  action: 'read',
  data: { rows: [1] },
  determinism: { startTimeMs: 5, seed: 'ff' },
  epoch: 1,
  createdAt: 1,
  updatedAt: 1,
}

describeEachEngine('runs in the store', (engine) => {
  it('are updated while their status allows it, and only then', async () => {
    const { runs } = await openOn(engine)
    await runs.insert(run)
    expect(await runs.get('run-1')).toEqual(run)
    const done = { status: 'completed', outcome: { result: null }, updatedAt: 9 } as const
    expect(await runs.update('run-1', ['queued'], done)).toBe(false)
    expect(await runs.update('run-2', ['running'], done)).toBe(false)
    expect(await runs.update('run-1', ['queued', 'running'], done)).toBe(true)
    expect(await runs.update('run-1', ['running'], { status: 'failed' })).toBe(false)
    expect(await runs.get('run-1')).toEqual({ ...run, ...done })
  })

  it('have one winner among many that take a run up', async () => {
    const { runs } = await openOn(engine)
    await runs.insert({ ...run, status: 'queued' })
    const wins = await Promise.all(
      Array.from({ length: 100 }, () => runs.update('run-1', ['queued'], { status: 'running' })),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
  })

  it('keep every field, and who they are for whatever a patch says', async () => {
    const { runs } = await openOn(engine)
    const patch = {
      intent: { raw: 'Hi', params: { a: 1 }, domain: 'sales' },
      sessionId: 'ses_1',
      program: { source: 'return 1', language: 'ts', hash: 'aa' },
      data: null,
      determinism: { startTimeMs: 6, seed: 'ee' },
      action: 'write',
      updatedAt: 2,
    } as const
    const { requester, user } = run
    await runs.insert({ ...run, requester: null, user: null })
    await runs.update('run-1', ['running'], { ...patch, requester, user, runId: 'x' })
    expect(await runs.get('run-1')).toEqual({ ...run, requester: null, user: null, ...patch })
  })

  it('are listed newest first, by user and status', async () => {
    const { runs } = await openOn(engine)
    await runs.insert(run)
    await runs.insert({ ...run, runId: 'run-2', requester: null, status: 'queued' })
    const ids = async (filter: object) => (await runs.list(filter)).map(({ runId }) => runId)
    expect(await ids({})).toEqual(['run-2', 'run-1'])
    expect(await ids({ userId: 'ada' })).toEqual(['run-1'])
    expect(await ids({ statuses: ['queued', 'failed'] })).toEqual(['run-2'])
    expect(await ids({ limit: 1, before: 'run-2' })).toEqual(['run-1'])
    expect(await ids({ before: 'run-1' })).toEqual([])
    expect(await ids({ before: 'run-x' })).toEqual([])
  })
})

/** Lets writing to the table of traces fail. */
async function refuseTraces(engine: TestEngine, place: string): Promise<void> {
  const isSqlite = engine.name === 'sqlite'
  await engine.run(
    place,
    isSqlite
      ? `CREATE TRIGGER no_trace BEFORE INSERT ON airlock_traces BEGIN SELECT RAISE(ABORT, 'no'); END`
      : `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$;
         CREATE TRIGGER no_trace BEFORE INSERT ON airlock_traces EXECUTE FUNCTION refuse()`,
  )
}

describeEachEngine('settling a run', (engine) => {
  const done = { status: 'completed', outcome: { result: null }, updatedAt: 9 } as const
  const owner = { requester: run.requester }

  it('changes the run and its trace together', async () => {
    const { runs, audit, settleRun } = await openOn(engine)
    await runs.insert(run)
    await audit.started(trace('run-1', owner))
    const end = trace('run-1', { ...owner, status: 'completed' })
    expect(await settleRun('run-1', ['queued', 'running'], done, end)).toBe(true)
    expect(await runs.get('run-1')).toEqual({ ...run, ...done })
    expect(await audit.list({})).toEqual([end])
  })

  it('writes neither when the run is in another status or not there', async () => {
    const { runs, audit, settleRun } = await openOn(engine)
    await runs.insert(run)
    await audit.started(trace('run-1', owner))
    const end = trace('run-1', { ...owner, status: 'completed' })
    expect(await settleRun('run-1', ['queued', 'pending_approval'], done, end)).toBe(false)
    expect(await settleRun('run-2', ['running'], done, trace('run-2'))).toBe(false)
    expect(await runs.get('run-1')).toEqual(run)
    expect(await audit.list({})).toEqual([trace('run-1', owner)])
  })

  it.skipIf(engine.name === 'memory')(
    'writes neither when the trace cannot be written',
    async () => {
      const place = await engine.place()
      const { runs, settleRun } = await open(place)
      await runs.insert(run)
      await refuseTraces(engine, place)
      await expect(settleRun('run-1', ['running'], done, trace('run-1'))).rejects.toMatchObject({
        code: 'ERR_STORE_UNAVAILABLE',
      })
      expect(await runs.get('run-1')).toEqual(run)
    },
  )

  it('brings back a trace that was forgotten while the run waited', async () => {
    const { runs, audit, settleRun } = await openOn(engine, { maxTraces: 2 })
    await runs.insert(run)
    for (const runId of ['run-1', 'a', 'b']) await audit.started(trace(runId))
    expect(await settleRun('run-1', ['running'], done, trace('run-1'))).toBe(true)
    expect((await audit.list({})).map(({ runId }) => runId)).toEqual(['run-1', 'b'])
  })

  it('has one winner among many', async () => {
    const { runs, audit, settleRun } = await openOn(engine)
    await runs.insert(run)
    const wins = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        settleRun('run-1', ['running'], done, trace('run-1', { startedAt: i })),
      ),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect(await audit.list({})).toMatchObject([{ startedAt: wins.indexOf(true) }])
  })

  it('refuses the trace of another run', async () => {
    const { settleRun } = await openOn(engine)
    await expect(settleRun('run-1', ['running'], done, trace('run-2'))).rejects.toThrow(TypeError)
  })
})

describe('openStore', () => {
  for (const location of ['', 'postgres+tls://host/db', 'file:store.db', 'http://host']) {
    it(`refuses "${location}" as a location`, async () => {
      await expect(openStore(location)).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
      expect(existsSync(location)).toBe(false)
    })
  }

  it('refuses a bound that is none', async () => {
    await expect(openStore(':memory:', { maxTraces: 0 })).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
    })
  })

  it('refuses every call after it was closed', async () => {
    const store = await openStore(':memory:')
    await store.close()
    const closed = expect.objectContaining({ code: 'ERR_STORE_UNAVAILABLE', reason: 'closed' })
    await expect(store.runs.get('run-1')).rejects.toEqual(closed)
    await expect(store.audit.started(trace('a'))).rejects.toEqual(closed)
  })

  it('does not keep a process alive that has nothing else to do', async () => {
    const url = new URL('../../../src/store/open-store.ts', import.meta.url)
    const source = `const { openStore } = await import(${JSON.stringify(url.href)})
      const store = await openStore(':memory:'); await store.runs.list({})`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`))
    expect(await once(worker, 'exit')).toEqual([0])
  })
})
