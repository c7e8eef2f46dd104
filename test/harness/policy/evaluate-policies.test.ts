import { describe, expect, it } from 'vitest'
import {
  evaluateProgramPolicies,
  evaluateToolCallPolicies,
} from '../../../harness/policy/evaluate-policies.ts'
import type { Policy } from '../../../harness/policy/policy.ts'
import type { Tool } from '../../../harness/sandbox/tool-host.ts'
import type { Finding } from '../../../harness/verdict.ts'
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

  it('find nothing when there are none', async () => {
    expect(await ask([])).toEqual([])
  })
})
