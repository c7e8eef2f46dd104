import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../harness/json-value.ts'
import type { CapabilityPlan, PlannedTool } from '../../../harness/plan/capability-plan.ts'
import { coversCall, type PlanCover } from '../../../harness/plan/covers-call.ts'

const tool = (options: Partial<PlannedTool>): PlannedTool => ({
  name: 'pay',
  readOnly: false,
  maxCalls: 2,
  constantArguments: null,
  ...options,
})

const statement = (text: string) => ({ text, shape: null })

const cases: Record<
  string,
  [tool: Partial<PlannedTool>, argument: JsonValue, used: number, cover: PlanCover]
> = {
  'the first of two': [{}, { id: 1 }, 0, 'covered'],
  'the last of two': [{}, { id: 1 }, 1, 'covered'],
  'one too many': [{}, { id: 1 }, 2, 'outside'],
  'one too many of a tool that only reads': [{ readOnly: true }, { id: 1 }, 2, 'outside'],
  'any number of a tool that only reads': [{ readOnly: true, maxCalls: null }, {}, 500, 'covered'],
  'any number of a tool that changes something': [{ maxCalls: null }, {}, 0, 'not-covered'],
  'one of the arguments, in another order': [
    { constantArguments: [{ id: 1, cents: 5 }] },
    { cents: 5, id: 1 },
    0,
    'covered',
  ],
  'an argument that is not among them': [
    { constantArguments: [{ id: 1 }] },
    { id: 2 },
    0,
    'outside',
  ],
  'an argument with something added': [
    { constantArguments: [{ id: 1 }] },
    { id: 1, cents: 5 },
    0,
    'outside',
  ],
  'a wrong argument of a call without a bound': [
    { constantArguments: [{ id: 1 }], maxCalls: null },
    { id: 2 },
    0,
    'outside',
  ],
  'a statement of the plan': [
    { sql: { argument: 'sql', statements: [statement('SELECT 1')] } },
    { sql: 'SELECT 1', params: [5] },
    0,
    'covered',
  ],
  'another statement': [
    { sql: { argument: 'sql', statements: [statement('SELECT 1')] } },
    { sql: 'SELECT 2', params: [5] },
    0,
    'outside',
  ],
  'no statement where there was one': [
    { sql: { argument: 'sql', statements: [statement('SELECT 1')] } },
    null,
    0,
    'outside',
  ],
  'any statement where none is known': [
    { sql: { argument: 'sql', statements: null } },
    { sql: 'SELECT 2' },
    0,
    'covered',
  ],
}

describe('coversCall', () => {
  for (const [name, [planned, argument, used, cover]] of Object.entries(cases)) {
    it(`says ${cover} for ${name}`, () => {
      const plan: CapabilityPlan = { tools: [tool(planned)], isUnbounded: false }
      expect(coversCall(plan, new Map([['pay', used]]), { tool: 'pay', argument })).toBe(cover)
    })
  }

  it('says outside for a tool that the plan does not name', () => {
    const plan: CapabilityPlan = { tools: [tool({})], isUnbounded: false }
    expect(coversCall(plan, new Map(), { tool: 'refund', argument: {} })).toBe('outside')
  })

  it('never covers a change by a plan that names any tool', () => {
    const plan: CapabilityPlan = {
      tools: [tool({ maxCalls: null }), tool({ name: 'look', readOnly: true, maxCalls: null })],
      isUnbounded: true,
    }
    const cover = (name: string) => coversCall(plan, new Map(), { tool: name, argument: {} })
    expect([cover('pay'), cover('look')]).toEqual(['not-covered', 'covered'])
  })
})
