import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JournalEntry } from '../../harness/index.ts'
import type { AgenticApp, ApprovalRequest } from '../../src/index.ts'
import { openStore } from '../../src/store/open-store.ts'
import { ada, bob, cfo, type Desk, openDesk, type Refund } from '../support/desk.ts'

const yes = { approve: true } as const
let folder: string
let location: string
let desk: Desk
let app: AgenticApp
let made: Refund[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'airlock-'))
  location = join(folder, 'store.db')
  desk = openDesk({ store: location })
  app = desk.app
  made = desk.made
  await app.start()
})

afterAll(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

beforeEach(() => {
  made.length = 0
  desk.dismissed.clear()
})

const execute = (code: string) => desk.execute(code)
const asked = (runId: string) => desk.asked(runId)

function centsOf({ subject }: ApprovalRequest): number {
  return subject.kind === 'call' ? (subject.argument as unknown as Refund).cents : 0
}

/** What the store has of a run's calls, read beside the app. */
async function journalOf(runId: string): Promise<readonly JournalEntry[]> {
  const store = await openStore(location)
  try {
    return await store.journal.read(runId)
  } finally {
    await store.close()
  }
}

const THREE = `const cents = [201, 202, 203]
const paid = await Promise.all(cents.map((cents) => tools.refund({ order: 1, cents })))
return paid.map(({ paid }) => paid)`

describe('several calls of one run', () => {
  it('are asked about at once', async () => {
    const outcome = await execute(THREE)
    expect(outcome.status).toBe('pending_approval')
    expect(outcome.approvalIds).toHaveLength(3)
    expect((await asked(outcome.runId)).map(centsOf)).toEqual([201, 202, 203])
    expect(made).toEqual([])
  })

  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ]) {
    it(`leave one by one as they are approved, in the order ${order}`, async () => {
      const { runId } = await execute(THREE)
      const requests = await asked(runId)
      for (const [index, which] of order.entries()) {
        await app.approvals.resolve(requests[which]?.id ?? '', { ...yes, approver: ada })
        const outcome = await app.runs.wait(runId)
        expect(made).toHaveLength(index + 1)
        expect(made.at(-1)?.cents).toBe(201 + which)
        expect(outcome.status).toBe(index === 2 ? 'completed' : 'pending_approval')
        expect(outcome.approvalIds ?? []).toHaveLength(2 - index)
      }
      expect((await app.runs.get(runId))?.result).toEqual([201, 202, 203])
    })
  }

  it('lose nothing when they are decided while the run goes on', async () => {
    const { runId } = await execute(THREE)
    await Promise.all(
      (await asked(runId)).map(({ id }) => app.approvals.resolve(id, { ...yes, approver: ada })),
    )
    let outcome = await app.runs.wait(runId)
    for (let i = 0; outcome.status !== 'completed' && i < 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 25))
      outcome = await app.runs.wait(runId)
    }
    expect(outcome).toMatchObject({ status: 'completed', result: [201, 202, 203] })
    expect(made.map(({ cents }) => cents).sort()).toEqual([201, 202, 203])
  })

  it('come to nothing when one is refused, and nobody can decide the others', async () => {
    const { runId } = await execute(THREE)
    const [first, second] = await asked(runId)
    await app.approvals.resolve(second?.id ?? '', { approve: false, approver: ada })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'rejected' })
    await expect
      .poll(async () => (await app.approvals.get(first?.id ?? ''))?.state)
      .toBe('withdrawn')
    await expect(
      app.approvals.resolve(first?.id ?? '', { ...yes, approver: ada }),
    ).rejects.toMatchObject({ code: 'ERR_APPROVAL_CONFLICT' })
    expect(made).toEqual([])
  })

  it('do not hold up those beside them that need no approval', async () => {
    const { runId } = await execute(`const all = await Promise.all([
  tools.refund({ order: 1, cents: 500 }),
  (async () => {
    const first = await tools.refund({ order: 2, cents: 1 })
    return tools.refund({ order: 3, cents: first.paid + 1 })
  })(),
])
return all.map(({ paid }) => paid)`)
    expect(made.map(({ cents }) => cents)).toEqual([1, 2])
    const [request] = await asked(runId)
    await app.approvals.resolve(request?.id ?? '', { ...yes, approver: ada })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'completed', result: [500, 2] })
    expect(made.map(({ cents }) => cents)).toEqual([1, 2, 500])
  })
})

describe('a rule with a predicate', () => {
  it('lets go what it does not name, and holds what it does', async () => {
    expect(await execute('return tools.refund({ order: 1, cents: 100 })')).toMatchObject({
      status: 'completed',
    })
    const { runId, status } = await execute('return tools.refund({ order: 1, cents: 101 })')
    expect(status).toBe('pending_approval')
    expect((await asked(runId)).map(({ rule }) => rule)).toEqual(['money'])
  })

  it('asks both groups where two rules name a call', async () => {
    const { runId, approvalIds } = await execute('return tools.refund({ order: 1, cents: 20000 })')
    expect(approvalIds).toHaveLength(2)
    const [money, much] = await asked(runId)
    await app.approvals.resolve(money?.id ?? '', { ...yes, approver: ada })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'pending_approval' })
    expect(made).toEqual([])
    await app.approvals.resolve(much?.id ?? '', { ...yes, approver: cfo })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'completed' })
    expect(made).toHaveLength(1)
  })
})

describe('a tool that says `always`', () => {
  it('asks an admin about each call, without a rule of the endpoint', async () => {
    const { runId } = await execute('return tools.wipe({ order: 1, cents: 1 })')
    const [request] = await asked(runId)
    expect(request).toMatchObject({ rule: 'tool wipe', approvers: [{ role: 'admin' }] })
    await app.approvals.resolve(request?.id ?? '', { ...yes, approver: ada })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'completed' })
  })
})

describe('an argument that an approver changed', () => {
  const CALL = 'return tools.refund({ order: 1, cents: 500 })'

  it('is what reaches the tool; the journal keeps what the program asked for', async () => {
    const { runId, approvalId = '' } = await execute(CALL)
    const less = { order: 1, cents: 50 }
    await app.approvals.resolve(approvalId, { ...yes, editedArguments: less, approver: ada })
    expect((await app.runs.get(runId))?.status).toBe('pending_approval')
    await app.approvals.resolve(approvalId, { ...yes, approver: bob })
    expect(await app.runs.wait(runId)).toMatchObject({
      status: 'completed',
      result: { paid: 50 },
      toolCalls: [{ args: { order: 1, cents: 500 } }],
    })
    expect(made).toEqual([less])
    expect(await journalOf(runId)).toMatchObject([
      { argument: { order: 1, cents: 500 }, effectiveArgument: less },
    ])
  })

  const refused = {
    'that does not fit the schema': [{ order: 1, cents: 'many' }, 'ERR_REQUEST_INVALID'],
    'with a property that the schema does not have': [
      { order: 1, cents: 5, to: 'me' },
      'ERR_REQUEST_INVALID',
    ],
    'that a policy denies': [{ order: 13, cents: 5 }, 'ERR_POLICY_VIOLATION'],
  } as const
  for (const [name, [editedArguments, code]] of Object.entries(refused)) {
    it(`is refused ${name}`, async () => {
      const { approvalId = '' } = await execute(CALL)
      await expect(
        app.approvals.resolve(approvalId, { ...yes, editedArguments, approver: ada }),
      ).rejects.toMatchObject({ code })
      expect(await app.approvals.get(approvalId)).toMatchObject({ revision: 0, edits: [] })
    })
  }

  it('asks whoever has to be asked about what it is now', async () => {
    const { runId, approvalId = '' } = await execute(CALL)
    const more = { order: 1, cents: 20_000 }
    await app.approvals.resolve(approvalId, { ...yes, editedArguments: more, approver: ada })
    await app.approvals.resolve(approvalId, { ...yes, approver: bob })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'pending_approval' })
    expect(made).toEqual([])
    const [much] = await asked(runId)
    expect(much).toMatchObject({ rule: 'much-money', subject: { argument: more } })
    await app.approvals.resolve(much?.id ?? '', { ...yes, approver: cfo })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'completed' })
    expect(made).toEqual([more])
  })

  it('makes the approval of another rule lapse that was for what it had been', async () => {
    const { runId } = await execute('return tools.refund({ order: 1, cents: 20000 })')
    const [money, much] = await asked(runId)
    await app.approvals.resolve(much?.id ?? '', { ...yes, approver: cfo })
    const more = { order: 1, cents: 30_000 }
    await app.approvals.resolve(money?.id ?? '', { ...yes, editedArguments: more, approver: ada })
    await app.approvals.resolve(money?.id ?? '', { ...yes, approver: bob })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'pending_approval' })
    expect(made).toEqual([])
    expect(await app.approvals.get(much?.id ?? '')).toMatchObject({
      state: 'pending',
      revision: 1,
      subject: { argument: more },
    })
    await app.approvals.resolve(much?.id ?? '', { ...yes, approver: cfo })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'completed' })
    expect(made).toEqual([more])
  })
})

describe('app.approvals.on', () => {
  it('tells of what happens from then on, until it is ended', async () => {
    const seen: string[] = []
    const stops = (['pending', 'approved'] as const).map((kind) =>
      app.approvals.on(kind, ({ id }) => seen.push(`${kind} ${id}`)),
    )
    const { approvalId = '' } = await execute('return tools.wipe({ order: 1, cents: 1 })')
    await app.approvals.resolve(approvalId, { ...yes, approver: ada })
    await expect.poll(() => seen).toEqual([`pending ${approvalId}`, `approved ${approvalId}`])
    for (const stop of stops) stop()
    await execute('return tools.wipe({ order: 2, cents: 1 })')
    expect(seen).toHaveLength(2)
  })
})
