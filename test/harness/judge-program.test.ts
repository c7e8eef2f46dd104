import { afterAll, describe, expect, it } from 'vitest'
import { type JudgeRequest, judgeProgram } from '../../harness/judge-program.ts'
import type { Policy } from '../../harness/policy/policy.ts'
import { ProgramReader } from '../../harness/program-reader.ts'
import { DEFAULT_LIMITS } from '../../harness/sandbox/resource-limits.ts'
import type { Tool } from '../../harness/sandbox/tool-host.ts'
import type { TypeChecker } from '../../harness/types/type-checker.ts'
import { TypeScriptChecker } from '../../harness/types/typescript-checker.ts'
import { object } from './types/typed-tools.ts'

const reader = new ProgramReader()
const typeChecker = new TypeScriptChecker({ deadlineMs: 10_000 })
afterAll(() => Promise.all([reader.close(), typeChecker.close()]))

function tool(name: string, readOnly: boolean): Tool {
  return {
    name,
    description: name,
    input: {
      jsonSchema: object({ id: { type: 'integer' } }, ['id']),
      validate: (value) => ({ ok: true, value }),
    },
    readOnly,
    idempotent: readOnly,
    run: async () => {
      throw new Error('Judging must not call a tool')
    },
  }
}

function request(source: string, options: Partial<JudgeRequest> = {}): JudgeRequest {
  return {
    runId: 'run-1',
    endpoint: 'orders',
    entrance: 'intent',
    source,
    language: 'ts',
    intentAction: 'read',
    requester: null,
    tools: [tool('look', true), tool('pay', false)],
    policies: [],
    limits: DEFAULT_LIMITS,
    ...options,
  }
}

const means = { reader, typeChecker, ended: new AbortController().signal }
const never: Policy = { name: 'never', evaluateProgram: () => new Promise(() => {}) }
const noFridays: Policy = {
  name: 'no-fridays',
  evaluateProgram: (_program, { action }) => [
    {
      ruleId: 'friday',
      source: 'no-fridays',
      severity: 'violation',
      message: `No ${action} today`,
    },
  ],
}

describe('judgeProgram', () => {
  it('admits a program, with its action and what it can reach', async () => {
    const judgement = await judgeProgram(request('return tools.pay({ id: 4 })'), means)
    expect(judgement).toMatchObject({
      kind: 'admitted',
      action: 'write',
      findings: [],
      plan: {
        isUnbounded: false,
        tools: [{ name: 'pay', readOnly: false, maxCalls: 1, constantArguments: [{ id: 4 }] }],
      },
      context: { runId: 'run-1', endpoint: 'orders', action: 'write' },
    })
  })

  it('admits a program whose types are wrong, with a warning', async () => {
    const judgement = await judgeProgram(request('return tools.look({ id: "4" })'), means)
    expect(judgement).toMatchObject({
      kind: 'admitted',
      findings: [{ ruleId: 'types/tool-argument', severity: 'warning', line: 1, column: 21 }],
    })
  })

  it('does not check types without a checker', async () => {
    const { reader: alone, ended } = means
    const judgement = await judgeProgram(request('return tools.look({ id: "4" })'), {
      reader: alone,
      ended,
    })
    expect(judgement).toMatchObject({ kind: 'admitted', findings: [] })
  })

  it('does not spend the time of the run on a checker that is slow', async () => {
    const slow: TypeChecker = {
      check: (_program, _types, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve([]))),
      warm() {},
      close: async () => {},
    }
    const ended = AbortSignal.timeout(60_000)
    const options = { limits: { ...DEFAULT_LIMITS, timeoutMs: 2_000 } }
    const judgement = await judgeProgram(request('return 1', options), {
      reader,
      typeChecker: slow,
      ended,
    })
    expect(judgement).toMatchObject({ kind: 'admitted', findings: [] })
    expect(ended.aborted).toBe(false)
  })

  it('denies by static analysis, and reports the types all the same', async () => {
    const source = 'eval("1")\nreturn tools.look({ id: "4" })'
    const judgement = await judgeProgram(request(source), means)
    expect(judgement.kind).toBe('denied')
    const findings = judgement.kind === 'denied' ? judgement.findings : []
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(['no-eval', 'types/tool-argument'])
  })

  it('denies by a policy, which is told the effective action', async () => {
    const judgement = await judgeProgram(
      request('return tools.pay({ id: 4 })', { policies: [noFridays] }),
      means,
    )
    expect(judgement).toMatchObject({ kind: 'denied', findings: [{ message: 'No write today' }] })
  })

  it('tells what cannot be read as a program', async () => {
    const judgement = await judgeProgram(request('return ((('), means)
    expect(judgement).toMatchObject({ kind: 'unreadable', code: 'ERR_PROGRAM_SYNTAX' })
  })

  it('tells a program from the one that was judged before', async () => {
    const options = { expectedHash: '0'.repeat(64) }
    expect(await judgeProgram(request('return 1', options), means)).toEqual({ kind: 'diverged' })
  })

  it('is late when a policy does not answer in time', async () => {
    const ended = AbortSignal.timeout(300)
    const options = { policies: [never] }
    const judgement = await judgeProgram(request('return 1', options), { ...means, ended })
    expect(judgement).toMatchObject({ kind: 'late', action: 'read' })
  })

  it('is cancelled when the caller is gone', async () => {
    const options = { signal: AbortSignal.abort() }
    expect(await judgeProgram(request('return 1', options), means)).toEqual({ kind: 'cancelled' })
  })

  it('leaves a layer out where a test says so', async () => {
    const skip = { analysis: true, policies: true }
    const options = { policies: [noFridays], skip }
    const judgement = await judgeProgram(request('return eval("1")', options), means)
    expect(judgement).toMatchObject({ kind: 'admitted', findings: [] })
  })

  const actions: Record<string, [options: Partial<JudgeRequest>, source: string, action: string]> =
    {
      'a program that only reads': [{}, 'return tools.look({ id: 1 })', 'read'],
      'an intent that says it writes': [{ intentAction: 'write' }, 'return 1', 'write'],
      'a program that the caller brought': [{ entrance: 'execute' }, 'return 1', 'execute'],
      'a program that may call any tool': [{}, 'return tools[data]({ id: 1 })', 'write'],
    }
  for (const [name, [options, source, action]] of Object.entries(actions)) {
    it(`finds the action ${action} for ${name}`, async () => {
      expect(await judgeProgram(request(source, options), means)).toMatchObject({ action })
    })
  }
})
