import { afterAll, describe, expect, it } from 'vitest'
import {
  ApprovalRule,
  ApprovalWorkflow,
  DEFAULT_LIMITS,
  HarnessEngine,
  type HarnessOutcome,
  type HarnessRequest,
  type JsonValue,
  MemoryApprovalStore,
  MemoryRunJournal,
  NO_USAGE,
  ProgramReader,
  type Sandbox,
  type SandboxToolAnswer,
  type Tool,
} from '../../harness/index.ts'

const reader = new ProgramReader()
afterAll(() => reader.close())

const LONG_DEADLINE = { ...DEFAULT_LIMITS, timeoutMs: 60_000 }

function tool(name: string, readOnly: boolean, made: string[]): Tool {
  return {
    name,
    description: name,
    input: { jsonSchema: {}, validate: (value) => ({ ok: true, value }) },
    readOnly,
    idempotent: readOnly,
    run: async (argument) => {
      made.push(`${name} ${JSON.stringify(argument)}`)
      return 1
    },
  }
}

type MadeCall = readonly [name: string, argument: JsonValue]

/** A sandbox in which other calls are made than the program's code says: one that was broken out of. */
function brokenSandbox(calls: readonly MadeCall[], answers: SandboxToolAnswer[]): Sandbox {
  return {
    async run({ onToolCall }) {
      const { signal } = new AbortController()
      const base = { console: [], abandonedCalls: [], usage: NO_USAGE, isolation: {} as never }
      for (const [index, [name, argument]] of calls.entries()) {
        const answer = await onToolCall({
          seq: index,
          name,
          argument,
          turns: [],
          turnCount: 0,
          signal,
        })
        answers.push(answer)
        if (answer.kind === 'suspend') return { ...base, ending: { kind: 'suspended' } }
        if (answer.kind === 'stop') return { ...base, ending: { kind: 'stopped' } }
      }
      return { ...base, ending: { kind: 'returned', value: null } }
    },
  } as Partial<Sandbox> as Sandbox
}

const admin = { userId: 'ada', roles: ['admin'] }
const approvers = [{ role: 'admin' }]
const everyProgram = new ApprovalRule({
  name: 'gate',
  requireForActions: ['read', 'write'],
  approvers,
})

function createSetting(source: string, calls: readonly MadeCall[], rules: ApprovalRule[] = []) {
  const journal = new MemoryRunJournal()
  const approvals = new ApprovalWorkflow({ store: new MemoryApprovalStore(), clock: Date.now })
  const made: string[] = []
  const answers: SandboxToolAnswer[] = []
  const sandbox = brokenSandbox(calls, answers)
  const engine = new HarnessEngine({ reader, sandbox, journal, approvals })
  const request: HarnessRequest = {
    runId: 'run-1',
    endpoint: 'shop',
    entrance: 'intent',
    source,
    language: 'js',
    intentAction: 'write',
    requester: { userId: 'bob', roles: [] },
    data: null,
    tools: [tool('look', true, made), tool('pay', false, made)],
    policies: [],
    approvalRules: rules,
    validators: [],
    limits: LONG_DEADLINE,
    determinism: { startTimeMs: 0, seed: '00' },
  }
  const run = (more: Partial<HarnessRequest> = {}) => engine.run({ ...request, ...more })
  const approve = async ({ approvals: [asked] = [] }: HarnessOutcome) =>
    approvals.resolve(asked?.id ?? '', { approve: true, approver: admin })
  return { run, approve, made, answers, approvals, journal }
}

describe('the capability plan at the tool gate', () => {
  const outside: Record<string, [source: string, calls: readonly MadeCall[]]> = {
    'a tool that the code does not call': ['return tools.look({ id: 1 })', [['pay', { id: 1 }]]],
    'another constant argument': ['return tools.pay({ id: 1 })', [['pay', { id: 2 }]]],
    'one call more than the code makes': [
      'await tools.pay({ id: 1 })',
      [
        ['pay', { id: 1 }],
        ['pay', { id: 1 }],
      ],
    ],
    'a call of a program that calls none': ['return 1', [['look', {}]]],
  }
  for (const [name, [source, calls]] of Object.entries(outside)) {
    it(`refuses ${name}, and puts it on record`, async () => {
      const { run, made, answers } = createSetting(source, calls)
      const outcome = await run()
      expect(answers.at(-1)).toMatchObject({ kind: 'error', code: 'ERR_TOOL_DENIED' })
      expect(outcome.findings).toMatchObject([
        { ruleId: 'outside-plan', source: 'plan', severity: 'violation' },
      ])
      expect(made).toHaveLength(calls.length - 1)
    })
  }

  const within: Record<string, [source: string, calls: readonly MadeCall[]]> = {
    'as many calls as the code makes': [
      'await Promise.all([tools.pay({ id: 1 }), tools.pay({ id: 1 })])',
      [
        ['pay', { id: 1 }],
        ['pay', { id: 1 }],
      ],
    ],
    'an argument that is computed': ['return tools.pay({ id: data })', [['pay', { id: 9 }]]],
    'any call, where the code leaves it open': [
      'return tools[data]({ id: 1 })',
      [
        ['pay', { id: 7 }],
        ['look', {}],
      ],
    ],
  }
  for (const [name, [source, calls]] of Object.entries(within)) {
    it(`lets through ${name}`, async () => {
      const { run, made } = createSetting(source, calls)
      expect(await run()).toMatchObject({ status: 'completed', findings: [] })
      expect(made).toHaveLength(calls.length)
    })
  }

  it('counts the calls that were made before the run waited', async () => {
    const calls: MadeCall[] = [
      ['look', { id: 1 }],
      ['pay', { id: 2 }],
      ['look', { id: 1 }],
    ]
    const source = 'await tools.look({ id: 1 })\nreturn tools.pay({ id: 2 })'
    const { run, approve, made } = createSetting(source, calls, [
      new ApprovalRule({ name: 'writes', requireForActions: ['write'], approvers }),
    ])
    const waiting = await run()
    expect(waiting.status).toBe('pending_approval')
    await approve(waiting)
    const outcome = await run()
    expect(made).toEqual(['look {"id":1}', 'pay {"id":2}'])
    expect(outcome.findings).toMatchObject([{ ruleId: 'outside-plan' }])
  })
})

describe('the capability plan before approvers', () => {
  it('is shown in plain words and speaks for the calls that it names', async () => {
    const { run, approve, made } = createSetting(
      'return tools.pay({ id: 1 })',
      [['pay', { id: 1 }]],
      [everyProgram],
    )
    const waiting = await run()
    expect(waiting.approvals?.[0]?.capabilities).toEqual([
      'Calls pay, which changes something, once at most, with {"id":1}',
    ])
    expect(made).toEqual([])
    await approve(waiting)
    expect((await run()).status).toBe('completed')
    expect(made).toEqual(['pay {"id":1}'])
  })

  it('is the same when the run goes on', async () => {
    const source = 'for (const id of data) await tools.pay({ id })\nreturn tools.look({ id: 1 })'
    const { run, approve } = createSetting(source, [['look', { id: 1 }]], [everyProgram])
    const waiting = await run()
    await approve(waiting)
    const resumed = await run({ expectedHash: waiting.program?.hash ?? '' })
    expect(resumed.status).toBe('completed')
    expect(resumed.plan).toEqual(waiting.plan)
    expect(resumed.plan?.tools).toHaveLength(2)
  })

  it('says "any tool, any number", and then each call that changes something asks', async () => {
    // One place stands there once with a constant argument, and the other can be any call.
    const source = 'await tools.pay({ id: 1 })\nreturn tools[data]({ id: 1 })'
    const calls: MadeCall[] = [
      ['look', {}],
      ['pay', { id: 1 }],
    ]
    const { run, approve, made } = createSetting(source, calls, [everyProgram])
    const first = await run()
    expect(first.approvals?.[0]?.capabilities[0]).toMatch(/^Any tool, any number/)
    await approve(first)
    const second = await run()
    expect(second).toMatchObject({
      status: 'pending_approval',
      approvals: [{ subject: { kind: 'call', tool: 'pay' } }],
    })
    expect(made).toEqual(['look {}'])
  })

  it('asks for each call in a loop without a bound, though the program was approved', async () => {
    const source = 'for (const id of data) await tools.pay({ id: 1 })'
    const { run, approve, made } = createSetting(source, [['pay', { id: 1 }]], [everyProgram])
    await approve(await run())
    expect(await run()).toMatchObject({
      status: 'pending_approval',
      approvals: [{ subject: { kind: 'call', tool: 'pay' } }],
    })
    expect(made).toEqual([])
  })
})

describe('a program that follows others of its run', () => {
  it('begins after their calls and is not answered by them', async () => {
    const { run, made } = createSetting('return tools.look({ id: 1 })', [['look', { id: 1 }]])
    const first = await run()
    const second = await run({ firstSeq: 1 })
    expect(first.calls.map(({ seq }) => seq)).toEqual([0])
    expect(second.calls.map(({ seq }) => seq)).toEqual([1])
    expect(made).toHaveLength(2)
  })

  it('does not run when one of them called what changes something', async () => {
    const { run, made } = createSetting('return tools.pay({ id: 1 })', [['pay', { id: 1 }]])
    await run()
    await expect(run({ firstSeq: 1 })).rejects.toMatchObject({ code: 'ERR_RUN_DIVERGED' })
    expect(made).toHaveLength(1)
  })
})
