import { describe, expect, it } from 'vitest'
import type { ApprovalResolution } from '../../../harness/approval/approval-resolution.ts'
import { ApprovalRule, type ApprovalRuleOptions } from '../../../harness/approval/approval-rule.ts'
import { canDecide, canSee } from '../../../harness/approval/approval-visibility.ts'
import {
  type ApprovalInput,
  ApprovalWorkflow,
} from '../../../harness/approval/approval-workflow.ts'
import { MemoryApprovalStore } from '../../../harness/approval/memory-approval-store.ts'
import type { Requester } from '../../../harness/requester.ts'

const clerk: Requester = { userId: 'clerk', roles: ['clerk'], tenantId: 'acme' }
const admin: Requester = { userId: 'ada', roles: ['admin'], tenantId: 'acme' }
const other: Requester = { userId: 'otto', roles: ['admin'], tenantId: 'acme' }
const chief: Requester = { userId: 'chief', roles: ['chief'], tenantId: 'acme' }
const foreign: Requester = { userId: 'ada', roles: ['admin', 'chief'], tenantId: 'globex' }
const nobody: Requester = { userId: 'no', roles: [] }

function setUp(options: Partial<ApprovalRuleOptions> = {}, requester: Requester | null = clerk) {
  const rule = new ApprovalRule({
    name: 'gate',
    requireForActions: ['write'],
    approvers: [{ role: 'admin' }],
    timeoutMs: 1_000,
    ...options,
  })
  const time = { now: 5_000 }
  const store = new MemoryApprovalStore()
  const workflow = new ApprovalWorkflow({ store, clock: () => time.now })
  const input: ApprovalInput = {
    runId: 'run-1',
    endpoint: 'shop',
    rule,
    subject: {
      kind: 'call',
      seq: 0,
      tool: 'refund',
      argument: { order: 7 },
      requested: { order: 7 },
    },
    action: 'write',
    program: { source: 'a', code: 'b', hash: 'c' },
    plan: [],
    capabilities: [],
    requester,
  }
  return { time, store, workflow, input, request: () => workflow.request(input) }
}

const escalating = { escalateTo: [{ role: 'chief' }], escalateAfterMs: 400 }

function code(expected: string) {
  return expect.objectContaining({ code: expected })
}

describe('an approval request', () => {
  it('is pending, bound to its rule and stored before anybody hears of it', async () => {
    const { store, request } = setUp(escalating)
    const made = await request()
    expect(made).toMatchObject({
      id: expect.stringMatching(/^apr_[\w-]{22}$/),
      state: 'pending',
      rule: 'gate',
      createdAt: 5_000,
      expiresAt: 6_000,
      escalation: { at: 5_400, to: [{ role: 'chief' }] },
    })
    expect(await store.get(made.id)).toEqual(made)
  })

  it('goes from pending to approved', async () => {
    const { workflow, request } = setUp()
    const { id } = await request()
    const resolution = { approve: true, reason: 'checked', approver: admin }
    const decision = { approve: true, reason: 'checked', approverId: 'ada', decidedAt: 5_000 }
    expect(await workflow.resolve(id, resolution)).toMatchObject({ state: 'approved', decision })
    expect(await workflow.get(id)).toMatchObject({ state: 'approved', decision })
  })

  it('goes from pending to rejected', async () => {
    const { workflow, request } = setUp()
    const { id } = await request()
    await workflow.resolve(id, { approve: false, approver: admin })
    expect(await workflow.get(id)).toMatchObject({
      state: 'rejected',
      decision: { approve: false },
    })
  })

  it('goes from pending to expired, and says so from that moment', async () => {
    const { time, workflow, request } = setUp()
    const { id } = await request()
    time.now = 5_999
    expect(await workflow.sweep()).toEqual([])
    time.now = 6_000
    expect(await workflow.get(id)).toMatchObject({ state: 'expired' })
    expect(await workflow.list({ states: ['pending'] })).toEqual([])
    expect(await workflow.sweep()).toMatchObject([{ id, state: 'expired' }])
    expect(await workflow.sweep()).toEqual([])
    await expect(workflow.resolve(id, { approve: true, approver: admin })).rejects.toEqual(
      code('ERR_APPROVAL_EXPIRED'),
    )
  })

  it('goes from pending to escalated, where its added approvers may decide', async () => {
    const { time, workflow, request } = setUp(escalating)
    const { id } = await request()
    await expect(workflow.resolve(id, { approve: true, approver: chief })).rejects.toEqual(
      code('ERR_APPROVAL_NOT_FOUND'),
    )
    time.now = 5_400
    expect(await workflow.sweep()).toMatchObject([{ id, state: 'escalated' }])
    expect(await workflow.sweep()).toEqual([])
    expect(await workflow.resolve(id, { approve: true, approver: chief })).toMatchObject({
      state: 'approved',
    })
  })

  it('can be decided by its first approvers after it escalated', async () => {
    const { time, workflow, request } = setUp(escalating)
    const { id } = await request()
    time.now = 5_500
    await workflow.sweep()
    expect(await workflow.resolve(id, { approve: false, approver: admin })).toMatchObject({
      state: 'rejected',
    })
  })

  it('escalates by the clock when no sweep has come by', async () => {
    const { time, workflow, request } = setUp(escalating)
    const { id } = await request()
    time.now = 5_400
    expect(await workflow.resolve(id, { approve: true, approver: chief })).toMatchObject({
      state: 'approved',
    })
  })

  it('expires after it escalated', async () => {
    const { time, workflow, request } = setUp(escalating)
    const { id } = await request()
    time.now = 5_500
    await workflow.sweep()
    time.now = 6_000
    expect(await workflow.sweep()).toMatchObject([{ id, state: 'expired' }])
  })

  it('is marked expired by a decision that comes too late', async () => {
    const { time, store, workflow, request } = setUp()
    const { id } = await request()
    time.now = 6_000
    await expect(workflow.resolve(id, { approve: true, approver: admin })).rejects.toEqual(
      code('ERR_APPROVAL_EXPIRED'),
    )
    expect(await store.get(id)).toMatchObject({ state: 'expired' })
  })
})

const refusals: Record<string, [approver: Requester, code: string]> = {
  'an approver of another tenant': [foreign, 'ERR_APPROVAL_NOT_FOUND'],
  'somebody who is not listed': [nobody, 'ERR_APPROVAL_NOT_FOUND'],
  'a listed role without the tenant': [{ userId: 'x', roles: ['admin'] }, 'ERR_APPROVAL_NOT_FOUND'],
  'a user whose id is the role': [{ ...nobody, userId: 'admin' }, 'ERR_APPROVAL_NOT_FOUND'],
  'the requester': [clerk, 'ERR_AUTHORIZATION_DENIED'],
  'the requester in the role of an approver': [
    { ...clerk, roles: ['admin'] },
    'ERR_AUTHORIZATION_DENIED',
  ],
}

describe('ApprovalWorkflow.resolve', () => {
  for (const [name, [approver, expected]] of Object.entries(refusals)) {
    it(`refuses ${name} and leaves the request open`, async () => {
      const { workflow, request } = setUp()
      const { id } = await request()
      await expect(workflow.resolve(id, { approve: true, approver })).rejects.toEqual(
        code(expected),
      )
      expect(await workflow.get(id)).toMatchObject({ state: 'pending' })
    })
  }

  it('refuses an id that does not exist', async () => {
    const { workflow } = setUp()
    await expect(workflow.resolve('apr_x', { approve: true, approver: admin })).rejects.toEqual(
      code('ERR_APPROVAL_NOT_FOUND'),
    )
  })

  it('takes the requester as an approver when the rule allows it and lists them', async () => {
    const { workflow, request } = setUp({ allowSelf: true, approvers: [{ userId: 'clerk' }] })
    const { id } = await request()
    expect(await workflow.resolve(id, { approve: true, approver: clerk })).toMatchObject({
      state: 'approved',
    })
  })

  it('still refuses the requester who is not listed when the rule allows it', async () => {
    const { workflow, request } = setUp({ allowSelf: true })
    const { id } = await request()
    await expect(workflow.resolve(id, { approve: true, approver: clerk })).rejects.toEqual(
      code('ERR_APPROVAL_NOT_FOUND'),
    )
  })

  it('takes a listed approver without a tenant for a request without one', async () => {
    const { workflow, request } = setUp({}, { userId: 'clerk', roles: [] })
    const { id } = await request()
    const approver = { userId: 'root', roles: ['admin'] }
    expect(await workflow.resolve(id, { approve: true, approver })).toMatchObject({
      state: 'approved',
    })
  })

  it('refuses a second decision as a conflict', async () => {
    const { workflow, request } = setUp()
    const { id } = await request()
    await workflow.resolve(id, { approve: false, approver: admin })
    await expect(workflow.resolve(id, { approve: true, approver: other })).rejects.toEqual(
      code('ERR_APPROVAL_CONFLICT'),
    )
    expect(await workflow.get(id)).toMatchObject({ state: 'rejected' })
  })

  const misuse: Record<string, object> = {
    'a text instead of a yes or no': { approve: 'false' },
    'a number instead of a yes or no': { approve: 1 },
    'no answer at all': {},
    'a reason that is not a text': { approve: true, reason: ['ok'] },
    'a reason of null': { approve: false, reason: null },
  }
  for (const [name, decision] of Object.entries(misuse)) {
    it(`refuses ${name} and leaves the request open`, async () => {
      const { workflow, request } = setUp()
      const { id } = await request()
      const resolution = { ...decision, approver: admin } as ApprovalResolution
      await expect(workflow.resolve(id, resolution)).rejects.toThrow(TypeError)
      expect(await workflow.get(id)).toMatchObject({ state: 'pending' })
    })
  }

  it('cuts an endless reason', async () => {
    const { workflow, request } = setUp()
    const { id } = await request()
    const reason = 'x'.repeat(100_000)
    const { decision } = await workflow.resolve(id, { approve: true, reason, approver: admin })
    expect(decision?.reason).toHaveLength(2_000)
  })
})

describe('who may see and decide', () => {
  const table: [who: Requester | null, sees: boolean, decides: boolean][] = [
    [clerk, true, false],
    [admin, true, true],
    [chief, false, false],
    [foreign, false, false],
    [nobody, false, false],
    [{ ...clerk, tenantId: 'globex' }, false, false],
    [null, false, false],
  ]
  for (const [who, sees, decides] of table) {
    it(`${JSON.stringify(who)} sees: ${sees}, decides: ${decides}`, async () => {
      const request = await setUp(escalating).request()
      expect(canSee(request, who)).toBe(sees)
      expect(canDecide(request, who)).toBe(decides)
    })
  }

  it('lets an admin of the tenant see what others decide', async () => {
    const request = await setUp({ approvers: [{ userId: 'zoe' }] }).request()
    expect(canSee(request, admin)).toBe(true)
    expect(canDecide(request, admin)).toBe(false)
    expect(canSee(request, { userId: 'x', roles: ['admin'] })).toBe(false)
  })

  it('hides a request without a tenant from an unlisted admin who has one', async () => {
    const request = await setUp({ approvers: [{ userId: 'zoe' }] }, null).request()
    expect(canSee(request, admin)).toBe(false)
    expect(canSee(request, { userId: 'x', roles: ['admin'] })).toBe(true)
  })

  const tenantless: [requester: Requester | null, who: Requester, decides: boolean][] = [
    [{ userId: 'clerk', roles: [] }, admin, false],
    [{ userId: 'ada', roles: [] }, admin, false],
    [null, admin, false],
    [null, { userId: 'root', roles: ['admin'] }, true],
    [{ userId: 'clerk', roles: [] }, { userId: 'root', roles: ['admin'] }, true],
  ]
  for (const [requester, who, decides] of tenantless) {
    const asked = requester === null ? 'nobody' : `${requester.userId} without a tenant`
    it(`${JSON.stringify(who)} decides for ${asked}: ${decides}`, async () => {
      const { workflow, request } = setUp({}, requester)
      const made = await request()
      expect(canDecide(made, who)).toBe(decides)
      expect(canSee(made, who)).toBe(decides)
      const answer = workflow.resolve(made.id, { approve: true, approver: who })
      if (decides) expect(await answer).toMatchObject({ state: 'approved' })
      else await expect(answer).rejects.toEqual(code('ERR_APPROVAL_NOT_FOUND'))
    })
  }

  it('adds the second group once it has escalated, and not when it was decided before', async () => {
    const pending = await setUp(escalating).request()
    const decision = { approve: true, approverId: 'ada', decidedAt: 5_100, digest: '' }
    expect(canDecide({ ...pending, state: 'escalated' }, chief)).toBe(true)
    expect(canSee({ ...pending, state: 'approved', decision }, chief)).toBe(false)
    expect(canSee({ ...pending, state: 'expired' }, chief)).toBe(true)
  })
})

describe('ApprovalWorkflow.list', () => {
  const requests = async (escalates: boolean) => {
    const { time, workflow, input } = setUp(escalates ? escalating : {})
    const mine = await workflow.request(input)
    for (let i = 0; i < 1_500; i++) {
      await workflow.request({ ...input, requester: { ...clerk, tenantId: 'globex' } })
    }
    return { time, workflow, mine }
  }

  it('finds what somebody may see behind any number of requests of others', async () => {
    const { workflow, mine } = await requests(false)
    for (const user of [admin, clerk]) {
      expect(await workflow.list({ visibleTo: user })).toEqual([mine])
    }
    expect(await workflow.list({ visibleTo: nobody })).toEqual([])
    expect(await workflow.list({ visibleTo: foreign, limit: 1_000 })).toHaveLength(1_000)
  })

  it('shows the second group what has escalated, and nothing before', async () => {
    const { time, workflow, mine } = await requests(true)
    expect(await workflow.list({ visibleTo: chief })).toEqual([])
    time.now = 5_400
    expect(await workflow.list({ visibleTo: chief })).toMatchObject([{ id: mine.id }])
  })

  it('fills the limit with what is accepted, newest first, and goes on behind a page', async () => {
    const { workflow, input } = setUp()
    const ids: string[] = []
    for (let i = 0; i < 25; i++) ids.unshift((await workflow.request(input)).id)
    const accepted = new Set(ids.filter((_, index) => index % 5 === 4))
    const list = (filter: object) => workflow.list(filter, ({ id }) => accepted.has(id))
    const of = (found: readonly { id: string }[]) => found.map(({ id }) => ids.indexOf(id))
    expect(of(await list({ limit: 3 }))).toEqual([4, 9, 14])
    expect(of(await list({ limit: 3, before: ids[14] }))).toEqual([19, 24])
    expect(await list({ limit: 3, before: ids[24] })).toEqual([])
    expect(await list({ before: 'apr_unknown' })).toEqual([])
    expect(await list({ limit: 0 })).toEqual([])
  })
})

describe('MemoryApprovalStore', () => {
  it('forgets the oldest request beyond its bound', async () => {
    const store = new MemoryApprovalStore({ maxRequests: 2 })
    const first = await setUp().request()
    for (const id of ['a', 'b', 'c']) await store.insert({ ...first, id })
    expect((await store.list({})).map(({ id }) => id)).toEqual(['c', 'b'])
  })

  it('refuses a bound that is none', () => {
    expect(() => new MemoryApprovalStore({ maxRequests: 0 })).toThrow(RangeError)
  })
})
