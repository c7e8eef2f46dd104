import { expect, it } from 'vitest'
import type { ExecutionTrace, JournalEntry } from '../../../harness/index.ts'
import type { LeasedRun, RunRecord } from '../../../src/store/run-store.ts'
import { describeEachEngine, openOn } from './each-engine.ts'

const run: RunRecord = {
  runId: 'run-1',
  endpoint: 'shop',
  entrance: 'intent',
  requester: { userId: 'ada', roles: [], tenantId: 'acme' },
  user: null,
  status: 'running',
  action: 'read',
  data: null,
  determinism: { startTimeMs: 5, seed: 'ff' },
  epoch: 1,
  createdAt: 1,
  updatedAt: 1,
}

const entry: JournalEntry = {
  runId: 'run-1',
  seq: 0,
  tool: 'pay',
  argument: { amount: 1 },
  digest: 'd',
  readOnly: false,
  idempotencyKey: 'run-1:0',
  startedAt: 1,
}

const trace: ExecutionTrace = {
  runId: 'run-1',
  endpoint: 'shop',
  entrance: 'intent',
  requester: { userId: 'ada', roles: [], tenantId: 'acme' },
  action: 'read',
  findings: [],
  approvals: [],
  toolCalls: [],
  status: 'completed',
  startedAt: 1,
}

const slow = { owner: 'slow', until: 10 }
const next = { owner: 'next', until: 1_000 }
const value = { kind: 'value', value: 1 } as const
const place = { finishedOrder: 0, finishedAt: 2 }
const done = { status: 'completed', outcome: { result: 1 } } as const
const takenOver = expect.objectContaining({ code: 'ERR_RUN_TAKEN_OVER' })

describeEachEngine('a run that was taken over', (engine) => {
  async function taken() {
    const store = await openOn(engine)
    await store.runs.insert(run, slow)
    const [seen] = await store.runs.listAbandoned({ now: 20, deadOwners: [] })
    const held = await store.runs.takeOver(seen as LeasedRun, next)
    expect(held).toMatchObject({ runId: 'run-1', epoch: 2 })
    return store
  }

  it('is not ended by the holder that was only slow', async () => {
    const { runs, audit, settleRun } = await taken()
    expect(await settleRun('run-1', ['running'], done, trace, 1)).toBe(false)
    expect(await runs.update('run-1', ['running'], { status: 'failed' }, 1)).toBe(false)
    expect(await runs.get('run-1')).toMatchObject({ status: 'running', epoch: 2 })
    expect(await audit.list({})).toEqual([])
    expect(await settleRun('run-1', ['running'], done, trace, 2)).toBe(true)
    expect(await runs.get('run-1')).toMatchObject(done)
  })

  it('takes no call and no answer of the holder that was only slow', async () => {
    const { journal } = await taken()
    const old = journal.heldIn(1)
    const current = journal.heldIn(2)
    await expect(old.started(entry)).rejects.toEqual(takenOver)
    await current.started(entry)
    await expect(old.finished('run-1', 0, value, place)).rejects.toEqual(takenOver)
    await current.finished('run-1', 0, value, place)
    expect(await journal.read('run-1')).toEqual([{ ...entry, answer: value, ...place }])
  })

  it('still stops a second writer of the same holding as diverged', async () => {
    const { journal } = await taken()
    const current = journal.heldIn(2)
    const diverged = expect.objectContaining({ code: 'ERR_RUN_DIVERGED' })
    await current.started(entry)
    await expect(current.started(entry)).rejects.toEqual(diverged)
    await expect(current.finished('run-1', 3, value, place)).rejects.toEqual(diverged)
  })

  it('is reported to the old holder as lost, and its lease stays the new one', async () => {
    const { runs } = await taken()
    const holds = [
      { runId: 'run-1', epoch: 1 },
      { runId: 'not-begun-yet', epoch: 1 },
    ]
    expect(await runs.renewLeases({ owner: 'slow', until: 99_999 }, holds)).toEqual([holds[0]])
    expect(await runs.listAbandoned({ now: 1_001, deadOwners: [] })).toHaveLength(1)
    const mine = [{ runId: 'run-1', epoch: 2 }]
    expect(await runs.renewLeases({ owner: 'next', until: 2_000 }, mine)).toEqual([])
    expect(await runs.listAbandoned({ now: 1_001, deadOwners: [] })).toEqual([])
  })
})

describeEachEngine('taking runs over', (engine) => {
  it('has one winner', async () => {
    const { runs } = await openOn(engine)
    await runs.insert(run, slow)
    const [seen] = await runs.listAbandoned({ now: 20, deadOwners: [] })
    const attempts = Array.from({ length: 50 }, () => runs.takeOver(seen as LeasedRun, next))
    expect((await Promise.all(attempts)).filter((held) => held !== null)).toHaveLength(1)
    expect(await runs.listAbandoned({ now: 2_000, deadOwners: [] })).toMatchObject([
      { interruptions: 1 },
    ])
  })

  it('leaves a run alone whose holder was heard of again in time', async () => {
    const { runs } = await openOn(engine)
    await runs.insert(run, slow)
    const [seen] = await runs.listAbandoned({ now: 20, deadOwners: [] })
    await runs.renewLeases({ owner: 'slow', until: 50 }, [{ runId: 'run-1', epoch: 1 }])
    expect(await runs.takeOver(seen as LeasedRun, next)).toBeNull()
  })

  it('finds the dead ones behind any number of living ones, page by page', async () => {
    const { runs } = await openOn(engine)
    const insert = (id: string, owner: string) =>
      runs.insert({ ...run, runId: id }, { owner, until: 1_000 })
    await Promise.all(Array.from({ length: 120 }, (_, n) => insert(`live-${n}`, 'alive')))
    await insert('dead-1', 'dead')
    await insert('dead-2', 'dead')
    const filter = { now: 500, deadOwners: ['dead'], limit: 1 }
    expect(await runs.holders(500)).toHaveLength(2)
    const [first] = await runs.listAbandoned(filter)
    const [second] = await runs.listAbandoned({ ...filter, after: first?.run.runId ?? '' })
    expect([first?.run.runId, second?.run.runId]).toEqual(['dead-1', 'dead-2'])
    expect(await runs.listAbandoned({ ...filter, after: 'dead-2' })).toEqual([])
  })

  it('counts holders of a run that waited, too: one read before is no longer taken up', async () => {
    const { runs } = await openOn(engine)
    await runs.insert({ ...run, status: 'pending_approval' })
    const waiting = (await runs.get('run-1')) as RunRecord
    const both = await Promise.all([
      runs.takeUp(waiting, ['pending_approval'], next),
      runs.takeUp(waiting, ['pending_approval'], next),
    ])
    expect(both.filter((held) => held !== null)).toMatchObject([{ status: 'running', epoch: 2 }])
    await runs.update('run-1', ['running'], { status: 'pending_approval' }, 2)
    expect(await runs.takeUp(waiting, ['pending_approval'], next)).toBeNull()
  })
})
