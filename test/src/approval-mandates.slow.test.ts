import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AgenticApp } from '../../src/index.ts'
import { testUser } from '../../src/testing/index.ts'
import { ada, author, bob, type Desk, openDesk, type Refund } from '../support/desk.ts'

const yes = { approve: true } as const
let desk: Desk
let app: AgenticApp
let made: Refund[]

beforeAll(async () => {
  desk = openDesk()
  app = desk.app
  made = desk.made
  await app.start()
})

afterAll(() => app.close())

beforeEach(() => {
  made.length = 0
  desk.dismissed.clear()
})

const execute = (code: string) => desk.execute(code)
const asked = (runId: string) => desk.asked(runId)

describe('a grant', () => {
  const LOOP = `let sum = 0
for (const order of [1, 2, 3]) sum += (await tools.refund({ order, cents: 200 + order })).paid
return sum`
  const soon = () => Date.now() + 60_000

  it('lets further calls of the run go without asking, and the record says by whose word', async () => {
    const { runId, approvalId = '' } = await execute(LOOP)
    const grant = await app.approvals.grant(approvalId, {
      scope: 'run',
      until: soon(),
      reason: 'routine',
      granter: ada,
    })
    expect((await app.approvals.get(approvalId))?.state).toBe('pending')
    await app.approvals.resolve(approvalId, { ...yes, approver: ada })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'completed', result: 606 })
    const requests = await app.approvals.list({ runId })
    expect(requests.map(({ decision }) => decision?.grantId)).toEqual([
      grant.id,
      grant.id,
      undefined,
    ])
    expect((await app.approvals.mandates({ runId }))[0]).toMatchObject({ id: grant.id })

    // Another run is none of its business.
    expect(await execute(LOOP)).toMatchObject({ status: 'pending_approval' })
  })

  it('covers only the argument that it names', async () => {
    const { runId, approvalId = '' } = await execute(LOOP)
    const only = { argument: { order: 3 }, until: soon(), granter: ada }
    await app.approvals.grant(approvalId, { scope: 'run', ...only })
    await app.approvals.resolve(approvalId, { ...yes, approver: ada })
    const waiting = await app.runs.wait(runId)
    expect(waiting.status).toBe('pending_approval')
    await app.approvals.resolve(waiting.approvalId ?? '', { ...yes, approver: ada })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'completed' })
  })

  const over: Record<string, (id: string) => unknown> = {
    'was taken back': (id) => app.approvals.revoke(id, ada),
    'is of somebody who may decide no more': () => desk.dismissed.add('ada'),
  }
  for (const [name, end] of Object.entries(over)) {
    it(`covers nothing once it ${name}`, async () => {
      const { runId, approvalId = '' } = await execute(LOOP)
      const { id } = await app.approvals.grant(approvalId, {
        scope: 'run',
        until: soon(),
        granter: ada,
      })
      await end(id)
      await app.approvals.resolve(approvalId, { ...yes, approver: bob })
      expect(await app.runs.wait(runId)).toMatchObject({ status: 'pending_approval' })
      expect(made).toHaveLength(1)
    })
  }

  it('covers nothing for another rule', async () => {
    const { runId, approvalId = '' } = await execute(
      'for (const cents of [200, 20000]) await tools.refund({ order: 1, cents })\nreturn 1',
    )
    await app.approvals.grant(approvalId, { scope: 'run', until: soon(), granter: ada })
    await app.approvals.resolve(approvalId, { ...yes, approver: ada })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'pending_approval' })
    expect((await asked(runId)).map(({ rule }) => rule)).toEqual(['much-money'])
  })

  const refused = {
    'by the requester': [{ granter: author }, 'ERR_AUTHORIZATION_DENIED'],
    'by somebody who is not listed': [{ granter: testUser('x') }, 'ERR_AUTHORIZATION_DENIED'],
    'for longer than a day': [{ until: Date.now() + 90_000_000 }, 'ERR_REQUEST_INVALID'],
    'for a time that is over': [{ until: 1 }, 'ERR_REQUEST_INVALID'],
    'for a session where there is none': [{ scope: 'session' }, 'ERR_REQUEST_INVALID'],
  } as const
  it('cannot be given by strangers, for long, or for nothing', async () => {
    const { approvalId = '' } = await execute(LOOP)
    for (const [name, [wrong, code]] of Object.entries(refused)) {
      const input = { scope: 'run', until: soon(), granter: ada, ...wrong } as const
      await expect(app.approvals.grant(approvalId, input), name).rejects.toMatchObject({ code })
    }
  })
})

describe('a substitute', () => {
  const CALL = 'return tools.refund({ order: 1, cents: 500 })'
  const sam = testUser('sam')
  const soon = () => Date.now() + 60_000

  it('decides in the place of an approver, and both are on record', async () => {
    const { runId, approvalId = '' } = await execute(CALL)
    const decision = { ...yes, approver: sam }
    await expect(app.approvals.resolve(approvalId, decision)).rejects.toMatchObject({
      code: 'ERR_APPROVAL_NOT_FOUND',
    })
    const { id } = await app.approvals.delegate({
      substituteId: 'sam',
      until: soon(),
      granter: ada,
    })
    desk.dismissed.add('ada')
    await expect(app.approvals.resolve(approvalId, decision)).rejects.toMatchObject({
      code: 'ERR_APPROVAL_NOT_FOUND',
    })
    desk.dismissed.clear()
    const done = await app.approvals.resolve(approvalId, decision)
    expect(done.decision).toMatchObject({ approverId: 'sam', onBehalfOf: 'ada', delegationId: id })
    expect(await app.runs.wait(runId)).toMatchObject({ status: 'completed' })

    await app.approvals.revoke(id, ada)
    const next = await execute(CALL)
    await expect(app.approvals.resolve(next.approvalId ?? '', decision)).rejects.toMatchObject({
      code: 'ERR_APPROVAL_NOT_FOUND',
    })
    await expect(app.approvals.revoke(id, ada)).rejects.toMatchObject({
      code: 'ERR_APPROVAL_CONFLICT',
    })
  })

  it('stands for nobody who is the requester, and passes nothing on', async () => {
    await app.approvals.delegate({ substituteId: 'sam', until: soon(), granter: ada })
    await app.approvals.delegate({ substituteId: 'tom', until: soon(), granter: sam })
    const own = await app.execute({ endpoint: 'desk', code: CALL, user: ada })
    await expect(
      app.approvals.resolve(own.approvalId ?? '', { ...yes, approver: sam }),
    ).rejects.toMatchObject({ code: 'ERR_APPROVAL_NOT_FOUND' })
    const { approvalId = '' } = await execute(CALL)
    await expect(
      app.approvals.resolve(approvalId, { ...yes, approver: testUser('tom') }),
    ).rejects.toMatchObject({ code: 'ERR_APPROVAL_NOT_FOUND' })
  })
})
