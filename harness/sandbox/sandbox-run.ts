import { setTimeout as delay } from 'node:timers/promises'
import type { JsonValue } from '../json-value.ts'
import { parseChildMessage, parseJson } from './child-message.ts'
import { type ProcessUsage, readUsage } from './process-usage.ts'
import type { ChildMessage } from './rpc-message.ts'
import type {
  ConsoleLine,
  ResourceUsage,
  SandboxEnding,
  SandboxRequest,
  SandboxResult,
  SandboxToolAnswer,
} from './sandbox.ts'
import type { ProcessExit, ProcessListener, SandboxProcess } from './sandbox-process.ts'

const MIB = 1024 * 1024
const MAX_HEADER_BYTES = 65_536
const WATCH_INTERVAL_MS = 20
// Frames, strings and the engine's own tables beside the program's heap.
const MEMORY_MARGIN_BYTES = 48 * MIB
// A character of console text takes at most six bytes of JSON.
const ESCAPED = 6
const MAX_FRAMES = 200_000
// A killed process runs no more code; nobody has to wait for the kernel to take it apart.
const MAX_REAP_MS = 8

type EnforcedLimit = 'memoryMb' | 'maxOutputBytes' | 'maxToolCalls' | 'maxMessageBytes'

const LIMIT_WORDS: Readonly<Record<EnforcedLimit, string>> = {
  memoryMb: 'MiB of memory',
  maxOutputBytes: 'bytes of output',
  maxToolCalls: 'tool calls',
  maxMessageBytes: 'bytes for the answers that wait to be taken',
}

/** One program in one process, from the first frame to the kill. Ends exactly once. */
export class SandboxRun implements ProcessListener {
  readonly #process: SandboxProcess
  readonly #request: SandboxRequest
  readonly #tools: ReadonlySet<string>
  readonly #console: ConsoleLine[] = []
  readonly #startedAt = performance.now()
  readonly #before: ProcessUsage
  readonly #timers: NodeJS.Timeout[] = []
  readonly #ended = Promise.withResolvers<SandboxResult>()
  readonly #gone = Promise.withResolvers<void>()
  #last: ProcessUsage
  #wake: NodeJS.Timeout | undefined
  #expects: ChildMessage | null = null
  #frames = 0
  #calls = 0
  #consoleBytes = 0
  #outputBytes = 0
  #isOver = false

  constructor(process: SandboxProcess, request: SandboxRequest) {
    this.#process = process
    this.#request = request
    this.#tools = new Set(request.toolNames)
    this.#before = readUsage(process.pid)
    this.#last = this.#before
  }

  /**
   * Hands the program over and waits for its end.
   *
   * @param data - The request's `data` as JSON.
   */
  start(data: string): Promise<SandboxResult> {
    const { program, limits, determinism, signal, toolNames } = this.#request
    this.#process.listen(this)
    this.#timers.push(
      setTimeout(() => this.#timeOut(), limits.timeoutMs),
      setInterval(() => this.#watch(), WATCH_INTERVAL_MS),
    )
    signal?.addEventListener('abort', this.cancel, { once: true })
    if (signal?.aborted === true) this.cancel()
    this.#process.send(
      { type: 'run', code: program.code, tools: toolNames, limits, ...determinism },
      data,
    )
    return this.#ended.promise
  }

  /** Resolves when the process is gone: a busy machine may take longer to bury it than to kill it. */
  get gone(): Promise<void> {
    return this.#gone.promise
  }

  /** Ends the run as `cancelled`. */
  readonly cancel = (): void => this.#end({ kind: 'cancelled' })

  frameLimit(): number {
    const { limits } = this.#request
    switch (this.#expects?.type) {
      case 'call':
        return limits.maxMessageBytes
      case 'console':
        return limits.maxConsoleBytes * ESCAPED + 2
      case 'returned':
        return limits.maxOutputBytes
      default:
        return MAX_HEADER_BYTES
    }
  }

  onFrame(text: string): void {
    if (this.#isOver) return
    if (++this.#frames > MAX_FRAMES + 2 * this.#request.limits.maxToolCalls) this.onMalformed()
    else if (this.#expects === null) this.#onMessage(parseChildMessage(text))
    else {
      const header = this.#expects
      this.#expects = null
      const parsed = parseJson(text)
      if (parsed === undefined) this.onMalformed()
      else this.#onPayload(header, parsed.json as JsonValue, text)
    }
  }

  onMalformed(): void {
    this.#end({ kind: 'violation', detail: 'The sandbox process sent a malformed frame' })
  }

  onExit({ code, signal }: ProcessExit): void {
    if (signal === 'SIGSYS' || code === 159) {
      this.#end({ kind: 'violation', detail: 'The sandbox process made a forbidden system call' })
    } else if (/heap out of memory|Allocation failed/.test(this.#process.lastWords)) {
      this.#outOf('memoryMb')
    } else
      this.#end({ kind: 'crashed', detail: 'The sandbox process ended before the program did' })
  }

  #onMessage(message: ChildMessage | null): void {
    switch (message?.type) {
      case 'call':
        return this.#acceptCall(message)
      case 'console':
      case 'returned':
        this.#expects = message
        return
      case 'wake':
        clearTimeout(this.#wake)
        this.#wake = setTimeout(() => this.#process.send({ type: 'wake' }), message.inMs)
        return
      case 'bad-output':
        return this.#end({ kind: 'bad-output', detail: message.detail })
      case 'limit':
        return this.#outOf(message.limit)
      case 'threw':
        return this.#end({ kind: 'threw', error: message.error })
      default:
        return this.onMalformed()
    }
  }

  #acceptCall(message: Extract<ChildMessage, { type: 'call' }>): void {
    // The realm refuses names that are not granted, so only a subverted process sends one.
    if (message.seq !== this.#calls || !this.#tools.has(message.name)) return this.onMalformed()
    if (this.#calls >= this.#request.limits.maxToolCalls) {
      return this.#outOf('maxToolCalls')
    }
    this.#calls++
    this.#expects = message
  }

  #onPayload(header: ChildMessage, value: JsonValue, text: string): void {
    if (header.type === 'call') void this.#call(header.seq, header.name, value)
    else if (header.type === 'console') this.#print(header, value)
    else {
      this.#outputBytes = Buffer.byteLength(text)
      this.#end({ kind: 'returned', value })
    }
  }

  async #call(seq: number, name: string, argument: JsonValue): Promise<void> {
    const failed = { kind: 'error', message: 'The tool failed', code: 'ERR_TOOL_FAILED' } as const
    const answer = await this.#request.onToolCall({ seq, name, argument }).catch(() => failed)
    if (this.#isOver) return
    if (answer.kind === 'suspend') return this.#end({ kind: 'suspended' })
    if (answer.kind === 'stop') return this.#end({ kind: 'stopped' })
    const { maxMessageBytes } = this.#request.limits
    const { isValue, text } = encodeAnswer(answer, maxMessageBytes)
    this.#process.send({ type: 'answer', seq, isValue }, text)
    if (this.#process.unsentBytes > 4 * maxMessageBytes + MAX_HEADER_BYTES) {
      this.#outOf('maxMessageBytes')
    }
  }

  #print(header: Extract<ChildMessage, { type: 'console' }>, text: JsonValue): void {
    if (typeof text !== 'string') return this.onMalformed()
    this.#consoleBytes += Buffer.byteLength(text) + 1
    if (this.#consoleBytes > this.#request.limits.maxConsoleBytes + 1) return this.onMalformed()
    const shown = header.isTruncated ? 'Console output over the limit was dropped' : text
    this.#console.push({ level: header.level as ConsoleLine['level'], text: shown })
  }

  #timeOut(): void {
    const detail = `The program ran longer than ${this.#request.limits.timeoutMs} ms`
    this.#end({ kind: 'timeout', detail })
  }

  #watch(): void {
    const usage = readUsage(this.#process.pid)
    if (usage.residentBytes === 0) return
    this.#last = usage
    const allowed = this.#request.limits.memoryMb * MIB + MEMORY_MARGIN_BYTES
    if (usage.residentBytes > this.#before.residentBytes + allowed) {
      this.#outOf('memoryMb')
    }
  }

  #outOf(limit: EnforcedLimit): void {
    const detail = `The program reached its limit of ${this.#request.limits[limit]} ${LIMIT_WORDS[limit]}`
    this.#end({ kind: 'limit', limit, detail })
  }

  #end(ending: SandboxEnding): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const timer of this.#timers) clearTimeout(timer)
    clearTimeout(this.#wake)
    this.#request.signal?.removeEventListener('abort', this.cancel)
    const usage = this.#usage()
    const result = { ending, console: this.#console, usage, isolation: this.#process.facts }
    const gone = this.#process.kill()
    void Promise.race([gone, delay(MAX_REAP_MS)]).then(() => this.#ended.resolve(result))
    void gone.then(() => this.#gone.resolve())
  }

  #usage(): ResourceUsage {
    const now = readUsage(this.#process.pid)
    // A process that is gone has no figures any more: the last ones seen are the best there are.
    const last = now.peakBytes === 0 ? this.#last : now
    return {
      wallMs: performance.now() - this.#startedAt,
      cpuMs: Math.max(0, last.cpuMs - this.#before.cpuMs),
      peakMemoryBytes: last.peakBytes,
      outputBytes: this.#outputBytes,
    }
  }
}

function encodeAnswer(
  answer: Extract<SandboxToolAnswer, { kind: 'value' | 'error' }>,
  maxBytes: number,
): { readonly isValue: boolean; readonly text: string } {
  const failure = (message: string, code: string) => ({
    isValue: false,
    text: JSON.stringify({ message, code }),
  })
  if (answer.kind === 'error')
    return failure(answer.message.slice(0, MAX_HEADER_BYTES), answer.code)
  try {
    const text = JSON.stringify(answer.value ?? null)
    if (Buffer.byteLength(text) <= maxBytes) return { isValue: true, text }
    return failure('The answer of the tool is larger than a message may be', 'ERR_TOOL_FAILED')
  } catch {
    return failure('The answer of the tool is no JSON value', 'ERR_TOOL_FAILED')
  }
}
