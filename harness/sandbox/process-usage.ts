import { readFileSync } from 'node:fs'

/** What a process has used so far, as the kernel counts it. Zeros where the platform does not say. */
export interface ProcessUsage {
  readonly cpuMs: number
  readonly residentBytes: number
  readonly peakBytes: number
}

const NOTHING: ProcessUsage = { cpuMs: 0, residentBytes: 0, peakBytes: 0 }
// The unit of /proc/<pid>/stat on every Linux that Node runs on.
const TICK_MS = 10

/** Reads the usage of a process from `/proc`. */
export function readUsage(pid: number): ProcessUsage {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const kib = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
    return {
      cpuMs: readCpuMs(pid),
      residentBytes: kib('VmRSS') * 1024,
      peakBytes: kib('VmHWM') * 1024,
    }
  } catch {
    return NOTHING
  }
}

/** The main thread's nanoseconds where the kernel keeps them, else the process's ticks. */
function readCpuMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ', 1)[0]) / 1_000_000
  } catch {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  }
}
