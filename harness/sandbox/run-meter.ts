import type { ProcessMeter } from './process-meter.ts'
import type { ChildUsage } from './rpc-message.ts'
import type { ResourceUsage } from './sandbox.ts'

/**
 * Adds up what one run uses. The kernel's figures count where they belong to this run alone; in a
 * process that serves several at a time the child's own figures share them out.
 */
export class RunMeter {
  /** Bytes of the serialized result. */
  outputBytes = 0
  #startedAt: number | null = null
  #process: ProcessMeter | null = null
  #isFirst = false
  #isAlone = true
  #cpuAtStart = 0
  #earlierCpuMs = 0
  #sampledCpuMs = 0
  #reportedCpuMs = 0
  #peakBytes = 0

  /** @param isFirst - The process has served no other program before. */
  attach(process: ProcessMeter, isFirst: boolean): void {
    this.#startedAt ??= performance.now()
    this.#process = process
    this.#isFirst = isFirst
    this.#cpuAtStart = process.cpuMs()
  }

  /** The process is lost; what was used in it stays counted. */
  detach(): void {
    this.#earlierCpuMs += Math.max(this.#sampledCpuMs, this.#reportedCpuMs)
    this.#sampledCpuMs = 0
    this.#reportedCpuMs = 0
    this.#process = null
    this.#isAlone = false
  }

  /** CPU time so far, in milliseconds: whatever side has seen more of it. */
  get cpuMs(): number {
    return this.#earlierCpuMs + Math.max(this.#sampledCpuMs, this.#reportedCpuMs)
  }

  /** What the kernel showed while the process worked on this run. */
  sampled(residentBytes: number, cpuMs: number): void {
    this.#sampledCpuMs += cpuMs
    this.#peakBytes = Math.max(this.#peakBytes, residentBytes)
  }

  /** What the child says the run has used in it so far. */
  reported({ cpuUs }: ChildUsage): void {
    this.#reportedCpuMs = cpuUs / 1000
  }

  /** The sums at the end. */
  usage(
    counts: Pick<
      ResourceUsage,
      'consoleBytes' | 'toolCalls' | 'toolArgumentBytes' | 'toolAnswerBytes'
    >,
  ): ResourceUsage {
    return {
      wallMs: this.#startedAt === null ? 0 : performance.now() - this.#startedAt,
      cpuMs: this.#totalCpuMs(),
      peakMemoryBytes: this.#totalPeakBytes(),
      outputBytes: this.outputBytes,
      ...counts,
    }
  }

  #totalCpuMs(): number {
    const process = this.#process
    if (process === null || !this.#isFirst || !this.#isAlone) return this.cpuMs
    return Math.max(this.cpuMs, process.cpuMs() - this.#cpuAtStart)
  }

  #totalPeakBytes(): number {
    const now = this.#process?.residentBytes() ?? 0
    const peak = this.#isFirst ? (this.#process?.peakBytes() ?? 0) : 0
    return Math.max(this.#peakBytes, now, peak)
  }
}
