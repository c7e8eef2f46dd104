import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ApprovalRule, ApprovalWorkflow, silentLogger } from '../../../harness/index.ts'
import type { ApprovalNotice } from '../../../src/notifiers/approval-notice.ts'
import type { Notifier } from '../../../src/notifiers/notifier.ts'
import { Outbox } from '../../../src/notifiers/outbox.ts'
import { openStore, type Store } from '../../../src/store/open-store.ts'
import { temporaryFolder } from '../store/temporary-folder.ts'

const rule = new ApprovalRule({
  name: 'gate',
  requireForTools: ['refund'],
  approvers: [{ role: 'admin' }],
})

const input: Parameters<ApprovalWorkflow['request']>[0] = {
  runId: 'run-1',
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
  program: { source: 'secret source', code: 'b', hash: 'c' },
  plan: [],
  capabilities: [],
  requester: { userId: 'clerk', roles: [], tenantId: 'acme' },
}

interface Told {
  readonly name: string
  readonly notice: ApprovalNotice
}

/** A notifier that takes what it is told unless `fails` says otherwise. */
function notifier(name: string, told: Told[], fails: () => boolean = () => false): Notifier {
  return {
    name,
    async notify(notice) {
      told.push({ name, notice })
      if (fails()) throw new Error('It is away, password=hunter2hunter2')
    },
  }
}

async function setUp(location: string, notifiers: readonly Notifier[]) {
  const store = await openStore(location, { notifiers: notifiers.map(({ name }) => name) })
  onTestFinished(() => store.close())
  const time = { now: 1_000_000 }
  const clock = () => time.now
  const warnings: unknown[] = []
  const logger = {
    ...silentLogger,
    warn: (fields: object) => warnings.push(fields),
    error: (fields: object) => warnings.push(fields),
  }
  const outboxOf = (store: Store) =>
    new Outbox({ store: store.approvalEvents, notifiers, clock, logger, random: () => 1 })
  const outbox = outboxOf(store)
  const workflow = new ApprovalWorkflow({ store: store.approvals, clock })
  const send = async () => {
    outbox.send()
    await outbox.idle()
  }
  return { store, time, warnings, outbox, outboxOf, workflow, send }
}

describe('the outbox', () => {
  it('tells every notifier of every change once, in order', async () => {
    const told: Told[] = []
    const { workflow, send } = await setUp(':memory:', [notifier('a', told), notifier('b', told)])
    const { id } = await workflow.request(input)
    await workflow.resolve(id, {
      approve: true,
      approver: { userId: 'ada', roles: ['admin'], tenantId: 'acme' },
    })
    await send()
    await send()
    for (const name of ['a', 'b']) {
      const types = told.filter((one) => one.name === name).map(({ notice }) => notice.type)
      expect(types).toEqual(['approval.pending', 'approval.approved'])
    }
  })

  it('says where to look and nothing of what the program or its argument is', async () => {
    const told: Told[] = []
    const { workflow, send } = await setUp(':memory:', [notifier('a', told)])
    const { id } = await workflow.request(input)
    await send()
    expect(told[0]?.notice).toMatchObject({
      id: expect.stringMatching(/^evt_/),
      approval: { id, path: `/approvals/${id}`, rule: 'gate', tool: 'refund', state: 'pending' },
    })
    expect(JSON.stringify(told)).not.toMatch(/cents|secret source/)
  })

  it('tries again with the same id, later and later, and tells the others meanwhile', async () => {
    const told: Told[] = []
    let isAway = true
    const notifiers = [notifier('bad', told, () => isAway), notifier('good', told)]
    const { workflow, send, time, warnings } = await setUp(':memory:', notifiers)
    await workflow.request(input)
    const bad = () => told.filter(({ name }) => name === 'bad')
    await send()
    expect(bad()).toHaveLength(1)
    expect(told.filter(({ name }) => name === 'good')).toHaveLength(1)
    for (const delay of [1_000, 2_000, 4_000]) {
      time.now += delay - 1
      const before = bad().length
      await send()
      expect(bad()).toHaveLength(before)
      time.now += 1
      await send()
      expect(bad()).toHaveLength(before + 1)
    }
    isAway = false
    time.now += 8_000
    await send()
    time.now += 100_000
    await send()
    expect(bad()).toHaveLength(5)
    expect(new Set(bad().map(({ notice }) => notice.id)).size).toBe(1)
    expect(JSON.stringify(warnings)).not.toContain('hunter2')
  })

  it('gives up in the end, and says so', async () => {
    const told: Told[] = []
    const { workflow, send, time, warnings } = await setUp(':memory:', [
      notifier('bad', told, () => true),
    ])
    await workflow.request(input)
    for (let i = 0; i < 60; i++) {
      await send()
      time.now += 3_600_000
    }
    expect(told).toHaveLength(36)
    expect(warnings).toHaveLength(36)
  })

  it('loses nothing with the process that was about to tell it', async () => {
    const told: Told[] = []
    const location = join(temporaryFolder(), 'store.db')
    const first = await setUp(location, [notifier('a', told)])
    await first.workflow.request(input)
    // It takes the notice and dies before it tells anybody.
    const { now } = first.time
    expect(await first.store.approvalEvents.claim(['a'], now, now + 60_000)).toHaveLength(1)
    await first.store.close()
    const second = await setUp(location, [notifier('a', told)])
    await second.send()
    expect(told).toEqual([])
    second.time.now += 60_000
    await second.send()
    expect(told).toHaveLength(1)
  })

  it('is taken from by one of two that look at once', async () => {
    const told: Told[] = []
    const { workflow, outboxOf, store } = await setUp(':memory:', [notifier('a', told)])
    for (let i = 0; i < 50; i++) await workflow.request(input)
    const outboxes = Array.from({ length: 4 }, () => outboxOf(store))
    for (const outbox of outboxes) outbox.send()
    await Promise.all(outboxes.map((outbox) => outbox.idle()))
    expect(told).toHaveLength(50)
    expect(new Set(told.map(({ notice }) => notice.id)).size).toBe(50)
  })

  it('writes nothing for a change that somebody else was faster with', async () => {
    const told: Told[] = []
    const { workflow, store, send } = await setUp(':memory:', [notifier('a', told)])
    const request = await workflow.request(input)
    const next = { ...request, state: 'rejected', version: 1 } as const
    const change = { event: 'rejected', at: 1_000_000 } as const
    expect(await store.approvals.replace(next, change)).toBe(true)
    expect(await store.approvals.replace(next, change)).toBe(false)
    await send()
    expect(told.map(({ notice }) => notice.type)).toEqual(['approval.pending', 'approval.rejected'])
  })

  it('stops when it is closed, and what was on its way is told by the next', async () => {
    const told: Told[] = []
    const { promise: started, resolve } = Promise.withResolvers<void>()
    const hanging: Notifier = {
      name: 'a',
      notify: () => {
        resolve()
        return new Promise(() => {})
      },
    }
    const location = join(temporaryFolder(), 'store.db')
    const first = await setUp(location, [hanging])
    await first.workflow.request(input)
    first.outbox.send()
    await started
    await first.outbox.close()
    const second = await setUp(location, [notifier('a', told)])
    await second.send()
    expect(told).toHaveLength(1)
  })

  it('forgets what was told long ago, and keeps what has still to be told', async () => {
    const told: Told[] = []
    let isAway = true
    const { workflow, store, send, time } = await setUp(':memory:', [
      notifier('a', told, () => isAway),
    ])
    await workflow.request(input)
    await send()
    await store.approvalEvents.forgetBefore(time.now + 1)
    isAway = false
    time.now += 60_000
    await send()
    expect(told).toHaveLength(2)
    await store.approvalEvents.forgetBefore(time.now)
    const left: unknown[] = []
    await store.approvalEvents.eachSince(0, (notice) => left.push(notice))
    expect(left).toEqual([])
  })
})
