import type { Finding } from '../verdict.ts'
import type { OutputValidator, RunOutput } from './output-validator.ts'

/** What a {@link ResourceMonitor} is made of. Each default is read from the limits of the run. */
export interface ResourceMonitorOptions {
  /** Most CPU time of the child in milliseconds. Default: `timeoutMs` of the run. */
  readonly maxCpuMs?: number
  /** Largest resident size of the child in bytes. Default: `memoryMb` of the run and a base of 192 MiB. */
  readonly maxMemoryBytes?: number
  /** Longest wall-clock time in milliseconds. Default: `timeoutMs` of the run. */
  readonly maxWallMs?: number
}

/** What a child that has not run anything may need: engine, code cache and thread stacks. */
const BASE_MEMORY_MB = 192

const BYTES_PER_MB = 1_048_576

/**
 * Withholds the result of a run that cost more than it may, by what was measured from outside the child.
 * The sandbox stops a run at its limits; this is for tighter ones, and for a measurement that is missing.
 *
 * @throws {RangeError} At construction, if an option is not a positive number.
 *
 * @example
 * ```ts
 * new ResourceMonitor({ maxCpuMs: 2_000 })
 * ```
 */
export class ResourceMonitor implements OutputValidator {
  readonly name = 'resource-usage'
  readonly #options: ResourceMonitorOptions

  constructor(options: ResourceMonitorOptions = {}) {
    for (const field of ['maxCpuMs', 'maxMemoryBytes', 'maxWallMs'] as const) {
      const value = options[field]
      if (value !== undefined && !(Number.isFinite(value) && value > 0)) {
        throw new RangeError(`ResourceMonitor ${field} must be a positive number`)
      }
    }
    this.#options = { ...options }
  }

  validate({ usage, limits }: RunOutput): readonly Finding[] {
    const { maxCpuMs, maxMemoryBytes, maxWallMs } = this.#options
    const memory = maxMemoryBytes ?? (limits.memoryMb + BASE_MEMORY_MB) * BYTES_PER_MB
    return [
      ...this.#compare('cpu-time', 'ms of CPU time', usage.cpuMs, maxCpuMs ?? limits.timeoutMs),
      ...this.#compare('memory', 'bytes of memory', usage.peakMemoryBytes, memory),
      ...this.#compare('wall-time', 'ms', usage.wallMs, maxWallMs ?? limits.timeoutMs),
    ]
  }

  #compare(ruleId: string, unit: string, measured: number, most: number): readonly Finding[] {
    // NaN compares false with everything, so the question is whether the run is within its limit.
    if (measured >= 0 && measured <= most) return []
    const found = Number.isFinite(measured) ? String(Math.ceil(measured)) : 'an unknown number of'
    return [
      {
        ruleId,
        source: this.name,
        severity: 'violation',
        message: `The run took ${found} ${unit} and may take ${most}`,
        hint: 'Ask for less data, or do less with it',
      },
    ]
  }
}
