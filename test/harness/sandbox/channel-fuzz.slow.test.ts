import { beforeAll, describe, expect, it } from 'vitest'
import { type FuzzReport, fuzzChannel } from '../../../bench/fuzz/channel-fuzz.ts'
import { SandboxProcess } from '../../../harness/sandbox/sandbox-process.ts'
import { SandboxRun } from '../../../harness/sandbox/sandbox-run.ts'
import { WorkerPool } from '../../../harness/sandbox/worker-pool.ts'

const COUNT = 20_000
const MIB = 1024 * 1024

describe(`${COUNT} malformed conversations`, () => {
  let report: FuzzReport
  const heaps: number[] = []

  beforeAll(async () => {
    const host = { SandboxProcess, SandboxRun, WorkerPool }
    const onProgress = () => heaps.push(process.memoryUsage().heapUsed)
    report = await fuzzChannel(host, { count: COUNT, seed: 1, onProgress })
  })

  it('break nothing: no uncaught error, no call that is not granted, no forged value', () => {
    expect(report.problems).toEqual([])
    expect(report.conversations).toBe(COUNT)
  })

  it('are hostile: most end as a violation, and some come far enough to call tools', () => {
    expect(report.endings['violation']).toBeGreaterThan(COUNT / 2)
    expect(report.toolCalls).toBeGreaterThan(COUNT / 20)
  })

  it('harm no program in a process of its own', () => {
    expect(report.honest.ran).toBeGreaterThan(COUNT / 50)
    expect(report.honest.right).toBe(report.honest.ran)
  })

  it('leave most neighbours in the same process to return their own value', () => {
    const { returned = 0, ...others } = report.neighbours
    const rest = Object.values(others).reduce((sum, count) => sum + count, 0)
    expect(returned).toBeGreaterThan(rest)
  })

  it('leave nothing in memory', () => {
    // The lowest of each half: in between there is garbage that nobody has collected yet.
    const half = Math.floor(heaps.length / 2)
    const growth = Math.min(...heaps.slice(half)) - Math.min(...heaps.slice(1, half))
    expect(growth).toBeLessThan(30 * MIB)
  })
})
