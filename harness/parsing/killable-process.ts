import type { JsonValue } from '../json-value.ts'
import type { AnswerFrame, CallFrame } from './killable-child.ts'
import { type KillableProcessOptions, StartedChild } from './started-child.ts'

/** Why a call has no answer. */
export type KillReason = 'deadline' | 'memory' | 'crashed' | 'aborted'

/** A call to a {@link KillableProcess} ended without an answer. */
export class KillableProcessError extends Error {
  readonly kind: KillReason

  constructor(kind: KillReason) {
    super(`Parsing child ended: ${kind}`)
    this.name = 'KillableProcessError'
    this.kind = kind
  }
}

/** How long a call may take. */
export interface CallOptions {
  /**
   * Counts from the moment the message is sent; waiting for earlier calls and for the child to start is
   * not part of it.
   */
  readonly deadlineMs: number
  /**
   * How much longer, in all, a child is waited for that has used less processor time than `deadlineMs`
   * because the machine is busy, in milliseconds. Only where the system tells. Default: not at all.
   */
  readonly patienceMs?: number
  readonly signal?: AbortSignal
}

interface QueuedCall {
  readonly message: JsonValue
  readonly deadlineMs: number
  readonly patienceMs: number
  isAborted: boolean
  readonly resolve: (answer: JsonValue) => void
  readonly reject: (error: KillableProcessError) => void
}

interface CurrentCall {
  readonly id: number
  readonly call: QueuedCall
  readonly settle: (frame: AnswerFrame | KillReason) => void
}

/**
 * A child process that reads hostile text, one call at a time, and is killed when it takes too long or
 * too much. Parsers have inputs on which they run for minutes or exhaust the heap, and a thread's
 * exhausted heap takes the whole process down: nothing but a process contains them.
 *
 * @example
 * ```ts
 * const parser = new KillableProcess({ entry: new URL('./sql-child.ts', import.meta.url), name: 'sql' })
 * const tree = await parser.call({ sql: 'SELECT 1' }, { deadlineMs: 250 })
 * await parser.close()
 * ```
 */
export class KillableProcess {
  readonly #options: KillableProcessOptions
  readonly #queue: QueuedCall[] = []
  #child: StartedChild | null = null
  /** Starts while the child that it will replace goes on working. */
  #successor: StartedChild | null = null
  #current: CurrentCall | null = null
  /** Told when the child is ready, or has ended before. */
  #onStart: (() => void) | null = null
  #nextId = 0
  #callsServed = 0
  #isBusy = false
  #isClosed = false

  constructor(options: KillableProcessOptions) {
    this.#options = options
  }

  /** Whether a call would be sent at once. */
  get isReady(): boolean {
    return !this.#isBusy && this.#child?.isReady === true
  }

  /** Starts the child now, so that the first call need not wait for it. */
  warm(): void {
    if (!this.#isClosed) this.#start()
  }

  /**
   * Sends one message and resolves with the child's answer.
   *
   * @throws {KillableProcessError} The child took too long, ran out of memory, failed or was aborted.
   */
  async call(message: JsonValue, options: CallOptions): Promise<JsonValue> {
    const { deadlineMs, patienceMs = 0, signal } = options
    if (this.#isClosed || signal?.aborted) throw new KillableProcessError('aborted')
    const { promise, resolve, reject } = Promise.withResolvers<JsonValue>()
    const call: QueuedCall = { message, deadlineMs, patienceMs, isAborted: false, resolve, reject }
    const onAbort = () => this.#abort(call)
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#queue.push(call)
    void this.#drain()
    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Ends the child; calls that wait are rejected as aborted. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const call of this.#queue.splice(0)) call.reject(new KillableProcessError('aborted'))
    const children = [this.#child, this.#successor].filter((child) => child !== null)
    const gone = Promise.all(children.map((child) => child.killed()))
    this.#end('crashed')
    await gone
  }

  #abort(call: QueuedCall): void {
    call.isAborted = true
    const index = this.#queue.indexOf(call)
    if (index >= 0) this.#queue.splice(index, 1)
    // Only a child that works on the call has to end; one that starts serves the next.
    if (this.#current?.call === call) this.#end('aborted')
    call.reject(new KillableProcessError('aborted'))
  }

  async #drain(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    for (let call = this.#queue.shift(); call !== undefined; call = this.#queue.shift()) {
      await this.#serve(call)
    }
    this.#isBusy = false
    this.#child?.hold(false)
  }

  async #serve(call: QueuedCall): Promise<void> {
    const isStarted = await this.#started()
    if (call.isAborted) return
    if (!isStarted) return call.reject(new KillableProcessError('crashed'))
    const outcome = await this.#exchange(call)
    if (typeof outcome === 'string') return call.reject(new KillableProcessError(outcome))
    if ('failed' in outcome) return call.reject(new KillableProcessError('crashed'))
    call.resolve(outcome.answer)
    this.#callsServed += 1
    if (outcome.isLast === true) this.#end('crashed')
    else this.#renew()
  }

  /** Waits for a child that can take a call; false if it ended before. */
  async #started(): Promise<boolean> {
    this.#replace()
    const child = this.#start()
    // A call that is under way keeps the host alive, an idle child does not.
    child.hold(true)
    if (!child.isReady) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#onStart = resolve
      await promise
      this.#onStart = null
    }
    return child.isReady && this.#child === child
  }

  #exchange(call: QueuedCall): Promise<AnswerFrame | KillReason> {
    const id = this.#nextId++
    const sentAt = performance.now()
    return new Promise((resolve) => {
      const onDeadline = () => {
        const leftMs = this.#timeLeftMs(call, performance.now() - sentAt)
        if (leftMs <= 0) return this.#end('deadline')
        timer = setTimeout(onDeadline, leftMs)
      }
      let timer = setTimeout(onDeadline, call.deadlineMs)
      const settle = (frame: AnswerFrame | KillReason) => {
        clearTimeout(timer)
        this.#current = null
        resolve(frame)
      }
      this.#current = { id, call, settle }
      this.#child?.send({ id, message: call.message } satisfies CallFrame, () => {
        if (this.#current?.id === id) settle('crashed')
      })
    })
  }

  /** How much longer a call may take whose deadline is over: the processor time that it did not get. */
  #timeLeftMs({ deadlineMs, patienceMs }: QueuedCall, elapsedMs: number): number {
    const patienceLeftMs = deadlineMs + patienceMs - elapsedMs
    const cpuMs = patienceLeftMs > 0 ? (this.#child?.cpuMsSinceAnswer() ?? null) : null
    if (cpuMs === null) return 0
    const missingMs = deadlineMs - cpuMs
    // The system counts in steps of ten milliseconds.
    return missingMs >= 10 ? Math.min(missingMs, patienceLeftMs) : 0
  }

  /** Kills the child, if it still lives, and answers the call it worked on; the next gets a new one. */
  #end(reason: KillReason): void {
    this.#child?.kill()
    this.#child = null
    this.#callsServed = 0
    this.#onStart?.()
    this.#current?.settle(reason)
  }

  #start(): StartedChild {
    if (this.#child === null) {
      this.#child = this.#successor ?? this.#launch()
      this.#successor = null
    }
    return this.#child
  }

  #launch(): StartedChild {
    const child: StartedChild = new StartedChild(this.#options, {
      onReady: () => {
        if (this.#child === child) this.#onStart?.()
        else if (!this.#isBusy) this.#replace()
      },
      onAnswer: (frame) => {
        if (this.#child === child && frame.id === this.#current?.id) this.#current.settle(frame)
      },
      onEnd: (reason) => {
        if (this.#successor === child) this.#successor = null
        if (this.#child === child) this.#end(reason)
      },
    })
    return child
  }

  /** Starts a fresh child after many calls; the old one works until the new one is ready. */
  #renew(): void {
    const maxCalls = this.#options.maxCalls ?? 500
    if (this.#callsServed < maxCalls || this.#isClosed) return
    this.#successor ??= this.#launch()
  }

  /** Only between calls: nobody waits for the child that is killed. */
  #replace(): void {
    if (this.#successor?.isReady !== true) return
    this.#child?.kill()
    this.#child = this.#successor
    this.#successor = null
    this.#callsServed = 0
  }
}
