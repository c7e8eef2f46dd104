import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  ApprovalRule,
  ApprovalWorkflow,
  type ExecutionTrace,
  type JournalEntry,
} from '../../../harness/index.ts'
import { openStore, type Store, type StoreOptions } from '../../../src/store/open-store.ts'
import type { RunRecord } from '../../../src/store/run-store.ts'
import { temporaryFolder } from './temporary-folder.ts'

async function open(location = ':memory:', options?: StoreOptions): Promise<Store> {
  const store = await openStore(location, options)
  onTestFinished(() => store.close())
  return store
}

const rule = new ApprovalRule({
  name: 'gate',
  requireForActions: ['write'],
  approvers: [{ role: 'admin' }],
  timeoutMs: 1_000,
  escalateTo: [{ role: 'chief' }],
  escalateAfterMs: 400,
})

const input: Parameters<ApprovalWorkflow['request']>[0] = {
  runId: 'run-1',
  endpoint: 'shop',
  rule,
  subject: {
    kind: 'call',
    seq: 0,
    tool: 'refund',
    argument: { order: 7, note: null },
    requested: { order: 7 },
  },
  action: 'write',
  intent: 'Refund order 7',
  program: { source: 'a', code: 'b', hash: 'c' },
  plan: [],
  requester: { userId: 'clerk', roles: ['clerk'], tenantId: 'acme' },
}

function approver(userId: string) {
  return { userId, roles: ['admin'], tenantId: 'acme' }
}

describe('approvals in the store', () => {
  it('take each way through their states, and survive a restart in each', async () => {
    const location = join(temporaryFolder(), 'store.db')
    const time = { now: 5_000 }
    const ids: Record<string, string> = {}
    const first = await openStore(location)
    const workflow = new ApprovalWorkflow({ store: first.approvals, clock: () => time.now })
    for (const name of ['approved', 'rejected', 'expired', 'escalated', 'pending']) {
      if (name === 'escalated') time.now += 700
      if (name === 'pending') time.now += 100
      ids[name] = (await workflow.request({ ...input, runId: name })).id
    }
    time.now = 5_100
    await workflow.resolve(ids['approved'] ?? '', { approve: true, approver: approver('ada') })
    await workflow.resolve(ids['rejected'] ?? '', { approve: false, approver: approver('ada') })
    time.now = 6_150
    expect((await workflow.sweep()).map(({ state }) => state)).toEqual(['expired', 'escalated'])
    await first.close()

    const again = await open(location)
    const states = (await again.approvals.list({})).map(({ runId, state }) => [runId, state])
    expect(states).toEqual(
      ['pending', 'escalated', 'expired', 'rejected', 'approved'].map((name) => [name, name]),
    )
    expect(await again.approvals.get(ids['approved'] ?? '')).toMatchObject({
      ...{ endpoint: 'shop', intent: 'Refund order 7', subject: input.subject },
      decision: { approve: true, approverId: 'ada', decidedAt: 5_100 },
    })
    expect(await again.approvals.get('apr_unknown')).toBeNull()
  })

  it('have exactly one winner among 1 000 decisions at once', async () => {
    const { approvals } = await open(join(temporaryFolder(), 'store.db'))
    const workflow = new ApprovalWorkflow({ store: approvals, clock: () => 5_000 })
    const { id } = await workflow.request(input)
    const answers = await Promise.allSettled(
      Array.from({ length: 1_000 }, (_, i) =>
        workflow.resolve(id, { approve: i % 2 === 0, approver: approver(`admin-${i}`) }),
      ),
    )
    const winners = answers.filter(({ status }) => status === 'fulfilled')
    expect(winners).toHaveLength(1)
    for (const answer of answers) {
      if (answer.status === 'rejected') {
        expect(answer.reason).toMatchObject({ code: 'ERR_APPROVAL_CONFLICT' })
      }
    }
    expect(winners[0]).toMatchObject({ value: { decision: (await workflow.get(id))?.decision } })
  })

  it('have one winner between two stores on one file', async () => {
    const location = join(temporaryFolder(), 'store.db')
    const [first, second] = [await open(location), await open(location)]
    const workflow = new ApprovalWorkflow({ store: first.approvals, clock: () => 5_000 })
    const { id } = await workflow.request(input)
    const wins = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        (i % 2 === 0 ? first : second).approvals.transition(id, ['pending'], 'approved'),
      ),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
  })

  it('are listed newest first, by state and run, within bounds', async () => {
    const { approvals } = await open()
    const workflow = new ApprovalWorkflow({ store: approvals, clock: () => 5_000 })
    for (let i = 0; i < 105; i++) await workflow.request({ ...input, runId: `run-${i % 2}` })
    expect(await approvals.list({})).toHaveLength(100)
    expect(await approvals.list({ limit: 5_000 })).toHaveLength(105)
    expect(await approvals.list({ limit: -1 })).toEqual([])
    expect(await approvals.list({ runId: 'run-1', limit: 1_000 })).toHaveLength(52)
    expect(await approvals.list({ states: ['approved'] })).toEqual([])
    expect(await approvals.list({ states: [] })).toEqual([])
  })
})

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

describe('journals in the store', () => {
  it('give back what was written', async () => {
    const { journal } = await open()
    const answer = { kind: 'error', code: 'ERR_TOOL_FAILED', message: 'No' } as const
    await Promise.all([
      journal.started(entry),
      journal.started({ ...entry, seq: 1, readOnly: false, argument: null }),
      journal.finished('run-1', 0, answer, 0),
    ])
    expect(await journal.read('run-1')).toEqual([
      { ...entry, answer, finishedOrder: 0 },
      { ...entry, seq: 1, readOnly: false, argument: null },
    ])
    expect(await journal.read('run-2')).toEqual([])
  })

  it('stop the second process that goes on with one run', async () => {
    const { journal } = await open()
    const diverged = expect.objectContaining({ code: 'ERR_RUN_DIVERGED' })
    const value = { kind: 'value', value: null } as const
    await journal.started(entry)
    await expect(journal.started({ ...entry, tool: 'other' })).rejects.toEqual(diverged)
    await journal.finished('run-1', 0, value, 0)
    await expect(journal.finished('run-1', 0, value, 1)).rejects.toEqual(diverged)
    await expect(journal.finished('run-1', 5, value, 1)).rejects.toEqual(diverged)
    expect(await journal.read('run-1')).toEqual([{ ...entry, answer: value, finishedOrder: 0 }])
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

describe('traces in the store', () => {
  it('are replaced by run, listed newest first and filtered', async () => {
    const { audit } = await open()
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
    const { audit } = await open(':memory:', { maxTraces: 3 })
    for (const runId of ['a', 'b', 'c', 'd', 'e']) {
      await audit.started(trace(runId))
      await audit.updated(trace(runId, { status: 'completed' }))
    }
    expect((await audit.list({})).map(({ runId }) => runId)).toEqual(['e', 'd', 'c'])
  })

  it('hold no secret', async () => {
    const { audit } = await open()
    await audit.started(trace('a', { intent: 'use password=hunter2hunter2' }))
    expect(JSON.stringify(await audit.list({}))).not.toContain('hunter2')
  })
})

const run: RunRecord = {
  runId: 'run-1',
  endpoint: 'shop',
  entrance: 'intent',
  requester: { userId: 'ada', roles: ['clerk'], tenantId: 'acme' },
  status: 'running',
  action: 'read',
  data: { rows: [1] },
  determinism: { startTimeMs: 5, seed: 'ff' },
  createdAt: 1,
  updatedAt: 1,
}

describe('runs in the store', () => {
  it('are updated while their status allows it, and only then', async () => {
    const { runs } = await open()
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
    const { runs } = await open()
    await runs.insert({ ...run, status: 'queued' })
    const wins = await Promise.all(
      Array.from({ length: 100 }, () => runs.update('run-1', ['queued'], { status: 'running' })),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
  })

  it('keep every field, and who they are for whatever a patch says', async () => {
    const { runs } = await open()
    const patch = {
      intent: { raw: 'Hi', params: { a: 1 }, domain: 'sales' },
      sessionId: 'ses_1',
      program: { source: 'return 1', language: 'ts', hash: 'aa' },
      data: null,
      determinism: { startTimeMs: 6, seed: 'ee' },
      action: 'write',
      updatedAt: 2,
    } as const
    await runs.insert({ ...run, requester: null })
    await runs.update('run-1', ['running'], { ...patch, requester: run.requester, runId: 'x' })
    expect(await runs.get('run-1')).toEqual({ ...run, requester: null, ...patch })
  })

  it('are listed newest first, by user and status', async () => {
    const { runs } = await open()
    await runs.insert(run)
    await runs.insert({ ...run, runId: 'run-2', requester: null, status: 'queued' })
    const ids = async (filter: object) => (await runs.list(filter)).map(({ runId }) => runId)
    expect(await ids({})).toEqual(['run-2', 'run-1'])
    expect(await ids({ userId: 'ada' })).toEqual(['run-1'])
    expect(await ids({ statuses: ['queued', 'failed'] })).toEqual(['run-2'])
  })
})

describe('openStore', () => {
  for (const location of ['', 'postgres://host/db', 'file:store.db', 'http://host']) {
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
