import { describe, expect, it } from 'vitest'
import {
  allowedModules,
  evaluateProgramPolicies,
  evaluateToolCallPolicies,
} from '../../../harness/policy/evaluate-policies.ts'
import { observePolicy } from '../../../harness/policy/observe-policy.ts'
import type { Policy } from '../../../harness/policy/policy.ts'
import type { Tool } from '../../../harness/sandbox/tool-host.ts'
import { decide, type Finding } from '../../../harness/verdict.ts'
import { context, programFrom } from './policy-for-test.ts'

const program = programFrom('return 1')
const schema = { jsonSchema: {}, validate: () => ({ ok: true, value: null }) as const }
const tool: Tool = {
  name: 'sql',
  description: 'Runs a statement',
  input: schema,
  readOnly: true,
  idempotent: false,
  run: async () => null,
}
const call = { tool, argument: { query: 'SELECT 1' } }

const finding = (source: string, severity: Finding['severity']): Finding => ({
  ruleId: 'test',
  source,
  severity,
  message: 'Found',
})

/** A policy that answers both questions in the same way. */
function policy(
  name: string,
  answer: () => readonly Finding[] | Promise<readonly Finding[]>,
): Policy {
  return { name, evaluateProgram: answer, evaluateToolCall: answer }
}

const questions = {
  'a program': (policies: readonly Policy[]) => evaluateProgramPolicies(policies, program, context),
  'a tool call': (policies: readonly Policy[]) => evaluateToolCallPolicies(policies, call, context),
}

describe.each(Object.entries(questions))('policies about %s', (_name, ask) => {
  it('are all asked, and their findings kept in order', async () => {
    const policies = [
      policy('a', async () => [finding('a', 'violation')]),
      { name: 'silent' },
      policy('b', () => [finding('b', 'warning')]),
    ]
    expect((await ask(policies)).map(({ source }) => source)).toEqual(['a', 'b'])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret host')
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret host'))],
    ['answers with something else', () => [{ severity: 'fatal' }]],
    ['answers with no list', () => true],
  ])('deny when one %s, without its words', async (_how, answer) => {
    const findings = await ask([
      policy('broken', answer as unknown as () => readonly Finding[]),
      policy('a', () => [finding('a', 'warning')]),
    ])
    expect(findings).toMatchObject([
      { ruleId: 'policy-failed', source: 'broken', severity: 'violation' },
      { source: 'a' },
    ])
    expect(JSON.stringify(findings)).not.toContain('secret')
  })

  it('of one kind all apply', async () => {
    const policies = [
      policy('CodePolicy', () => []),
      policy('CodePolicy', () => [finding('CodePolicy', 'violation')]),
      policy('CodePolicy', () => [finding('CodePolicy', 'violation')]),
    ]
    expect(await ask(policies)).toHaveLength(2)
  })

  it.each([
    ['would deny', () => [finding('trial', 'violation'), finding('trial', 'warning')], 2],
    ['fails', () => Promise.reject(new Error('secret host')), 1],
  ])('in mode observe put on record when one %s, and deny nothing', async (_how, answer, count) => {
    const trial = { ...policy('trial', answer), mode: 'observe' as const }
    const findings = await ask([trial])
    expect(findings).toHaveLength(count)
    expect(findings[0]).toMatchObject({
      source: 'trial',
      severity: 'warning',
      isObserved: true,
      message: expect.stringMatching(/^Would be denied: /),
    })
    expect(decide(findings).decision).toBe('allow')
  })

  it('take a mode that does not exist for enforce', async () => {
    const odd = { ...policy('odd', () => [finding('odd', 'violation')]), mode: 'watch' }
    expect(await ask([odd as unknown as Policy])).toMatchObject([{ severity: 'violation' }])
  })

  it('can be put in mode observe, and then limit nothing', async () => {
    let isClosed = false
    const strict: Policy = {
      ...policy('strict', () => [finding('strict', 'violation')]),
      maxResultRows: 1,
      close: async () => {
        isClosed = true
      },
    }
    const trial = observePolicy(strict)
    expect(await ask([trial])).toMatchObject([{ severity: 'warning', isObserved: true }])
    expect(trial.maxResultRows).toBeUndefined()
    await trial.close?.()
    expect(isClosed).toBe(true)
    expect(await ask([observePolicy({ name: 'silent' })])).toEqual([])
  })

  it('find nothing when there are none', async () => {
    expect(await ask([])).toEqual([])
  })
})

describe('modules', () => {
  const stats = { name: 'stats', code: '1', exports: [] }
  const dates = { name: 'dates', code: '2', exports: [] }
  const names = (policies: readonly Policy[]) => allowedModules(policies).map(({ name }) => name)

  it.each([
    ['nobody allows any', [{ name: 'a' }], []],
    ['one policy allows some', [{ name: 'a' }, { name: 'b', modules: [stats] }], ['stats']],
    [
      'two lists',
      [
        { name: 'a', modules: [stats, dates] },
        { name: 'b', modules: [dates] },
      ],
      ['dates'],
    ],
    [
      'an empty list',
      [
        { name: 'a', modules: [stats] },
        { name: 'b', modules: [] },
      ],
      [],
    ],
    [
      'two texts under one name',
      [
        { name: 'a', modules: [stats] },
        { name: 'b', modules: [{ ...stats, code: '3' }] },
      ],
      [],
    ],
    ['a policy that only observes', [{ name: 'a', mode: 'observe', modules: [stats] }], []],
  ] as const)('are what all lists have in common: %s', (_name, policies, expected) => {
    expect(names(policies)).toEqual(expected)
  })
})
