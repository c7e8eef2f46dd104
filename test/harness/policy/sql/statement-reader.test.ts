import { afterAll, describe, expect, it } from 'vitest'
import { SandboxError } from '../../../../harness/errors.ts'
import { StatementReader } from '../../../../harness/policy/sql/statement-reader.ts'
import { rulesWith } from './judge-for-test.ts'

const reader = new StatementReader(rulesWith())
afterAll(() => reader.close())

/** A statement that is new, and long enough that a whole queue of them takes a while. */
function slow(number: number): string {
  return `SELECT ${number}${', coalesce(a, 1)'.repeat(300)} FROM orders`
}

describe('StatementReader', () => {
  it('lets callers take turns, so that one with a backlog does not hold up another', async () => {
    await reader.read({ sql: 'SELECT 1', dialect: 'postgresql' })
    const order: string[] = []
    const ask = async (fairKey: string, number: number) => {
      await reader.read({ sql: slow(number), dialect: 'postgresql', fairKey })
      order.push(fairKey)
    }
    const backlog = Array.from({ length: 40 }, (_, number) => ask('busy', number))
    await Promise.all([...backlog, ask('other', 1_000)])
    expect(order.indexOf('other')).toBeLessThan(6)
    expect(order).toHaveLength(41)
  })

  it('goes on with other statements while one is being given up', async () => {
    const hostile = `SELECT ${'CAST('.repeat(20)}1${' AS CHAR)'.repeat(20)}`
    const [denied, allowed] = await Promise.all([
      reader.read({ sql: hostile, dialect: 'mysql', fairKey: 'a' }),
      reader.read({ sql: 'SELECT id FROM orders', dialect: 'mysql', fairKey: 'b' }),
    ])
    expect(denied.verdict).toMatchObject({ decision: 'deny', reasonCode: 'too-complex' })
    expect(allowed.verdict.decision).toBe('allow')
  })

  it('rejects a statement whose asker gave up, and reads the next', async () => {
    const signal = AbortSignal.abort()
    const reading = reader.read({ sql: slow(2_000), dialect: 'postgresql', signal })
    await expect(reading).rejects.toThrow(SandboxError)
    const next = await reader.read({ sql: slow(2_001), dialect: 'postgresql' })
    expect(next.verdict.decision).toBe('allow')
  })

  it('reads nothing once it is closed', async () => {
    const closed = new StatementReader(rulesWith())
    await closed.close()
    const reading = closed.read({ sql: 'SELECT 1', dialect: 'sqlite' })
    await expect(reading).rejects.toMatchObject({ code: 'ERR_SANDBOX_TIMEOUT' })
  })
})
