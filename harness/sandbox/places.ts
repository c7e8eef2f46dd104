import { SandboxError } from '../errors.ts'

/** A bounded number of places with a bounded queue before them, first come, first served. */
export class Places {
  readonly #maxQueued: number
  readonly #queue: (() => void)[] = []
  #free: number
  #drained: PromiseWithResolvers<void> | null = null
  #taken = 0

  constructor(count: number, maxQueued: number) {
    this.#free = count
    this.#maxQueued = maxQueued
  }

  /**
   * Waits for a place.
   *
   * @returns What gives the place back, or null if `signal` was aborted first.
   * @throws {SandboxError} `ERR_OVERLOADED` if the queue is full.
   */
  async enter(signal?: AbortSignal): Promise<(() => void) | null> {
    if (signal?.aborted === true) return null
    if (this.#free === 0) {
      if (this.#queue.length >= this.#maxQueued) {
        throw new SandboxError('ERR_OVERLOADED', 'Too many programs are running; try again later')
      }
      if (!(await this.#waitForTurn(signal))) return null
    }
    this.#free--
    this.#taken++
    return () => {
      this.#free++
      this.#taken--
      this.#queue.shift()?.()
      if (this.#taken === 0) this.#drained?.resolve()
    }
  }

  /** Resolves when nobody holds a place. */
  async drained(): Promise<void> {
    if (this.#taken === 0) return
    this.#drained ??= Promise.withResolvers()
    await this.#drained.promise
  }

  #waitForTurn(signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const turn = (): void => {
        signal?.removeEventListener('abort', abort)
        resolve(true)
      }
      const abort = (): void => {
        const index = this.#queue.indexOf(turn)
        if (index >= 0) this.#queue.splice(index, 1)
        resolve(false)
      }
      this.#queue.push(turn)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }
}
