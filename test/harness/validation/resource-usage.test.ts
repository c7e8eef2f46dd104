import { describe, expect, it } from 'vitest'
import {
  ResourceMonitor,
  type ResourceMonitorOptions,
} from '../../../harness/validation/resource-usage.ts'
import { runOutput } from './run-output.ts'

const { usage } = runOutput()
const MIB = 1_048_576

const withheld: Record<string, [options: ResourceMonitorOptions, changes: object, ruleId: string]> =
  {
    'more CPU time than the deadline': [{}, { cpuMs: 10_001 }, 'cpu-time'],
    'more CPU time than the option': [{ maxCpuMs: 8 }, { cpuMs: 9 }, 'cpu-time'],
    'more memory than heap and base': [{}, { peakMemoryBytes: 449 * MIB }, 'memory'],
    'more memory than the option': [{ maxMemoryBytes: 100 }, { peakMemoryBytes: 101 }, 'memory'],
    'more time than the deadline': [{}, { wallMs: 10_001 }, 'wall-time'],
    'more time than the option': [{ maxWallMs: 5 }, { wallMs: 6 }, 'wall-time'],
    'a time that was not measured': [{}, { wallMs: Number.NaN }, 'wall-time'],
    'memory that was not measured': [{}, { peakMemoryBytes: undefined }, 'memory'],
    'a negative CPU time': [{}, { cpuMs: -1 }, 'cpu-time'],
  }

describe('ResourceMonitor', () => {
  for (const [name, [options, changes, ruleId]] of Object.entries(withheld)) {
    it(`withholds the result of a run with ${name}`, () => {
      const output = runOutput({
        usage: { ...usage, wallMs: 1, cpuMs: 1, peakMemoryBytes: 1, ...changes },
      })
      expect(new ResourceMonitor(options).validate(output)).toMatchObject([
        { ruleId, severity: 'violation' },
      ])
    })
  }

  it('lets out the result of a run at its limits', () => {
    const atLimits = { ...usage, wallMs: 10_000, cpuMs: 10_000, peakMemoryBytes: 448 * MIB }
    expect(new ResourceMonitor().validate(runOutput({ usage: atLimits }))).toEqual([])
  })

  it('names every limit that was passed', () => {
    const over = { ...usage, wallMs: 20_000, cpuMs: 20_000, peakMemoryBytes: 2 ** 31 }
    const findings = new ResourceMonitor().validate(runOutput({ usage: over }))
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(['cpu-time', 'memory', 'wall-time'])
  })

  for (const value of [0, -5, Number.NaN, Infinity]) {
    it(`refuses ${value} as a limit`, () => {
      expect(() => new ResourceMonitor({ maxWallMs: value })).toThrow(RangeError)
    })
  }
})
