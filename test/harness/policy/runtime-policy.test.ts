import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../../harness/errors.ts'
import { RuntimePolicy } from '../../../harness/policy/runtime-policy.ts'
import { programFrom } from './policy-for-test.ts'

describe('RuntimePolicy', () => {
  it.each([
    [{ nodeCount: 50_001 }, 'max-nodes'],
    [{ lineCount: 2_001 }, 'max-lines'],
  ])('denies a program with %o', (facts, ruleId) => {
    const program = programFrom('return 1', facts)
    expect(new RuntimePolicy().evaluateProgram(program)).toMatchObject([
      { ruleId, source: 'RuntimePolicy', severity: 'violation' },
    ])
  })

  it('allows a program at its limits', () => {
    const program = programFrom('return 1', { nodeCount: 50_000, lineCount: 2_000 })
    expect(new RuntimePolicy().evaluateProgram(program)).toEqual([])
  })

  it('applies its own limits to what was read', () => {
    const policy = new RuntimePolicy({ maxNodes: 5, maxLines: 1 })
    expect(policy.evaluateProgram(programFrom('const a = 1\nreturn a'))).toMatchObject([
      { ruleId: 'max-nodes' },
      { ruleId: 'max-lines' },
    ])
  })

  it.each([{ maxNodes: -1 }, { maxLines: Number.NaN }, { maxNode: 1 }])(
    'refuses the options %o',
    (options) => {
      expect(() => Reflect.construct(RuntimePolicy, [options])).toThrow(ConfigurationError)
    },
  )
})
