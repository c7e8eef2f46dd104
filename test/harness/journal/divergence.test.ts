import { describe, expect, it } from 'vitest'
import { describeDivergence } from '../../../harness/journal/divergence.ts'
import type { JournalEntry } from '../../../harness/journal/run-journal.ts'
import type { JsonValue } from '../../../harness/json-value.ts'

function expected(argument: JsonValue, changes: Partial<JournalEntry> = {}): JournalEntry {
  return {
    runId: 'run-1',
    seq: 2,
    tool: 'refund',
    argument,
    digest: '',
    readOnly: false,
    idempotencyKey: 'run-1:2',
    startedAt: 0,
    ...changes,
  }
}

describe('the words for a divergence', () => {
  it('name the place, both calls, each difference by its path, and what to do next', () => {
    const before = expected({ cents: 500, order: { id: 'a/b', lines: [1, 2] }, gone: true })
    const argument = { cents: 50, order: { id: 'c', lines: [1, 3] }, fresh: null }
    const text = describeDivergence(before, { tool: 'refund', argument })
    expect(text).toContain('diverged at call 2')
    expect(text).toContain('Expected by the journal: refund({"cents":500')
    expect(text).toContain('Now: refund({"cents":50,')
    expect(text).toContain('/cents was 500 and is 50')
    expect(text).toContain('/order/id was "a/b" and is "c"')
    expect(text).toContain('/order/lines/1 was 2 and is 3')
    expect(text).toContain('/gone is gone, was true')
    expect(text).toContain('/fresh is new: null')
    expect(text).toContain('send the request again as a new run')
  })

  it('say which tool came instead of which', () => {
    const text = describeDivergence(expected({}), { tool: 'pay', argument: {} })
    expect(text).toContain('Expected by the journal: refund({}). Now: pay({})')
  })

  it('say that a call was left out', () => {
    expect(describeDivergence(expected({}), null)).toContain('did not make it again')
  })

  it('never show a secret, and still say that it differs', () => {
    const before = expected({ login: { password: 'hunter2' }, list: [{ apiKey: 'abc' }] })
    const argument = { login: { password: 'swordfish' }, list: [{ apiKey: 'def' }] }
    const text = describeDivergence(before, { tool: 'refund', argument })
    for (const secret of ['hunter2', 'swordfish', 'abc', 'def']) expect(text).not.toContain(secret)
    expect(text).toContain('/login/password was [redacted] and is [redacted]')
  })

  it('stay short whatever the arguments hold', () => {
    const many = (n: number) =>
      Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`k${i}`, n]))
    const text = describeDivergence(expected(many(1)), { tool: 'refund', argument: many(2) })
    expect(text).toContain('and 140 more')
    const long = describeDivergence(expected({ ['k'.repeat(9_999)]: 'x'.repeat(99_999) }), {
      tool: 'refund',
      argument: 'y'.repeat(99_999),
    })
    expect(text.length).toBeLessThan(3_000)
    expect(long.length).toBeLessThan(3_000)
  })
})
