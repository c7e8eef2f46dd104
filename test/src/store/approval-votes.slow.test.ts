import { expect, it } from 'vitest'
import {
  ApprovalMandates,
  ApprovalRule,
  ApprovalWorkflow,
  type Requester,
} from '../../../harness/index.ts'
import type { ApprovalNotice } from '../../../src/notifiers/approval-notice.ts'
import { describeEachEngine, open, openOn } from './each-engine.ts'

const rule = new ApprovalRule({
  name: 'gate',
  requireForTools: ['refund'],
  approvers: [{ role: 'admin' }, { group: 'finance' }],
  quorum: 3,
})

const input: Parameters<ApprovalWorkflow['request']>[0] = {
  runId: 'run-1',
  sessionId: 'ses_1',
  endpoint: 'shop',
  rule,
  subject: {
    kind: 'call',
    seq: 0,
    tool: 'refund',
    argument: { cents: 7 },
    requested: { cents: 7 },
  },
  action: 'write',
  program: { source: 'a', code: 'b', hash: 'c' },
  plan: [],
  capabilities: [],
  requester: { userId: 'clerk', roles: [], tenantId: 'acme' },
}

function admin(userId: string): Requester {
  return { userId, roles: ['admin'], tenantId: 'acme' }
}

const yes = { approve: true } as const

describeEachEngine(
  'votes',
  (engine) => {
    it('are one row for each person, kept when they lapse, and there after a restart', async () => {
      const place = await engine.place()
      const store = await open(place)
      const time = { now: 1_000 }
      const workflow = new ApprovalWorkflow({
        store: store.approvals,
        clock: () => time.now++,
        judgeEdit: async (_, argument) => argument,
      })
      const { id } = await workflow.request(input)
      await workflow.resolve(id, { ...yes, reason: "it's fine", approver: admin('ada') })
      await workflow.resolve(id, { ...yes, editedArguments: { cents: 5 }, approver: admin('bob') })
      for (const name of ['ada', 'eve', 'joe']) {
        await workflow.resolve(id, { ...yes, approver: admin(name) })
      }
      const before = await workflow.get(id)
      await store.close()

      const again = await open(place)
      expect(await again.approvals.get(id)).toEqual(before)
      const rows = await engine.run(
        place,
        'SELECT approver_id, revision FROM airlock_approval_votes ORDER BY nth',
      )
      expect(rows.map((row) => [row['approver_id'], Number(row['revision'])])).toEqual([
        ['ada', 0],
        ['ada', 1],
        ['eve', 1],
        ['joe', 1],
      ])
    })

    it('of several hundred people at once make exactly one quorum, through two stores', async () => {
      const place = await engine.place()
      const stores = [await open(place), await open(place)]
      const workflows = stores.map(
        (store) => new ApprovalWorkflow({ store: store.approvals, clock: () => 1_000 }),
      )
      const { id } = (await workflows[0]?.request(input)) ?? { id: '' }
      const answers = await Promise.allSettled(
        Array.from({ length: 300 }, (_, i) =>
          workflows[i % 2]?.resolve(id, { ...yes, approver: admin(`admin-${i}`) }),
        ),
      )
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
      for (const answer of answers) {
        if (answer.status === 'fulfilled') continue
        expect(answer.reason).toMatchObject({ code: 'ERR_APPROVAL_CONFLICT' })
      }
      const [row] = await engine.run(place, 'SELECT count(*) AS n FROM airlock_approval_votes')
      expect(Number(row?.['n'])).toBe(3)
      const [events] = await engine.run(place, 'SELECT count(*) AS n FROM airlock_approval_events')
      expect(Number(events?.['n'])).toBe(4)
    })
  },
  { onlyDurable: true },
)

describeEachEngine('approvals of groups and substitutes', (engine) => {
  it('are listed for whoever is in the group, or stands in for somebody who is listed', async () => {
    const { approvals } = await openOn(engine)
    const workflow = new ApprovalWorkflow({ store: approvals, clock: () => 1_000 })
    const { id } = await workflow.request(input)
    const fay = { userId: 'fay', roles: [], groups: ['finance'], tenantId: 'acme' }
    const sam = { userId: 'sam', roles: [], tenantId: 'acme' }
    const ids = async (visibleTo: Requester, actingFor: readonly Requester[] = []) =>
      (await workflow.list({ visibleTo, actingFor })).map((request) => request.id)
    expect(await ids(fay)).toEqual([id])
    expect(await ids({ ...fay, tenantId: 'globex' })).toEqual([])
    expect(await ids({ userId: 'finance', roles: ['finance'], tenantId: 'acme' })).toEqual([])
    expect(await ids(sam)).toEqual([])
    expect(await ids(sam, [fay])).toEqual([id])
    expect(await ids(sam, [{ ...fay, tenantId: 'globex' }])).toEqual([])
    // What somebody asked for themselves is not their substitute's to see.
    expect(await ids(sam, [{ userId: 'clerk', roles: [], tenantId: 'acme' }])).toEqual([])
  })
})

describeEachEngine('grants and delegations', (engine) => {
  const options = { requireForTools: ['refund'], approvers: [{ role: 'admin' }] }
  const alone = new ApprovalRule({ ...options, name: 'alone' })

  async function setUp() {
    const store = await openOn(engine)
    const time = { now: 1_000 }
    const clock = () => time.now
    const mandates = new ApprovalMandates({
      store: store.mandates,
      clock,
      mayStillDecide: async () => true,
    })
    const workflow = new ApprovalWorkflow({ store: store.approvals, clock, mandates })
    return { store, time, mandates, workflow }
  }

  it('of a session cover its calls in other runs, in time, and nobody else’s', async () => {
    const { time, mandates, workflow } = await setUp()
    const asked = { ...input, rule: alone }
    const request = await workflow.request(asked)
    const grant = await mandates.grant(request, admin('ada'), { scope: 'session', until: 2_000 })
    expect(grant).toMatchObject({ sessionId: 'ses_1' })
    expect(grant).not.toHaveProperty('runId')
    const stateOf = async (more: object) => (await workflow.request({ ...asked, ...more })).state
    expect(await stateOf({ runId: 'run-2' })).toBe('approved')
    const subject = { ...request.subject, tool: 'pay' }
    const others = [
      { runId: 'run-2', sessionId: 'ses_2' },
      { runId: 'run-2', sessionId: undefined },
      { endpoint: 'other' },
      { subject },
      { subject: { kind: 'program' } },
      { rule: new ApprovalRule({ ...options, name: 'other' }) },
      { requester: { userId: 'clerk', roles: [], tenantId: 'globex' } },
      // Whoever gave it asks for themselves now.
      { requester: admin('ada') },
    ]
    for (const other of others) expect(await stateOf(other)).toBe('pending')
    time.now = 2_000
    expect(await stateOf({ runId: 'run-3' })).toBe('pending')
  })

  it('carry a quorum only when enough approvers have given them', async () => {
    const { mandates, workflow } = await setUp()
    const first = await workflow.request(input)
    const until = 2_000
    for (const name of ['ada', 'ada', 'bob']) {
      await mandates.grant(first, admin(name), { scope: 'run', until })
    }
    expect((await workflow.request(input)).state).toBe('pending')
    await mandates.grant(first, admin('eve'), { scope: 'run', until })
    const done = await workflow.request(input)
    expect(done).toMatchObject({ state: 'approved', version: 0 })
    expect(done.votes.map(({ approverId }) => approverId).sort()).toEqual(['ada', 'bob', 'eve'])
    expect(await workflow.get(done.id)).toEqual(done)
  })

  it('are found by who gave them and for what, and stay when they are over', async () => {
    const { store, mandates, time } = await setUp()
    const { id } = await mandates.delegate(admin('ada'), { substituteId: 'sam', until: 2_000 })
    const found = async (filter: object) =>
      (await store.mandates.list(filter)).map((mandate) => mandate.id)
    expect(await found({ substituteId: 'sam', tenantId: 'acme', activeAt: 1_500 })).toEqual([id])
    for (const filter of [
      { kind: 'grant' },
      { tenantId: null },
      { tenantId: 'globex' },
      { granterId: 'bob' },
      { substituteId: 'tom' },
      { activeAt: 2_000 },
    ]) {
      expect(await found(filter)).toEqual([])
    }
    time.now = 1_200
    await mandates.revoke(id, admin('ada'))
    expect(await found({ activeAt: 1_500 })).toEqual([])
    expect(await store.mandates.get(id)).toMatchObject({ revoked: { at: 1_200, by: 'ada' } })
    expect(await store.mandates.revoke(id, { at: 1_300, by: 'eve' })).toBe(false)
  })

  it('cannot be given for oneself, for longer than allowed, or without end', async () => {
    const { mandates } = await setUp()
    const give = (substituteId: string, until: number) =>
      mandates.delegate(admin('ada'), { substituteId, until })
    for (const [name, until] of [
      ['ada', 2_000],
      ['', 2_000],
      ['sam', 1_000],
      ['sam', Number.NaN],
      ['sam', 31 * 86_400_000],
    ] as const) {
      await expect(give(name, until)).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' })
    }
    for (let i = 0; i < 100; i++) await give(`sam-${i}`, 2_000)
    await expect(give('one-more', 2_000)).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' })
  })
})

describeEachEngine('what happens to approvals', (engine) => {
  it('is told in order, page by page, from any moment', async () => {
    const { approvals, approvalEvents } = await openOn(engine)
    const time = { now: 1_000 }
    const workflow = new ApprovalWorkflow({ store: approvals, clock: () => time.now })
    for (let i = 0; i < 250; i++) {
      if (i % 60 === 0) time.now += 10
      await workflow.request(input)
    }
    const seen: ApprovalNotice[] = []
    await approvalEvents.eachSince(0, (notice) => seen.push(notice))
    expect(new Set(seen.map(({ id }) => id)).size).toBe(250)
    expect(seen.map(({ at }) => at)).toEqual(seen.map(({ at }) => at).sort((a, b) => a - b))
    const later: ApprovalNotice[] = []
    await approvalEvents.eachSince(1_050, (notice) => later.push(notice))
    expect(later).toHaveLength(10)
    expect(await approvalEvents.timeOf(later[0]?.id ?? '')).toBe(1_050)
    expect(await approvalEvents.timeOf('evt_x')).toBeNull()
  })
})
