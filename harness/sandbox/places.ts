import { SandboxError } from '../errors.ts'

type Turn = () => void

/**
 * A bounded number of places with a bounded queue before them. Callers with different keys take turns,
 * so the backlog of one does not hold up another; within a key it is first come, first served.
 */
export class Places {
  readonly #count: number
  readonly #maxQueued: number
  /** Who waits, by key. The key whose turn is next is the first; no list is empty. */
  readonly #queues = new Map<string, Turn[]>()
  #free: number
  #drained: PromiseWithResolvers<void> | null = null

  constructor(count: number, maxQueued: number) {
    this.#count = count
    this.#free = count
    this.#maxQueued = maxQueued
  }

  /**
   * Waits for a place.
   *
   * @param fairKey - Who asks. One key may fill at most half of the queue; without a key all of it.
   * @returns What gives the place back, to be called once, or null if `signal` was aborted first.
   * @throws {SandboxError} `ERR_OVERLOADED` if the queue is full.
   */
  async enter(signal?: AbortSignal, fairKey?: string): Promise<(() => void) | null> {
    if (signal?.aborted === true) return null
    if (this.#free <= 0) {
      if (this.#isFull(fairKey)) {
        throw new SandboxError('ERR_OVERLOADED', 'Too many programs are running; try again later')
      }
      if (!(await this.#waitForTurn(fairKey ?? '', signal))) return null
    } else {
      this.#free--
    }
    return () => this.#leave()
  }

  /** Resolves when nobody holds a place. */
  async drained(): Promise<void> {
    if (this.#free === this.#count) return
    this.#drained ??= Promise.withResolvers()
    await this.#drained.promise
  }

  /**
   * A key counts as often again as it already waits: it gets half of what is left, however long its
   * backlog, and the next caller finds room.
   */
  #isFull(fairKey: string | undefined): boolean {
    const own = fairKey === undefined ? 0 : (this.#queues.get(fairKey)?.length ?? 0)
    const waiting = [...this.#queues.values()].reduce((sum, { length }) => sum + length, 0)
    return waiting + own >= this.#maxQueued
  }

  #leave(): void {
    const next = this.#takeNext()
    // The place changes hands without ever being free: whoever comes meanwhile would take it too.
    if (next !== undefined) return next()
    this.#free++
    if (this.#free < this.#count) return
    this.#drained?.resolve()
    this.#drained = null
  }

  #takeNext(): Turn | undefined {
    const [first] = this.#queues
    if (first === undefined) return undefined
    const [key, queue] = first
    const turn = queue.shift()
    this.#queues.delete(key)
    // Back at the end, behind every other key.
    if (queue.length > 0) this.#queues.set(key, queue)
    return turn
  }

  #withdraw(key: string, turn: Turn): void {
    const others = this.#queues.get(key)?.filter((each) => each !== turn) ?? []
    if (others.length > 0) this.#queues.set(key, others)
    else this.#queues.delete(key)
  }

  async #waitForTurn(key: string, signal: AbortSignal | undefined): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const turn: Turn = () => resolve(true)
    const abort = (): void => {
      this.#withdraw(key, turn)
      resolve(false)
    }
    const queue = this.#queues.get(key)
    if (queue === undefined) this.#queues.set(key, [turn])
    else queue.push(turn)
    signal?.addEventListener('abort', abort, { once: true })
    const hasPlace = await promise
    signal?.removeEventListener('abort', abort)
    if (!hasPlace || signal?.aborted !== true) return hasPlace
    // Aborted between being handed the place and hearing of it.
    this.#leave()
    return false
  }
}
