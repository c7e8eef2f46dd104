import { describe, expect, it } from 'vitest'
import type { ApprovalRuleOptions } from '../../../harness/approval/approval-rule.ts'
import { clerk, code, person, setUp } from './asked.ts'

const yes = { approve: true } as const

describe('a quorum', () => {
  it('takes so many different people, and keeps the answer of each', async () => {
    const { workflow, request } = setUp({ quorum: 2 })
    const { id } = await request()
    const first = await workflow.resolve(id, { ...yes, reason: 'fine', approver: person('ada') })
    expect(first).toMatchObject({
      state: 'pending',
      votes: [{ approverId: 'ada', reason: 'fine' }],
    })
    expect(first.decision).toBeUndefined()
    await expect(workflow.resolve(id, { ...yes, approver: person('ada') })).rejects.toEqual(
      code('ERR_APPROVAL_CONFLICT'),
    )
    expect(await workflow.resolve(id, { ...yes, approver: person('bob') })).toMatchObject({
      state: 'approved',
      decision: { approverId: 'bob' },
      votes: [{ approverId: 'ada' }, { approverId: 'bob' }],
    })
    await expect(workflow.resolve(id, { ...yes, approver: person('eve') })).rejects.toEqual(
      code('ERR_APPROVAL_CONFLICT'),
    )
  })

  it('is ended by one no, whatever others have said', async () => {
    const { workflow, request } = setUp({ quorum: 3 })
    const { id } = await request()
    await workflow.resolve(id, { ...yes, approver: person('ada') })
    await workflow.resolve(id, { approve: false, reason: 'no', approver: person('bob') })
    expect(await workflow.get(id)).toMatchObject({
      state: 'rejected',
      decision: { approverId: 'bob', reason: 'no' },
    })
  })

  it('expires with the votes it has, which is no rejection', async () => {
    const { time, workflow, request } = setUp({ quorum: 2 })
    const { id } = await request()
    await workflow.resolve(id, { ...yes, approver: person('ada') })
    time.now = 6_000
    await expect(workflow.resolve(id, { ...yes, approver: person('bob') })).rejects.toEqual(
      code('ERR_APPROVAL_EXPIRED'),
    )
    expect(await workflow.get(id)).toMatchObject({ state: 'expired', votes: [{}] })
    expect((await workflow.get(id))?.decision).toBeUndefined()
  })

  it('counts people of both groups once it has escalated', async () => {
    const { time, workflow, request } = setUp({
      quorum: 2,
      escalateTo: [{ role: 'chief' }],
      escalateAfterMs: 400,
    })
    const { id } = await request()
    await workflow.resolve(id, { ...yes, approver: person('ada') })
    time.now = 5_400
    const done = await workflow.resolve(id, { ...yes, approver: person('carl', ['chief']) })
    expect(done.state).toBe('approved')
  })

  it('never has the requester in it', async () => {
    const { workflow, request } = setUp({ quorum: 2, approvers: [{ role: 'clerk' }] })
    const { id } = await request()
    await expect(workflow.resolve(id, { ...yes, approver: clerk })).rejects.toEqual(
      code('ERR_AUTHORIZATION_DENIED'),
    )
  })
})

describe('requireAll', () => {
  const rule = {
    requireAll: true,
    approvers: [{ role: 'admin' }, { group: 'finance' }, { userId: 'cfo' }],
  } satisfies Partial<ApprovalRuleOptions>

  it('takes a person of their own for each entry', async () => {
    const { workflow, request } = setUp(rule)
    const { id } = await request()
    // She is both, and stands for one of them: the other admin makes her finance.
    await workflow.resolve(id, { ...yes, approver: person('ada', ['admin'], ['finance']) })
    await workflow.resolve(id, { ...yes, approver: person('cfo', []) })
    expect(await workflow.get(id)).toMatchObject({ state: 'pending' })
    await workflow.resolve(id, { ...yes, approver: person('bob', ['admin']) })
    expect(await workflow.get(id)).toMatchObject({ state: 'approved' })
  })

  it('is not carried by three people of one entry', async () => {
    const { workflow, request } = setUp(rule)
    const { id } = await request()
    for (const name of ['ada', 'bob', 'eve']) {
      await workflow.resolve(id, { ...yes, approver: person(name) })
    }
    expect(await workflow.get(id)).toMatchObject({ state: 'pending' })
  })

  it('is carried by all of the group that it escalated to', async () => {
    const { time, workflow, request } = setUp({
      ...rule,
      escalateTo: [{ role: 'chief' }],
      escalateAfterMs: 400,
    })
    const { id } = await request()
    time.now = 5_400
    expect(
      await workflow.resolve(id, { ...yes, approver: person('carl', ['chief']) }),
    ).toMatchObject({ state: 'approved' })
  })
})

describe('a group', () => {
  it('is whoever the authenticated user says is in it, and no role or user of that name', async () => {
    const { workflow, request } = setUp({ approvers: [{ group: 'finance' }] })
    const { id } = await request()
    for (const stranger of [person('finance', []), person('x', ['finance']), person('y', [])]) {
      await expect(workflow.resolve(id, { ...yes, approver: stranger })).rejects.toEqual(
        code('ERR_APPROVAL_NOT_FOUND'),
      )
    }
    expect(
      await workflow.resolve(id, { ...yes, approver: person('fay', [], ['finance']) }),
    ).toMatchObject({ state: 'approved' })
  })
})

describe('an escalated request', () => {
  const rule = {
    escalateTo: [{ role: 'chief' }],
    escalateAfterMs: 400,
    escalationTimeoutMs: 5_000,
  } satisfies Partial<ApprovalRuleOptions>

  it('has a deadline of its own', async () => {
    const { time, workflow, request } = setUp(rule)
    const { id, expiresAt } = await request()
    expect(expiresAt).toBe(10_400)
    time.now = 9_000
    expect(await workflow.get(id)).toMatchObject({ state: 'escalated' })
    expect(await workflow.sweep()).toMatchObject([{ state: 'escalated' }])
    time.now = 10_400
    expect(await workflow.sweep()).toMatchObject([{ state: 'expired' }])
  })

  it('escalates on record before somebody decides it, though no sweep came by', async () => {
    const { time, workflow, request, store } = setUp(rule)
    const { id } = await request()
    time.now = 5_400
    await workflow.resolve(id, { ...yes, approver: person('carl', ['chief']) })
    // Asked, escalated, approved.
    expect(await store.get(id)).toMatchObject({ state: 'approved', version: 2 })
  })
})

describe('many decisions at once', () => {
  it('make a quorum of exactly as many as it takes', async () => {
    const { workflow, request } = setUp({ quorum: 3 })
    const { id } = await request()
    const answers = await Promise.allSettled(
      Array.from({ length: 200 }, (_, i) =>
        workflow.resolve(id, { ...yes, approver: person(`admin-${i}`) }),
      ),
    )
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    const decided = await workflow.get(id)
    expect(decided).toMatchObject({ state: 'approved', version: 3 })
    expect(new Set(decided?.votes.map(({ approverId }) => approverId)).size).toBe(3)
  })
})

describe('a rule', () => {
  const base = { name: 'x', requireForTools: ['pay'] }
  const wrong: Record<string, Partial<ApprovalRuleOptions>> = {
    'a quorum of more users than it names': {
      approvers: [{ userId: 'a' }, { userId: 'a' }],
      quorum: 2,
    },
    'requireAll with one user twice': {
      approvers: [{ userId: 'a' }, { userId: 'a' }],
      requireAll: true,
    },
    'both quorum and requireAll': { quorum: 2, requireAll: true },
    'a quorum of nobody': { quorum: 0 },
    'a quorum that is a text': { quorum: '2' as unknown as number },
    'a predicate on a rule that holds programs': {
      requireForActions: ['execute'],
      when: () => true,
    },
    'a predicate that is none': { when: true as unknown as () => boolean },
    'a deadline for an escalation that there is not': { escalationTimeoutMs: 5 },
  }
  for (const [name, options] of Object.entries(wrong)) {
    it(`refuses ${name}`, () => {
      expect(() => setUp({ ...base, ...options })).toThrow(code('ERR_CONFIGURATION') as Error)
    })
  }

  it('takes a quorum of a role, which may have any number of people', () => {
    expect(setUp({ quorum: 5 }).rule.quorum).toBe(5)
  })

  const tool = { name: 'refund', readOnly: false }
  const call = (cents: number) => ({ tool, argument: { cents }, requester: clerk })

  it('holds what its predicate names by the real argument', async () => {
    const { rule } = setUp({ when: ({ argument }) => (argument as { cents: number }).cents > 100 })
    expect(await rule.holds(call(101))).toBe(true)
    expect(await rule.holds(call(100))).toBe(false)
    expect(await rule.holds({ ...call(101), tool: { ...tool, readOnly: true } })).toBe(false)
  })

  const unclear: Record<string, () => unknown> = {
    'that throws': () => {
      throw new Error('x')
    },
    'that answers nothing': () => undefined,
    'that answers 0': () => 0,
    'that rejects': () => Promise.reject(new Error('x')),
  }
  for (const [name, when] of Object.entries(unclear)) {
    it(`holds a call for a predicate ${name}`, async () => {
      expect(await setUp({ when: when as () => boolean }).rule.holds(call(1))).toBe(true)
    })
  }
})
