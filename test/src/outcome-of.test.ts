import { describe, expect, it } from 'vitest'
import { canonicalJson, DEFAULT_LIMITS } from '../../harness/index.ts'
import { RateLimitError } from '../../src/errors.ts'
import { errorOutcome, handlerOutcome } from '../../src/outcome-of.ts'
import { beginRecord } from '../../src/run-record.ts'

const run = beginRecord('shop', { entrance: 'handler', user: null, data: null }, 0)
const answer = (value: unknown) => handlerOutcome(run, value, DEFAULT_LIMITS, 1)

function nested(levels: number, around: (inner: unknown) => unknown = (inner) => [inner]): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = around(value)
  return value
}

describe('a handler answer', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  const refused: Record<string, unknown> = {
    'nested 1 001 levels deep': nested(1_001),
    'nested 1 001 objects deep': nested(1_001, (inner) => ({ inner })),
    'nested deeper than the stack': nested(200_000),
    'that contains itself': cycle,
    'that is a function': () => 1,
    'with a bigint': { n: 1n },
  }
  for (const [name, value] of Object.entries(refused)) {
    it(`${name} is refused`, () => {
      expect(() => answer(value)).toThrow(expect.objectContaining({ code: 'ERR_OUTPUT_INVALID' }))
    })
  }

  const taken: Record<string, unknown> = {
    'nested 1 000 levels deep': nested(1_000),
    'of many flat values': Array.from({ length: 2_000 }, () => [{}]),
    'of nothing': undefined,
  }
  for (const [name, value] of Object.entries(taken)) {
    it(`${name} is taken and can be put on record`, () => {
      const { status, result } = answer(value)
      expect(status).toBe('completed')
      expect(() => canonicalJson(result ?? null)).not.toThrow()
    })
  }
})

describe('the outcome of an error', () => {
  it('says when asking again can succeed, where that is known', () => {
    const known = new RateLimitError('Too many', { retryAfterSeconds: 17 })
    expect(errorOutcome(run, 'failed', known).error).toEqual({
      ...{ code: 'ERR_RATE_LIMITED', message: 'Too many', findings: [] },
      retryAfterSeconds: 17,
    })
    const unknown = errorOutcome(run, 'failed', new RateLimitError('Too many'))
    expect(unknown.error).not.toHaveProperty('retryAfterSeconds')
  })
})
