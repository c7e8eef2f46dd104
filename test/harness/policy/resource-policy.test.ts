import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../../harness/errors.ts'
import { ResourcePolicy } from '../../../harness/policy/resource-policy.ts'
import { programFrom } from './policy-for-test.ts'

const nested = (depth: number) =>
  `${'for (const x of data) '.repeat(depth)}console.log(x)\nreturn 1`

function judge(source: string, policy = new ResourcePolicy()) {
  return policy
    .evaluateProgram(programFrom(source))
    .map(({ ruleId, severity }) => [ruleId, severity])
}

describe('ResourcePolicy', () => {
  it.each([
    ['a loop without an end', 'while (true) {}', 'unbounded-loop'],
    ['six loops in one another', nested(6), 'max-loop-depth'],
    ['a huge range', 'for (let i = 0; i < 1e8; i++) {}\nreturn 1', 'large-range'],
    ['a huge allocation', 'return new Array(1e8)', 'large-allocation'],
    ['a huge number', 'return 2n ** 100_000_000n', 'large-allocation'],
    [
      'loops that together have no end',
      'for (let i = 0; i < 1e6; i++) for (let j = 0; j < 1e6; j++) data.x = j',
      'nested-range',
    ],
  ])('denies %s', (_name, source, ruleId) => {
    expect(judge(source)).toEqual([[ruleId, 'violation']])
  })

  it.each([
    ['recursion without an end', 'const f = (n) => f(n - 1)\nreturn f(3)', 'recursion'],
    ['an expensive regular expression', 'return /(a+)+$/.test(data)', 'regex'],
  ])('warns of %s', (_name, source, ruleId) => {
    expect(judge(source)).toEqual([[ruleId, 'warning']])
  })

  it.each([
    ['five loops in one another', nested(5)],
    ['a range at the limit', 'for (let i = 0; i < 10_000_000; i++) {}\nreturn 1'],
    ['recursion with a base case', 'const f = (n) => (n ? f(n - 1) : 0)\nreturn f(3)'],
    [
      'loops that are long only together',
      'for (let i = 0; i < 9_999; i++) for (let j = 0; j < 9_999; j++) data.x = j',
    ],
    ['a loop with a break', 'while (true) { if (data.x()) break }\nreturn 1'],
  ])('allows %s', (_name, source) => {
    expect(judge(source)).toEqual([])
  })

  it('applies its own limits', () => {
    const policy = new ResourcePolicy({ maxLoopDepth: 1, maxConstantRange: 5_000 })
    expect(judge(`${nested(2)}\nfor (let i = 0; i < 6_000; i++) {}`, policy)).toEqual([
      ['large-range', 'violation'],
      ['max-loop-depth', 'violation'],
    ])
  })

  it('denies expensive regular expressions when told to', () => {
    const policy = new ResourcePolicy({ catastrophicRegex: 'deny' })
    expect(judge('return /(a+)+$/.test(data)', policy)).toEqual([['regex', 'violation']])
    expect(judge('return /^[a-z]+$/.test(data)', policy)).toEqual([])
  })

  it('takes a size that is missing for too large', () => {
    const hazard = {
      kind: 'large-range',
      message: 'This loop is long',
      line: 1,
      column: 1,
    } as const
    const program = programFrom('return 1', { resourceHazards: [hazard] })
    expect(new ResourcePolicy().evaluateProgram(program)).toMatchObject([{ severity: 'violation' }])
  })

  it.each([
    { maxLoopDepth: 0 },
    { maxConstantRange: '5' },
    { maxConstantRounds: 0.5 },
    { catastrophicRegex: 'no' },
    { mode: 1 },
    { maxLoops: 3 },
  ])('refuses the options %o', (options) => {
    expect(() => Reflect.construct(ResourcePolicy, [options])).toThrow(ConfigurationError)
  })
})
