import { describe, expect, it } from 'vitest'
import type { ExecutionTrace } from '../../../harness/audit/execution-trace.ts'
import { MemoryAuditRecorder } from '../../../harness/audit/memory-audit-recorder.ts'

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

describe('MemoryAuditRecorder', () => {
  it('lists the newest first and filters', async () => {
    const recorder = new MemoryAuditRecorder()
    await recorder.started(trace('a'))
    await recorder.started(trace('b', { endpoint: 'other' }))
    await recorder.started(trace('c', { requester: null }))
    await recorder.updated(trace('a', { status: 'completed' }))
    const ids = async (filter: object) => (await recorder.list(filter)).map(({ runId }) => runId)
    expect(await ids({})).toEqual(['c', 'b', 'a'])
    expect(await ids({ runId: 'b' })).toEqual(['b'])
    expect(await ids({ endpoint: 'shop' })).toEqual(['c', 'a'])
    expect(await ids({ userId: 'ada' })).toEqual(['b', 'a'])
    expect(await ids({ status: 'completed' })).toEqual(['a'])
    expect(await ids({ limit: 1 })).toEqual(['c'])
  })

  it('says of whom there are traces, and lists those of some', async () => {
    const recorder = new MemoryAuditRecorder()
    const [ada, foreignAda] = [{ userId: 'ada' }, { userId: 'ada', tenantId: 'acme' }]
    await recorder.started(trace('a'))
    await recorder.started(trace('b', { requester: { ...foreignAda, roles: [] } }))
    await recorder.started(trace('c', { requester: null, endpoint: 'other' }))
    await recorder.started(trace('d'))
    expect(await recorder.owners({ limit: 1 })).toEqual([ada, null, foreignAda])
    expect(await recorder.owners({ endpoint: 'other' })).toEqual([null])
    const ids = async (...owners: (typeof ada | null)[]) =>
      (await recorder.list({ owners })).map(({ runId }) => runId)
    expect(await ids(ada)).toEqual(['d', 'a'])
    expect(await ids(foreignAda, null)).toEqual(['c', 'b'])
    expect(await ids()).toEqual([])
  })

  it('keeps 10 000 traces and forgets the oldest', async () => {
    const recorder = new MemoryAuditRecorder()
    for (let i = 0; i < 10_002; i++) await recorder.started(trace(`run-${i}`))
    const has = async (runId: string) => (await recorder.list({ runId })).length === 1
    expect(await has('run-0')).toBe(false)
    expect(await has('run-1')).toBe(false)
    expect(await has('run-2')).toBe(true)
    expect(await has('run-10001')).toBe(true)
  })

  it('keeps no secret', async () => {
    const recorder = new MemoryAuditRecorder()
    await recorder.started(
      trace('a', { intent: 'Call it with Authorization: Bearer abcdefgh12345' }),
    )
    expect(JSON.stringify(await recorder.list({}))).not.toContain('abcdefgh12345')
  })

  it('is not changed by what the caller does to a trace afterwards', async () => {
    const recorder = new MemoryAuditRecorder()
    const mine = { ...trace('a') }
    await recorder.started(mine)
    Object.assign(mine, { status: 'forged' })
    expect(await recorder.list({})).toMatchObject([{ status: 'running' }])
  })

  it('refuses a bound that is none', () => {
    for (const maxTraces of [0, -1, 1.5, Infinity]) {
      expect(() => new MemoryAuditRecorder({ maxTraces })).toThrow(RangeError)
    }
  })
})
