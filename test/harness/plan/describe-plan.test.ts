import { describe, expect, it } from 'vitest'
import type { CapabilityPlan, PlannedTool } from '../../../harness/plan/capability-plan.ts'
import { describePlan } from '../../../harness/plan/describe-plan.ts'

const pay: PlannedTool = {
  name: 'pay',
  readOnly: false,
  maxCalls: 1,
  constantArguments: [{ id: 4 }],
}
const look: PlannedTool = { name: 'look', readOnly: true, maxCalls: null, constantArguments: null }

const cases: Record<string, [plan: CapabilityPlan, lines: readonly string[]]> = {
  'a program that reaches nothing': [{ tools: [], isUnbounded: false }, ['Calls no tool']],
  'one call with a constant argument': [
    { tools: [pay], isUnbounded: false },
    ['Calls pay, which changes something, once at most, with {"id":4}'],
  ],
  'calls without a bound that only read': [
    { tools: [look], isUnbounded: false },
    ['Calls look, any number of times, with arguments that are computed while it runs'],
  ],
  'calls without a bound that change something': [
    { tools: [{ ...pay, maxCalls: null, constantArguments: null }], isUnbounded: false },
    [
      'Calls pay, which changes something, any number of times, with arguments that are computed while it runs',
      'Each call of pay asks again',
    ],
  ],
  'any tool': [
    { tools: [look, pay], isUnbounded: true },
    [
      'Any tool, any number of calls: which ones is decided while the program runs',
      'It is granted: look, pay',
      'Each call of what changes something asks again: pay',
    ],
  ],
  'any tool, none of which changes anything': [
    { tools: [look], isUnbounded: true },
    [
      'Any tool, any number of calls: which ones is decided while the program runs',
      'It is granted: look',
      'None of these changes anything',
    ],
  ],
  'statements that are known': [
    {
      tools: [
        {
          ...look,
          maxCalls: 2,
          sql: {
            argument: 'sql',
            statements: [
              {
                text: 'x',
                shape: {
                  action: 'write',
                  tablesRead: ['orders'],
                  tablesWritten: ['refunds'],
                  columns: ['orders.id'],
                },
              },
              { text: 'SELECT\n((', shape: null },
            ],
          },
        },
      ],
      isUnbounded: false,
    },
    [
      'Calls look, 2 times at most, with arguments that are computed while it runs',
      'Its SQL reads orders and writes refunds; columns orders.id',
      'Its SQL could not be read: SELECT ((',
    ],
  ],
  'statements that are put together': [
    { tools: [{ ...look, sql: { argument: 'sql', statements: null } }], isUnbounded: false },
    [
      'Calls look, any number of times, with arguments that are computed while it runs',
      'The SQL for look is put together while the program runs',
    ],
  ],
}

describe('describePlan', () => {
  for (const [name, [plan, lines]] of Object.entries(cases)) {
    it(`describes ${name}`, () => expect(describePlan(plan)).toEqual(lines))
  }

  it('keeps every line short and on one line, whatever the program wrote', () => {
    const nasty = { id: `\u202E\u001B[2J\n${'x'.repeat(5_000)}` }
    const many = Array.from({ length: 40 }, (_, n) => ({ ...nasty, n }))
    const lines = describePlan({ tools: [{ ...pay, constantArguments: many }], isUnbounded: false })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^[^\p{Cc}\p{Cf}]{1,1500}$/u)
    expect(lines[0]).toContain('35 others')
  })
})
