import type { SandboxProcess } from './sandbox-process.ts'

/**
 * Keeps a few single-use processes started ahead of time, so that a run does not wait for one. A
 * process leaves the pool for good when it is taken.
 */
export class WorkerPool {
  readonly #start: () => Promise<SandboxProcess>
  readonly #warm: number
  readonly #waiting: Promise<SandboxProcess>[] = []
  #isClosed = false

  /**
   * @param start - Starts one verified process.
   * @param warm - How many to keep ready.
   */
  constructor(start: () => Promise<SandboxProcess>, warm: number) {
    this.#start = start
    this.#warm = warm
  }

  /** Puts a process that was started elsewhere into the pool. */
  add(process: SandboxProcess): void {
    this.#waiting.push(Promise.resolve(process))
  }

  /** Gives the process that has been ready the longest, or starts one. */
  async take(): Promise<SandboxProcess> {
    for (;;) {
      const waiting = this.#waiting.shift()
      const next = waiting ?? this.#start()
      this.fill()
      const process = await next
      if (process.isAlive) return process
      await process.kill()
      if (waiting === undefined) return process
    }
  }

  /** Starts processes until enough are ready. */
  fill(): void {
    while (!this.#isClosed && this.#waiting.length < this.#warm) {
      const starting = this.#start()
      this.#waiting.push(starting)
      // A start that fails leaves the pool; whoever took it already gets the error.
      starting.catch(() => {
        const index = this.#waiting.indexOf(starting)
        if (index >= 0) this.#waiting.splice(index, 1)
      })
    }
  }

  /** Ends every process in the pool. */
  async close(): Promise<void> {
    this.#isClosed = true
    const ending = this.#waiting.splice(0).map((waiting) =>
      waiting.then(
        (process) => process.kill(),
        () => undefined,
      ),
    )
    await Promise.all(ending)
  }
}
