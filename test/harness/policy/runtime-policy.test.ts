import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../../harness/errors.ts'
import { RuntimePolicy } from '../../../harness/policy/runtime-policy.ts'
import { programFrom } from './policy-for-test.ts'

describe('RuntimePolicy', () => {
  it.each([
    [{ nodeCount: 50_001 }, 'max-nodes'],
    [{ lineCount: 2_001 }, 'max-lines'],
    [{ complexity: 501 }, 'max-complexity'],
  ])('denies a program with %o', (facts, ruleId) => {
    const program = programFrom('return 1', facts)
    expect(new RuntimePolicy().evaluateProgram(program)).toMatchObject([
      { ruleId, source: 'RuntimePolicy', severity: 'violation' },
    ])
  })

  it('allows a program at its limits', () => {
    const program = programFrom('return 1', {
      nodeCount: 50_000,
      lineCount: 2_000,
      complexity: 500,
    })
    expect(new RuntimePolicy().evaluateProgram(program)).toEqual([])
  })

  it('applies its own limits to what was read', () => {
    const policy = new RuntimePolicy({ maxNodes: 5, maxLines: 1 })
    expect(policy.evaluateProgram(programFrom('const a = 1\nreturn a'))).toMatchObject([
      { ruleId: 'max-nodes' },
      { ruleId: 'max-lines' },
    ])
  })

  it.each([
    ['return 1', 1],
    ['if (data) return 1; else return 2', 2],
    ['return data ? 1 : 2', 2],
    ['return data.x && data.y || data.z', 3],
    ['for (const x of data) { while (x.y) x.y -= 1 }', 3],
    ['switch (data) { case 1: case 2: return 1; default: return 2 }', 3],
    ['try { data.x() } catch { return 1 }', 2],
  ])('counts the ways through %j', (source, complexity) => {
    expect(programFrom(source).facts.complexity).toBe(complexity)
  })

  it.each([
    { maxNodes: -1 },
    { maxComplexity: 0 },
    { mode: 'off' },
    { maxLines: Number.NaN },
    { maxNode: 1 },
  ])('refuses the options %o', (options) => {
    expect(() => Reflect.construct(RuntimePolicy, [options])).toThrow(ConfigurationError)
  })
})
