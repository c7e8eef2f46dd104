import { describe, expect, it } from 'vitest'
import { approvalDigest } from '../../../harness/approval/approval-digest.ts'
import type { ApprovalRuleOptions } from '../../../harness/approval/approval-rule.ts'
import { AgenticError } from '../../../harness/errors.ts'
import type { JsonValue } from '../../../harness/json-value.ts'
import { clerk, code, person, setUp } from './asked.ts'

const yes = { approve: true } as const
const cheaper = { order: 7, cents: 50 }

function edited(options: Partial<ApprovalRuleOptions> = {}) {
  const judged: JsonValue[] = []
  const judgeEdit = async (_: unknown, argument: JsonValue) => {
    judged.push(argument)
    if ((argument as { cents: number }).cents > 1_000) {
      throw new AgenticError('ERR_POLICY_VIOLATION', 'Too much')
    }
    return argument
  }
  return { ...setUp(options, { judgeEdit }), judged }
}

describe('approval with another argument', () => {
  it('makes a new revision that another person approves, and keeps what was changed', async () => {
    const { workflow, request } = edited()
    const asked = await request()
    const next = await workflow.resolve(asked.id, {
      ...yes,
      reason: 'half is enough',
      editedArguments: cheaper,
      approver: person('ada'),
    })
    expect(next).toMatchObject({
      state: 'pending',
      revision: 1,
      votes: [],
      subject: { argument: cheaper, requested: { order: 7, cents: 500 } },
      edits: [
        {
          editorId: 'ada',
          reason: 'half is enough',
          changes: [{ path: '/cents', before: 500, after: 50 }],
        },
      ],
    })
    expect(next.digest).not.toBe(asked.digest)
    expect(next.digest).toBe(approvalDigest(next))
    await expect(workflow.resolve(asked.id, { ...yes, approver: person('ada') })).rejects.toEqual(
      code('ERR_AUTHORIZATION_DENIED'),
    )
    expect(await workflow.resolve(asked.id, { ...yes, approver: person('bob') })).toMatchObject({
      state: 'approved',
      decision: { approverId: 'bob', digest: next.digest },
    })
  })

  it('makes earlier votes lapse, which stay on record', async () => {
    const { workflow, request } = edited({ quorum: 2 })
    const { id } = await request()
    await workflow.resolve(id, { ...yes, approver: person('bob') })
    await workflow.resolve(id, { ...yes, editedArguments: cheaper, approver: person('ada') })
    const once = await workflow.resolve(id, { ...yes, approver: person('eve') })
    expect(once).toMatchObject({ state: 'pending', votes: [{ revision: 0 }, { revision: 1 }] })
    const done = await workflow.resolve(id, { ...yes, approver: person('bob') })
    expect(done.state).toBe('approved')
    expect(done.votes.map(({ approverId, revision }) => [approverId, revision])).toEqual([
      ['bob', 0],
      ['eve', 1],
      ['bob', 1],
    ])
  })

  it('counts as a vote where the rule waives four eyes', async () => {
    const { workflow, request } = edited({ allowSelf: true })
    const { id } = await request()
    const done = await workflow.resolve(id, {
      ...yes,
      editedArguments: cheaper,
      approver: person('ada'),
    })
    expect(done).toMatchObject({ state: 'approved', version: 1, subject: { argument: cheaper } })
  })

  it('lets its author reject', async () => {
    const { workflow, request } = edited()
    const { id } = await request()
    await workflow.resolve(id, { ...yes, editedArguments: cheaper, approver: person('ada') })
    const done = await workflow.resolve(id, { approve: false, approver: person('ada') })
    expect(done.state).toBe('rejected')
  })

  it('is refused when a gate refuses the argument, and nothing has changed', async () => {
    const { workflow, request } = edited()
    const asked = await request()
    const dear = { order: 7, cents: 5_000 }
    await expect(
      workflow.resolve(asked.id, { ...yes, editedArguments: dear, approver: person('ada') }),
    ).rejects.toEqual(code('ERR_POLICY_VIOLATION'))
    expect(await workflow.get(asked.id)).toEqual(asked)
  })

  it('is judged for nobody who may not decide', async () => {
    const { workflow, request, judged } = edited()
    const { id } = await request()
    for (const approver of [person('x', []), clerk]) {
      await expect(
        workflow.resolve(id, { ...yes, editedArguments: cheaper, approver }),
      ).rejects.toThrow()
    }
    expect(judged).toEqual([])
  })

  it('is a plain vote when nothing differs', async () => {
    const { workflow, request } = edited()
    const { id } = await request()
    const same = { cents: 500, order: 7 }
    expect(
      await workflow.resolve(id, { ...yes, editedArguments: same, approver: person('ada') }),
    ).toMatchObject({ state: 'approved', revision: 0, edits: [] })
  })

  it('cannot go with a no, with a program, or without somebody who judges it', async () => {
    const { workflow, request, input } = edited()
    const { id } = await request()
    const edit = { editedArguments: cheaper, approver: person('ada') }
    await expect(workflow.resolve(id, { approve: false, ...edit })).rejects.toThrow(TypeError)
    const program = await workflow.request({ ...input, subject: { kind: 'program' } })
    await expect(workflow.resolve(program.id, { ...yes, ...edit })).rejects.toEqual(
      code('ERR_REQUEST_INVALID'),
    )
    const without = setUp()
    const other = await without.request()
    await expect(without.workflow.resolve(other.id, { ...yes, ...edit })).rejects.toEqual(
      code('ERR_REQUEST_INVALID'),
    )
  })

  it('does not go on for ever', async () => {
    const { workflow, request } = edited()
    const { id } = await request()
    const edit = (cents: number) =>
      workflow.resolve(id, {
        ...yes,
        editedArguments: { order: 7, cents },
        approver: person(`admin-${cents % 2}`),
      })
    for (let cents = 1; cents <= 20; cents++) await edit(cents)
    await expect(edit(21)).rejects.toEqual(code('ERR_APPROVAL_CONFLICT'))
  })
})

describe('a decision', () => {
  it('holds for what was shown and nothing else', async () => {
    const { workflow, request } = edited()
    const { id, digest } = await request()
    await workflow.resolve(id, { ...yes, editedArguments: cheaper, approver: person('ada') })
    await expect(
      workflow.resolve(id, { ...yes, expectedDigest: digest, approver: person('bob') }),
    ).rejects.toEqual(code('ERR_APPROVAL_CONFLICT'))
    const now = await workflow.get(id)
    expect(now).toMatchObject({ state: 'pending' })
    expect(
      await workflow.resolve(id, {
        ...yes,
        expectedDigest: now?.digest ?? '',
        approver: person('bob'),
      }),
    ).toMatchObject({ state: 'approved' })
  })

  it('is bound to run, rule, program, place and both arguments', async () => {
    const { request } = setUp()
    const asked = await request()
    const { subject } = asked
    if (subject.kind !== 'call') throw new TypeError('It is about a call')
    const others = [
      { ...asked, runId: 'run-2' },
      { ...asked, rule: 'other' },
      { ...asked, endpoint: 'other' },
      { ...asked, program: { ...asked.program, hash: 'd' } },
      { ...asked, subject: { ...subject, seq: 1 } },
      { ...asked, subject: { ...subject, tool: 'pay' } },
      { ...asked, subject: { ...subject, argument: cheaper } },
      { ...asked, subject: { ...subject, requested: cheaper } },
      { ...asked, subject: { kind: 'program' } as const },
    ]
    const digests = [asked, ...others].map(approvalDigest)
    expect(new Set(digests).size).toBe(digests.length)
  })

  it('comes to nothing for a run that has ended', async () => {
    const { workflow, request } = setUp()
    const { id } = await request()
    await workflow.withdraw('run-2')
    expect(await workflow.get(id)).toMatchObject({ state: 'pending' })
    await workflow.withdraw('run-1')
    expect(await workflow.get(id)).toMatchObject({ state: 'withdrawn' })
    await expect(workflow.resolve(id, { ...yes, approver: person('ada') })).rejects.toEqual(
      code('ERR_APPROVAL_CONFLICT'),
    )
  })
})
