import { parseChildMessage, parseJson } from './child-message.ts'
import type { IsolationFacts } from './isolation/isolation-level.ts'
import { recheckIsolation } from './isolation/verify.ts'
import { ProcessMeter } from './process-meter.ts'
import type { ChildEnding, ChildReport, HostMessage } from './rpc-message.ts'
import type { SandboxProcess } from './sandbox-process.ts'
import type { SandboxRun } from './sandbox-run.ts'
import type { ProcessExit } from './spawner.ts'

const MIB = 1024 * 1024
const MAX_HEADER_BYTES = 65_536
// Frames, strings and the engine's own tables beside the programs' heaps.
const MEMORY_MARGIN_BYTES = 48 * MIB
// A killed process runs no more code; nobody has to wait long for the kernel to take it apart.
const MAX_REAP_MS = 8
// What a process that has nothing to do may compute in a minute. Making the next realm ready takes a few
// milliseconds.
const MAX_REST_CPU_MS = 500
const REST_MS = 60_000

/** Why a worker was given up: for the log. */
export type Anomaly =
  | 'malformed'
  | 'forbidden-call'
  | 'out-of-memory'
  | 'exited'
  | 'timeout'
  | 'cpu'
  | 'aborted'
  | 'isolation-lost'
  | 'restless'

interface Turn {
  readonly run: number
  /** Size of the payload, in UTF-16 units. */
  readonly bytes: number
}

/** Whoever keeps the workers. */
export interface WorkerOwner {
  /** The process has something to do: it has to be watched from now on. */
  onBusy(): void
  /** A run is over or parked: the worker may have room. */
  onRoom(worker: SandboxWorker): void
  /** A run lost its worker through no fault of its own and has to begin again elsewhere. */
  onInterrupted(run: SandboxRun): void
  /** The process was given up or died; it serves nobody any more. */
  onLost(worker: SandboxWorker, anomaly: Anomaly | null): void
}

/**
 * A sandbox process that serves the programs of one trust domain. It works off one message at a time:
 * a program that waits for a tool is parked and leaves the process to others. When one program has to
 * be stopped in the middle, the process is killed with it and the parked ones begin again elsewhere.
 */
export class SandboxWorker {
  /** Whose programs it serves; null until its first one, and for a program that is to be alone. */
  domain: string | null = null
  /** How many programs it has been given. */
  served = 0
  /** It takes nobody new and is ended when its programs are over. */
  isRetiring = false
  /** `performance.now()` when it last came to rest. */
  idleSince: number = performance.now()
  readonly meter: ProcessMeter
  readonly #process: SandboxProcess
  readonly #owner: WorkerOwner
  readonly #baseBytes: number
  readonly #runs = new Map<number, SandboxRun>()
  /** Messages on their way, by run: the process is working on the first. */
  readonly #turns: Turn[] = []
  #expects: { readonly run: SandboxRun | null; readonly header: ChildReport | ChildEnding } | null =
    null
  #nextRun = 0
  #isLost = false
  #watched: { readonly run: SandboxRun; readonly cpuMs: number } | null = null
  /** The first look at rest; null when it has worked since. */
  #rested: { readonly at: number; readonly cpuMs: number } | null = null

  constructor(process: SandboxProcess, owner: WorkerOwner) {
    this.#process = process
    this.#owner = owner
    this.meter = new ProcessMeter(process.pid)
    this.#baseBytes = this.meter.residentBytes()
    process.listen({
      frameLimit: () => this.#frameLimit(),
      onFrame: (text) => this.#onFrame(text),
      onMalformed: () => this.#violate('sent a malformed frame'),
      onExit: (exit) => this.#onExit(exit),
    })
  }

  get facts(): IsolationFacts {
    return this.#process.facts
  }

  get pid(): number {
    return this.#process.pid
  }

  get isAlive(): boolean {
    return !this.#isLost && this.#process.isAlive
  }

  /** Programs that are not over, parked ones included. */
  get runCount(): number {
    return this.#runs.size
  }

  /** Whether the process works on something right now. */
  get isBusy(): boolean {
    return this.#turns.length > 0
  }

  /** Bytes sent to a program that it has not worked off yet. */
  pendingBytes(number: number): number {
    return this.#turns.reduce((sum, turn) => (turn.run === number ? sum + turn.bytes : sum), 0)
  }

  /** The end of what the process wrote to its standard error: for the log only. */
  get lastWords(): string {
    return this.#process.lastWords
  }

  /** Whether the process is still set apart as it was when it was verified. Ends it when it is not. */
  recheck(): boolean {
    if (recheckIsolation(this.pid, this.facts)) return true
    void this.#giveUp('isolation-lost')
    return false
  }

  /** Hands a program over. */
  begin(run: SandboxRun): void {
    const number = this.#nextRun++
    this.served++
    this.#runs.set(number, run)
    const { message, data } = run.attach(this, number)
    this.#take(number, message, data)
  }

  /** Sends what a parked program waits for. */
  resume(number: number, message: HostMessage, payload?: string): void {
    if (this.#runs.has(number)) this.#take(number, message, payload)
  }

  /**
   * Lets go of a run that the host has ended. A program that may be running is stopped with the whole
   * process.
   *
   * @returns Resolves when no code of the program runs any more, or cannot for much longer.
   */
  async drop(number: number, anomaly: Anomaly): Promise<void> {
    if (!this.#runs.delete(number)) return
    if (this.#turns.some(({ run }) => run === number)) {
      await this.#giveUp(anomaly)
      return
    }
    this.#process.send({ type: 'drop', run: number })
    this.#rest()
  }

  /** Looks at what the running program uses; called every few milliseconds while it is busy. */
  watch(): void {
    const run = this.#runs.get(this.#turns[0]?.run ?? -1)
    if (run === undefined || this.#isLost) {
      this.#watched = null
      return
    }
    const residentBytes = this.meter.residentBytes()
    const cpuMs = this.meter.cpuMs()
    if (this.#watched?.run === run) run.sampled(residentBytes, cpuMs - this.#watched.cpuMs)
    this.#watched = { run, cpuMs }
    if (run.isOverCpu) run.outOf('cpuMs')
    else if (residentBytes > this.#allowedBytes()) run.outOf('memoryMb')
  }

  /**
   * Looks at a process that should be doing nothing; called about once a second. One that computes all the
   * same, or holds too much, is no longer what was started.
   */
  watchAtRest(): void {
    if (this.#isLost || this.isBusy) return
    const at = performance.now()
    const cpuMs = this.meter.cpuMs()
    if (this.#rested === null || at - this.#rested.at > REST_MS) this.#rested = { at, cpuMs }
    const isRestless = cpuMs - this.#rested.cpuMs > MAX_REST_CPU_MS
    const isTooLarge = this.meter.residentBytes() > this.#allowedBytes()
    if (isRestless || (isTooLarge && this.#runs.size > 0)) void this.#giveUp('restless')
  }

  /** Ends the process. Its runs, if any, begin again elsewhere. */
  async close(): Promise<void> {
    await this.#giveUp(null)
  }

  #allowedBytes(): number {
    let bytes = this.#baseBytes + MEMORY_MARGIN_BYTES
    for (const run of this.#runs.values()) bytes += run.limits.memoryMb * MIB
    return bytes
  }

  #take(number: number, message: HostMessage, payload?: string): void {
    this.#rested = null
    this.#turns.push({ run: number, bytes: payload?.length ?? 0 })
    this.#process.send(message, payload)
    this.#owner.onBusy()
  }

  #frameLimit(): number {
    if (this.#expects === null) return MAX_HEADER_BYTES
    return this.#expects.run?.payloadLimit(this.#expects.header.type) ?? 0
  }

  #onFrame(text: string): void {
    if (this.#isLost) return
    const expected = this.#expects
    if (expected === null) return this.#onHeader(text)
    this.#expects = null
    const parsed = parseJson(text)
    if (parsed === undefined) this.#violate('sent a payload that is no JSON')
    else this.#deliver(expected.header, { value: parsed.json, text })
  }

  #onHeader(text: string): void {
    const message = parseChildMessage(text)
    // The process speaks of the program whose turn it is and of no other.
    if (message === null || message.type === 'ready' || message.run !== this.#turns[0]?.run) {
      this.#violate('sent a malformed message')
      return
    }
    const hasPayload =
      message.type === 'call' || message.type === 'console' || message.type === 'returned'
    if (hasPayload) this.#expects = { run: this.#runs.get(message.run) ?? null, header: message }
    else this.#deliver(message, null)
  }

  #deliver(
    message: ChildReport | ChildEnding,
    payload: { readonly value: unknown; readonly text: string } | null,
  ): void {
    const run = this.#runs.get(message.run)
    if (run === undefined) return this.#violate('spoke of an unknown program')
    switch (message.type) {
      case 'call':
      case 'console':
      case 'progress':
        if (!run.onReport(message, payload)) this.#violate('broke the protocol')
        return
      case 'parked':
        this.#turns.shift()
        run.onParked(message.wakeInMs, message.usage)
        break
      default:
        this.#forget(message.run)
        run.onEnding(message, payload)
        // An engine that ran out of memory is in no state to serve the next program.
        if (message.type === 'limit' && message.limit === 'memoryMb') {
          void this.#giveUp('out-of-memory')
          return
        }
    }
    this.#rest()
  }

  /** What is still on its way to a program that has ended is ignored by the process, too. */
  #forget(number: number): void {
    this.#runs.delete(number)
    const others = this.#turns.filter(({ run }) => run !== number)
    this.#turns.splice(0, this.#turns.length, ...others)
  }

  #rest(): void {
    if (this.#runs.size === 0) this.idleSince = performance.now()
    if (!this.isBusy) this.#owner.onRoom(this)
  }

  #violate(what: string): void {
    if (this.#isLost) return
    const run = this.#takeCurrent()
    const gone = this.#giveUp('malformed')
    run?.end({ kind: 'violation', detail: `The sandbox process ${what}` }, gone)
  }

  /**
   * The run that has to answer for what the process did: the one whose turn it is, or the only one that
   * ever was in it. Parked ones begin again elsewhere.
   */
  #takeCurrent(): SandboxRun | undefined {
    const alone = this.domain === null ? [...this.#runs.keys()][0] : undefined
    const current = this.#turns[0]?.run ?? alone ?? -1
    const run = this.#runs.get(current)
    this.#runs.delete(current)
    return run
  }

  #onExit({ code, signal }: ProcessExit): void {
    this.meter.close()
    if (this.#isLost) return
    const run = this.#takeCurrent()
    if (signal === 'SIGSYS' || code === 159) {
      const gone = this.#giveUp('forbidden-call')
      const detail = 'The sandbox process made a forbidden system call'
      run?.end({ kind: 'violation', detail }, gone)
    } else if (
      /heap out of memory|Allocation failed|invalid size error/.test(this.#process.lastWords)
    ) {
      void this.#giveUp('out-of-memory')
      run?.outOf('memoryMb')
    } else {
      const gone = this.#giveUp('exited')
      const detail = 'The sandbox process ended before the program did'
      run?.end({ kind: 'crashed', detail }, gone)
    }
  }

  async #giveUp(anomaly: Anomaly | null): Promise<void> {
    if (!this.#isLost) {
      this.#isLost = true
      this.#turns.length = 0
      this.#process.kill()
      const interrupted = [...this.#runs.values()]
      this.#runs.clear()
      this.#owner.onLost(this, anomaly)
      for (const run of interrupted) {
        run.detach()
        this.#owner.onInterrupted(run)
      }
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, MAX_REAP_MS)
    void this.#process.exited.then(() => resolve())
    await promise
    clearTimeout(timer)
  }

  /** Resolves when the process is gone: a busy machine may take longer to bury it than to kill it. */
  async gone(): Promise<void> {
    await this.#process.exited
  }
}
