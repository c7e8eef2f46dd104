import { describe, expect, it } from 'vitest'
import { RepairBudget } from '../../src/repair-budget.ts'

const options = { rounds: 2, timeoutMs: 60_000, maxTokens: 1_000 }

function usage(inputTokens: number, outputTokens: number) {
  return { inputTokens, outputTokens }
}

describe('RepairBudget', () => {
  it('is open for so many rounds', () => {
    const budget = new RepairBudget(options)
    for (const isOpen of [true, true, false]) {
      expect(budget.isOpen).toBe(isOpen)
      budget.begin()
    }
    expect(new RepairBudget({ ...options, rounds: 0 }).isOpen).toBe(false)
  })

  it('is closed when the next answer could cost more than is left', () => {
    const budget = new RepairBudget(options)
    budget.measure(usage(500, 100))
    expect(budget.isOpen).toBe(true)
    budget.spend(usage(400, 50))
    expect(budget.isOpen).toBe(false)
  })

  it('does not count for models that do not', () => {
    const budget = new RepairBudget(options)
    budget.spend(undefined)
    expect(budget.isOpen).toBe(true)
  })

  it('is closed when the time of the run is over', () => {
    const budget = new RepairBudget({ ...options, timeoutMs: -1 })
    expect(budget.isOpen).toBe(false)
    expect(budget.remainingMs).toBe(1)
  })
})
