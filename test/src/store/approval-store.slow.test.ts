import { expect, it } from 'vitest'
import {
  type ApprovalRequest,
  ApprovalRule,
  ApprovalWorkflow,
  MemoryApprovalStore,
  type Requester,
} from '../../../harness/index.ts'
import { openStore } from '../../../src/store/open-store.ts'
import { describeEachEngine, open, openOn, TEST_SECRETS } from './each-engine.ts'

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
  capabilities: ['Calls refund once at most'],
  requester: { userId: 'clerk', roles: ['clerk'], tenantId: 'acme' },
}

function approver(userId: string) {
  return { userId, roles: ['admin'], tenantId: 'acme' }
}

describeEachEngine('approvals in the store', (engine) => {
  it.skipIf(engine.name === 'memory')('survive a restart in each of their states', async () => {
    const location = await engine.place()
    const time = { now: 5_000 }
    const ids: Record<string, string> = {}
    const first = await openStore(location, { secrets: TEST_SECRETS })
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
    const { approvals } = await openOn(engine)
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

  it.skipIf(engine.name === 'memory')('have one winner between two stores', async () => {
    const location = await engine.place()
    const [first, second] = [await open(location), await open(location)]
    const workflow = new ApprovalWorkflow({ store: first.approvals, clock: () => 5_000 })
    const request = await workflow.request(input)
    const next = { ...request, state: 'approved', version: 1 } as const
    const change = { event: 'approved', at: 5_000 } as const
    const wins = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        (i % 2 === 0 ? first : second).approvals.replace(next, change),
      ),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
  })

  it('are listed newest first, by state and run, within bounds', async () => {
    const { approvals } = await openOn(engine)
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

describeEachEngine('approvals of many in the store', (engine) => {
  const ada = { userId: 'ada', roles: ['admin'], tenantId: 'acme' }

  it('are filtered by who may see them before they are limited', async () => {
    const { approvals } = await openOn(engine)
    const time = { now: 5_000 }
    const workflow = new ApprovalWorkflow({ store: approvals, clock: () => time.now })
    const mine = await workflow.request(input)
    const noTenant = { userId: 'clerk', roles: [] }
    const free = await workflow.request({ ...input, requester: noTenant })
    const requester = { ...ada, tenantId: 'globex' }
    const others = Array.from({ length: 1_001 }, () => workflow.request({ ...input, requester }))
    await Promise.all(others)
    const ids = async (visibleTo: Requester) =>
      (await workflow.list({ visibleTo })).map(({ id }) => id)
    expect(await ids(ada)).toEqual([mine.id])
    expect(await ids({ userId: 'clerk', roles: [], tenantId: 'acme' })).toEqual([mine.id])
    expect(await ids(noTenant)).toEqual([free.id])
    expect(await ids({ userId: 'x', roles: ['admin'] })).toEqual([free.id])
    expect(await ids({ userId: 'x', roles: ['clerk'], tenantId: 'acme' })).toEqual([])
    // A user may be called like a role, or like a role with its prefix.
    expect(await ids({ userId: 'role:chief', roles: ['user:clerk'], tenantId: 'acme' })).toEqual([])
    const chief = { userId: 'x', roles: ['chief'], tenantId: 'acme' }
    expect(await ids(chief)).toEqual([])
    time.now = 5_400
    expect(await ids(chief)).toEqual([mine.id])
    expect(await workflow.list({ visibleTo: { ...ada, tenantId: 'globex' } })).toHaveLength(100)
  })

  it('give what the memory store gives, whoever looks', async () => {
    const { approvals } = await openOn(engine)
    const memory = new MemoryApprovalStore()
    const names = ['ada', 'bob', 'admin']
    const tenants = [{}, { tenantId: 'acme' }, { tenantId: 'globex' }]
    const users = names.flatMap((userId) =>
      tenants.flatMap((tenant) =>
        [[], ['admin'], ['chief'], ['ada']].map((roles) => ({ userId, roles, ...tenant })),
      ),
    )
    const workflow = new ApprovalWorkflow({ store: approvals, clock: () => 5_000 })
    for (const requester of [null, ...users]) {
      for (const approvers of [[{ role: 'ada' }], [{ userId: 'bob' }]]) {
        const made = await workflow.request({ ...input, requester })
        const request = { ...made, id: `${made.id}-2`, approvers }
        await approvals.insert(request)
        await memory.insert(made)
        await memory.insert(request)
      }
    }
    for (const visibleTo of users) {
      const filter = { visibleTo, limit: 1_000 }
      expect(await approvals.list(filter)).toEqual(await memory.list(filter))
    }
  })
})

describeEachEngine(
  'the rows of approvals',
  (engine) => {
    it('keep what the program can reach, and read requests of before that was kept', async () => {
      const location = await engine.place()
      const store = await open(location)
      const workflow = new ApprovalWorkflow({ store: store.approvals, clock: () => 0 })
      const made = await workflow.request(input)
      const { id } = made
      expect((await store.approvals.get(id))?.capabilities).toEqual(input.capabilities)
      const [row] = await engine.run(location, 'SELECT request_json FROM airlock_approvals')
      const request = JSON.parse(String(row?.['request_json']))
      for (const name of ['capabilities', 'quorum', 'edits', 'revision', 'digest']) {
        delete request[name]
      }
      const without = JSON.stringify(request).replaceAll("'", "''")
      await engine.run(location, `UPDATE airlock_approvals SET request_json = '${without}'`)
      expect(await store.approvals.get(id)).toEqual({ ...made, capabilities: [] })
    })

    it('keep the program of a run once', async () => {
      const location = await engine.place()
      const { approvals } = await open(location)
      const workflow = new ApprovalWorkflow({ store: approvals, clock: () => 5_000 })
      const program = { source: 's'.repeat(100_000), code: 'c'.repeat(100_000), hash: 'h' }
      const made: ApprovalRequest[] = []
      for (let i = 0; i < 20; i++) made.unshift(await workflow.request({ ...input, program }))
      made.unshift(await workflow.request({ ...input, program: { ...program, code: 'other' } }))
      made.unshift(await workflow.request({ ...input, program, runId: 'run-2' }))
      expect(await approvals.list({})).toEqual(made)
      expect(await approvals.get(made[5]?.id ?? '')).toEqual(made[5])
      const [programs] = await engine.run(
        location,
        'SELECT sum(length(shown_json)) AS bytes FROM airlock_programs',
      )
      expect(Number(programs?.['bytes'])).toBeLessThan(600_000)
      const [requests] = await engine.run(
        location,
        'SELECT max(length(request_json)) AS longest FROM airlock_approvals',
      )
      expect(Number(requests?.['longest'])).toBeLessThan(2_000)
    })
  },
  { onlyDurable: true },
)
