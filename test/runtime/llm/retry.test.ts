import { describe, expect, it } from 'vitest'
import { readRetryAfter, retry } from '../../../runtime/llm/retry.ts'

const now = Date.parse('2026-01-01T00:00:00Z')

const waits = {
  seconds: [{ 'retry-after': '7' }, 7_000],
  'a date': [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30_000],
  'a date that is over': [{ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
  'milliseconds before seconds': [{ 'retry-after-ms': '250', 'retry-after': '7' }, 250],
  nothing: [{}, undefined],
  'an empty value': [{ 'retry-after': '' }, undefined],
  words: [{ 'retry-after': 'soon' }, undefined],
  'a negative number of milliseconds': [{ 'retry-after-ms': '-5' }, undefined],
} as const

describe('readRetryAfter', () => {
  for (const [name, [headers, expected]] of Object.entries(waits)) {
    it(`reads ${name}`, () => expect(readRetryAfter(headers, now)).toBe(expected))
  }
})

describe('retry', () => {
  const signal = new AbortController().signal

  it('waits at least as long as it was asked to', async () => {
    const started = performance.now()
    let attempts = 0
    const attempt = async () => {
      attempts++
      if (attempts === 1) throw new Error('busy')
      return attempts
    }
    const judge = () => ({ isRetryable: true, retryAfterMs: 40 })
    expect(await retry(attempt, { maxRetries: 1, backoffMs: 1, signal, judge })).toBe(2)
    expect(performance.now() - started).toBeGreaterThan(38)
  })

  it('throws the last error when nothing helped', async () => {
    let attempts = 0
    const attempt = async () => {
      attempts++
      throw new Error(`busy ${attempts}`)
    }
    const judge = () => ({ isRetryable: true })
    const ending = retry(attempt, { maxRetries: 3, backoffMs: 1, signal, judge })
    await expect(ending).rejects.toThrow('busy 4')
  })

  it('does not try again what cannot succeed', async () => {
    let attempts = 0
    const attempt = async () => {
      attempts++
      throw new Error('wrong key')
    }
    const judge = () => ({ isRetryable: false })
    const ending = retry(attempt, { maxRetries: 3, backoffMs: 1, signal, judge })
    await expect(ending).rejects.toThrow('wrong key')
    expect(attempts).toBe(1)
  })
})
