import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { DataPolicy } from '../../../../harness/policy/data-policy.ts'
import { blowUps, hostileTexts } from './hostile-texts.ts'

const readable = ['orders', 'carts']
const policy = new DataPolicy({ readableTables: readable, writableTables: ['carts'] })
afterAll(() => policy.close())

/** Starting a child is not part of a decision; a statement that is new is not answered from memory. */
let warmUps = 0
async function warmUp(): Promise<void> {
  warmUps += 1
  await policy.judgeSql(`SELECT ${warmUps}`, { dialect: 'sqlite' })
}

describe('DataPolicy on hostile texts', () => {
  it.each(Object.entries(blowUps))(
    'answers in time and stays alive after %s',
    async (_, [dialect, sql]) => {
      await warmUp()
      const started = performance.now()
      await policy.judgeSql(sql, { dialect })
      expect(performance.now() - started).toBeLessThan(1_000)
      const next = await policy.judgeSql('SELECT id FROM orders', { dialect })
      expect(next.decision).toBe('allow')
    },
  )

  it('answers unbalanced, nested and truncated statements in time and never allows too much', async () => {
    await fc.assert(
      fc.asyncProperty(hostileTexts, async ([dialect, sql]) => {
        await warmUp()
        const started = performance.now()
        const verdict = await policy.judgeSql(sql, { dialect })
        expect(performance.now() - started).toBeLessThan(1_000)
        if (verdict.decision === 'deny') {
          expect(verdict.reasonCode).toBeDefined()
          return
        }
        for (const table of verdict.tables.read) expect(readable).toContain(table)
        for (const table of verdict.tables.written) expect(table).toBe('carts')
      }),
      { numRuns: 600, seed: 1 },
    )
  })
})
