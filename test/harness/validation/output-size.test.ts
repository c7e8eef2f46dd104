import { describe, expect, it } from 'vitest'
import { OutputSizeMonitor } from '../../../harness/validation/output-size.ts'
import { runOutput } from './run-output.ts'

const MIB = 1_048_576

describe('OutputSizeMonitor', () => {
  it('lets out a result of exactly 1 MiB and withholds one byte more', () => {
    const monitor = new OutputSizeMonitor()
    expect(monitor.validate(runOutput({ value: 'x'.repeat(MIB - 2) }))).toEqual([])
    expect(monitor.validate(runOutput({ value: 'x'.repeat(MIB - 1) }))).toMatchObject([
      { ruleId: 'output-size', severity: 'violation' },
    ])
  })

  it('counts bytes, not characters', () => {
    const monitor = new OutputSizeMonitor({ maxBytes: 10 })
    expect(monitor.validate(runOutput({ value: 'xxxx' }))).toEqual([])
    expect(monitor.validate(runOutput({ value: '€€€€' }))).toHaveLength(1)
  })

  it('measures the text that leaves, whatever the usage says', () => {
    const output = runOutput({ value: 'x'.repeat(100) })
    const usage = { ...output.usage, outputBytes: 1 }
    expect(new OutputSizeMonitor({ maxBytes: 50 }).validate({ ...output, usage })).toHaveLength(1)
  })

  for (const maxBytes of [0, -1, Number.NaN, 1.5, Infinity]) {
    it(`refuses ${maxBytes} as a bound`, () => {
      expect(() => new OutputSizeMonitor({ maxBytes })).toThrow(RangeError)
    })
  }
})
