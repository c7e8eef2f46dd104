import type { ProgramTurn } from '../journal/run-journal.ts'
import type { JsonValue } from '../json-value.ts'
import type { IsolationFacts } from './isolation/isolation-level.ts'
import { ProgramTurns } from './program-turns.ts'
import { argumentBytesOf, type ResourceLimits } from './resource-limits.ts'
import type { ChildEnding, ChildReport, ChildUsage, RunMessage } from './rpc-message.ts'
import { RunMeter } from './run-meter.ts'
import type {
  AbandonedCall,
  ConsoleLine,
  SandboxEnding,
  SandboxEvent,
  SandboxRequest,
  SandboxResult,
} from './sandbox.ts'
import type { Anomaly, SandboxWorker } from './sandbox-worker.ts'
import { ToolCalls } from './tool-calls.ts'

const MAX_HEADER_BYTES = 65_536
// A character of console text takes at most six bytes of JSON.
const ESCAPED = 6
const MAX_PROGRESS_REPORTS = 10_000

type EnforcedLimit = 'memoryMb' | 'cpuMs' | 'maxOutputBytes' | 'maxToolCalls' | 'maxMessageBytes'

const LIMIT_WORDS: Readonly<Record<EnforcedLimit, string>> = {
  memoryMb: 'MiB of memory',
  cpuMs: 'ms of CPU time',
  maxOutputBytes: 'bytes of output',
  maxToolCalls: 'tool calls',
  maxMessageBytes: 'bytes per message, four of which may wait',
}

const ANOMALIES: Readonly<Partial<Record<SandboxEnding['kind'] | EnforcedLimit, Anomaly>>> = {
  timeout: 'timeout',
  cpuMs: 'cpu',
  memoryMb: 'out-of-memory',
}

/** What came with a message of the process. */
export interface Payload {
  readonly value: unknown
  readonly text: string
}

/**
 * One program, from being handed to a worker to its end. When the worker is lost to a neighbour it is
 * handed to another one and begins again: answers that tools gave are given again in the same order,
 * calls that are on their way are not made twice, and what was shown is not shown twice. Ends once.
 */
export class SandboxRun {
  readonly request: SandboxRequest
  readonly result: Promise<SandboxResult>
  /** `performance.now()` when it began to wait for a worker. */
  readonly queuedAt: number = performance.now()
  readonly #data: string
  readonly #ended = Promise.withResolvers<SandboxResult>()
  readonly #console: ConsoleLine[] = []
  readonly #calls: ToolCalls
  readonly #turns: ProgramTurns
  readonly #meter = new RunMeter()
  #worker: SandboxWorker | null = null
  #number = 0
  #facts: IsolationFacts
  #deadline: NodeJS.Timeout | undefined
  #wake: NodeJS.Timeout | undefined
  #shownLines = 0
  #seenLines = 0
  #consoleBytes = 0
  #shownProgress = 0
  #seenProgress = 0
  #attempts = 0
  #isOver = false

  /**
   * @param data - The request's `data` as JSON.
   * @param facts - What separates the program from the host if it never gets to run.
   */
  constructor(request: SandboxRequest, data: string, facts: IsolationFacts) {
    this.request = request
    this.#data = data
    this.#facts = facts
    this.result = this.#ended.promise
    // Whoever gave the run is told by the call that failed, too.
    this.result.catch(() => undefined)
    this.#calls = new ToolCalls(request, {
      changed: () => this.#goOn(),
      stop: (ending) => this.end(ending),
    })
    this.#turns = new ProgramTurns(request.past ?? [])
    request.signal?.addEventListener('abort', this.cancel, { once: true })
  }

  get limits(): ResourceLimits {
    return this.request.limits
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** How often it has been handed to a worker. */
  get attempts(): number {
    return this.#attempts
  }

  /** Whether the program has had its CPU time. */
  get isOverCpu(): boolean {
    return this.#meter.cpuMs > this.limits.cpuMs
  }

  /** Called by the worker that takes the run. */
  attach(worker: SandboxWorker, number: number): { message: RunMessage; data: string } {
    const { program, limits, determinism, toolNames } = this.request
    this.#worker = worker
    this.#number = number
    this.#facts = worker.facts
    this.#attempts++
    this.#seenLines = 0
    this.#seenProgress = 0
    this.#consoleBytes = 0
    this.#calls.beginAgain()
    this.#turns.beginAgain()
    this.#meter.attach(worker.meter, worker.served === 1)
    // The time of the first attempt counts on: nobody waits longer because of a neighbour.
    this.#deadline ??= setTimeout(() => this.#timeOut(), limits.timeoutMs)
    const message: RunMessage = {
      type: 'run',
      run: number,
      code: program.code,
      tools: toolNames,
      limits: { ...limits, maxToolArgumentBytes: argumentBytesOf(limits) },
      ...determinism,
    }
    return { message, data: this.#data }
  }

  /** Called by the worker when it is lost and the run is not to blame. */
  detach(): void {
    this.#worker = null
    this.#turns.lost()
    clearTimeout(this.#wake)
    this.#meter.detach()
  }

  /** Ends the run as `cancelled`. */
  readonly cancel = (): void => this.end({ kind: 'cancelled' })

  /** Ends the run because it reached a limit. */
  outOf(limit: EnforcedLimit): void {
    const detail = `The program reached its limit of ${this.limits[limit]} ${LIMIT_WORDS[limit]}`
    this.end({ kind: 'limit', limit, detail })
  }

  /** Rejects the result: the run could not be started. */
  fail(error: unknown): void {
    if (this.#close()) this.#ended.reject(error)
  }

  /** Most bytes the payload of such a message may have. */
  payloadLimit(type: string): number {
    const { maxConsoleBytes, maxOutputBytes } = this.limits
    switch (type) {
      case 'call':
        return argumentBytesOf(this.limits)
      case 'console':
        return maxConsoleBytes * ESCAPED + 2
      case 'returned':
        return maxOutputBytes
      default:
        return MAX_HEADER_BYTES
    }
  }

  /** Takes what the program does while it runs; false when no honest process would say it. */
  onReport(report: ChildReport, payload: Payload | null): boolean {
    switch (report.type) {
      case 'call':
        if (payload === null) return false
        return this.#onCall(report.seq, report.name, payload)
      case 'console':
        return payload !== null && this.#print(report.level, report.isTruncated, payload.value)
      case 'progress': {
        if (++this.#seenProgress > MAX_PROGRESS_REPORTS) return false
        if (this.#seenProgress <= this.#shownProgress) return true
        this.#shownProgress++
        const { done, total, label } = report
        this.#show({ kind: 'progress', progress: { done, total, label } })
        return true
      }
      default:
        return false
    }
  }

  /** The program waits: for answers, or for its own clock. */
  onParked(wakeInMs: number | null, usage: ChildUsage): void {
    this.#meter.reported(usage)
    if (this.isOverCpu) return this.outOf('cpuMs')
    clearTimeout(this.#wake)
    this.#turns.ended()
    this.#goOn()
    // What a program saw when it last ran, it sees again without waiting.
    if (wakeInMs === null || this.#turns.isRepeating) return
    this.#wake = setTimeout(() => {
      if (this.#worker !== null && !this.#turns.isRepeating) this.#begin(this.#turns.wake())
    }, wakeInMs)
  }

  /** Begins the turns of the program whose time has come. */
  #goOn(): void {
    while (this.#worker !== null) {
      const seq = this.#calls.oldestFresh
      const turn = this.#turns.isRepeating
        ? this.#turns.repeated()
        : seq === null
          ? null
          : this.#turns.answer(seq)
      if (turn === null || !this.#begin(turn)) return
    }
  }

  /** Says whether it could: the answer that begins a turn may not be there yet. */
  #begin(turn: ProgramTurn): boolean {
    const [kind, atMs, seq] = turn
    if (kind === 'wake') {
      this.#turns.began(turn)
      this.#worker?.resume(this.#number, { type: 'wake', run: this.#number, atMs })
      return true
    }
    const answer = this.#calls.take(seq)
    if (answer === null) return false
    this.#turns.began(turn)
    const { isValue, text } = answer
    const message = { type: 'answer', run: this.#number, seq, isValue, atMs } as const
    this.#worker?.resume(this.#number, message, text)
    const waiting = this.#worker?.pendingBytes(this.#number) ?? 0
    if (waiting > 4 * this.limits.maxMessageBytes + MAX_HEADER_BYTES) this.outOf('maxMessageBytes')
    return true
  }

  /** The program has ended by itself. */
  onEnding(ending: ChildEnding, payload: Payload | null): void {
    this.#meter.reported(ending.usage)
    switch (ending.type) {
      case 'returned':
        this.#meter.outputBytes = Buffer.byteLength(payload?.text ?? '')
        return this.#settle({ kind: 'returned', value: (payload?.value ?? null) as JsonValue })
      case 'bad-output':
        return this.#settle({ kind: 'bad-output', detail: ending.detail })
      case 'threw':
        return this.#settle({ kind: 'threw', error: ending.error })
      case 'limit': {
        const { limit } = ending
        const detail = `The program reached its limit of ${this.limits[limit]} ${LIMIT_WORDS[limit]}`
        return this.#settle({ kind: 'limit', limit, detail })
      }
    }
  }

  /** What the host sees of the process while it works on this program. */
  sampled(residentBytes: number, cpuMs: number): void {
    this.#meter.sampled(residentBytes, cpuMs)
  }

  /**
   * Ends the run from the host's side.
   *
   * @param gone - Resolves when no code of the program runs any more; else the worker is told to stop.
   */
  end(ending: SandboxEnding, gone?: Promise<void>): void {
    if (this.#isOver) return
    const worker = this.#worker
    const limit = ending.kind === 'limit' ? (ending.limit as EnforcedLimit) : null
    const anomaly = ANOMALIES[limit ?? ending.kind] ?? 'aborted'
    const result = this.#finish(ending)
    const stopped = gone ?? worker?.drop(this.#number, anomaly)
    if (stopped === undefined) this.#ended.resolve(result)
    else void stopped.then(() => this.#ended.resolve(result))
  }

  #settle(ending: SandboxEnding): void {
    if (!this.#isOver) this.#ended.resolve(this.#finish(ending))
  }

  #finish(ending: SandboxEnding): SandboxResult {
    const abandonedCalls: readonly AbandonedCall[] = this.#calls.close(ending.kind !== 'suspended')
    const usage = this.#meter.usage({
      consoleBytes: this.#consoleBytes,
      toolCalls: this.#calls.count,
      toolArgumentBytes: this.#calls.argumentBytes,
      toolAnswerBytes: this.#calls.answerBytes,
    })
    this.#close()
    const { turns, turnCount } = this.#turns.seen
    return {
      ...{ ending, console: this.#console, abandonedCalls, usage, isolation: this.#facts },
      turns: turns.slice(0, turnCount),
    }
  }

  #close(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#wake)
    this.#calls.close(true)
    this.request.signal?.removeEventListener('abort', this.cancel)
    return true
  }

  #timeOut(): void {
    const detail = `The program ran longer than ${this.limits.timeoutMs} ms`
    this.end({ kind: 'timeout', detail })
  }

  #onCall(seq: number, name: string, { value, text }: Payload): boolean {
    const { turns, turnCount } = this.#turns.seen
    const argument = value as JsonValue
    switch (this.#calls.made({ seq, name, argument, text, turns, turnCount })) {
      case 'malformed':
        return false
      case 'too-much':
        this.outOf('maxMessageBytes')
        return true
      case 'too-many':
        this.outOf('maxToolCalls')
        return true
      case 'diverged': {
        const detail = 'The program was interrupted and took another path when it began again'
        this.end({ kind: 'crashed', detail })
        return true
      }
      case 'made':
        return true
    }
  }

  #print(level: string, isTruncated: boolean, text: unknown): boolean {
    if (typeof text !== 'string') return false
    this.#consoleBytes += Buffer.byteLength(text) + 1
    if (this.#consoleBytes > this.limits.maxConsoleBytes + 1) return false
    if (this.#seenLines++ < this.#shownLines) return true
    this.#shownLines++
    const shown = isTruncated ? 'Console output over the limit was dropped' : text
    const line: ConsoleLine = { level: level as ConsoleLine['level'], text: shown }
    this.#console.push(line)
    this.#show({ kind: 'console', line })
    return true
  }

  /** A listener's fault is not the program's, and must not reach the channel. */
  #show(event: SandboxEvent): void {
    try {
      this.request.onEvent?.(event)
    } catch {
      // It was told, and that is all it was promised.
    }
  }
}
