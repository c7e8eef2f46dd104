import type { ApprovalRequest } from '../approval/approval-request.ts'

/** So long nothing may come from a program before it counts as waiting for its held calls alone. */
const QUIET_MS = 10
/** The longest that a program with a held call goes on before it is put away. */
const MAX_BUSY_MS = 250

/**
 * The calls of a program that wait for a person. The program is not put away at the first of them: it goes
 * on until it comes to rest, so that everything it can ask for now is asked at once. Where it does not come
 * to rest soon, what it has not asked for is asked when it goes on.
 */
export class HeldCalls {
  readonly #onRest: () => void
  readonly #requests = new Map<string, ApprovalRequest>()
  readonly #released = Promise.withResolvers<void>()
  #active = 0
  #quiet: NodeJS.Timeout | undefined
  #limit: NodeJS.Timeout | undefined
  #isReleased = false

  /** @param onRest - Told once, when the program waits for people alone, or long enough. */
  constructor(onRest: () => void) {
    this.#onRest = onRest
  }

  /** What is waited for, the earliest first. */
  get requests(): readonly ApprovalRequest[] {
    return [...this.#requests.values()]
  }

  /** A call has come and is looked at. */
  begin(): void {
    this.#active += 1
    clearTimeout(this.#quiet)
  }

  /** A call has its answer, or its run has ended. */
  end(): void {
    this.#active -= 1
    this.#look()
  }

  /** A call waits. Resolves when the program is put away, whatever became of the requests. */
  async hold(requests: readonly ApprovalRequest[]): Promise<void> {
    for (const request of requests) this.#requests.set(request.id, request)
    if (!this.#isReleased) this.#limit ??= setTimeout(this.#onRest, MAX_BUSY_MS)
    this.end()
    await this.#released.promise
    this.#active += 1
  }

  /** Lets go of every held call. */
  release(): void {
    this.#isReleased = true
    clearTimeout(this.#quiet)
    clearTimeout(this.#limit)
    this.#released.resolve()
  }

  #look(): void {
    if (this.#active > 0 || this.#requests.size === 0 || this.#isReleased) return
    clearTimeout(this.#quiet)
    this.#quiet = setTimeout(this.#onRest, QUIET_MS)
  }
}
