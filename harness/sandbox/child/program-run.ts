import type { ChildMessage, RunMessage } from '../rpc-message.ts'
import { type BlockingChannel, ChannelClosed } from './blocking-channel.ts'
import { describeGuestError, PROGRAM_FILE, type ReportedError } from './guest-error.ts'
import { IntlBridge } from './intl-bridge.ts'
import { isNestedDeeper, MAX_JSON_DEPTH } from './json-depth.ts'
import type { QuickJsEngine, QuickJsRealm } from './quickjs-engine.ts'
import { RandomSource } from './random-source.ts'
import { urlBridge } from './url-bridge.ts'

const MIB = 1024 * 1024
const PARENT_CHECK_MS = 100

/** Runs one program in a fresh realm and reports over the channel. Ends when the host kills it. */
export class ProgramRun {
  readonly #channel: BlockingChannel
  readonly #message: RunMessage
  readonly #random: RandomSource
  readonly #intl = new IntlBridge()
  readonly #startedAt = performance.now()
  readonly #parent = process.ppid
  #lastCheck = 0
  #nextSeq = 0
  #consoleBytes = 0
  #wakeAskedForMs = Infinity

  constructor(channel: BlockingChannel, message: RunMessage) {
    this.#channel = channel
    this.#message = message
    this.#random = new RandomSource(message.seed)
  }

  /** @param data - The program's `data` as JSON. */
  async execute(engine: QuickJsEngine, data: string): Promise<void> {
    const { code, limits, tools } = this.#message
    const realm = await engine.createRealm({
      memoryBytes: limits.memoryMb * MIB,
      wallClockMs: () => Math.floor(this.#message.startTimeMs + this.#elapsedMs()),
      elapsedMs: () => this.#elapsedMs(),
      onTick: () => this.#checkParent(),
      call: (operation, text) => this.#safely(() => this.#operation(operation, text)),
    })
    try {
      realm.start(data, JSON.stringify({ ...limits, tools }))
      realm.begin(code, PROGRAM_FILE)
      this.#drive(realm)
    } catch (error) {
      this.#fail(error)
    }
  }

  // The engine hands a host error on to the guest, stack and all: the process ends instead.
  #safely(operation: () => string): string {
    try {
      return operation()
    } catch (error) {
      if (!(error instanceof ChannelClosed)) console.error(error)
      process.exit(error instanceof ChannelClosed ? 0 : 70)
    }
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  #drive(realm: QuickJsRealm): never {
    for (;;) {
      realm.drain()
      const timerMs = realm.nextTimerMs()
      if (timerMs === 0) {
        realm.fireTimer()
        continue
      }
      if (timerMs < 0 && realm.pendingCalls() === 0) this.#stuck()
      if (timerMs > 0) this.#askForWake(timerMs)
      this.#receive(realm)
    }
  }

  // The host keeps the time: a blocking read cannot, and the sealed process has nothing else to do.
  #askForWake(inMs: number): void {
    const dueAt = this.#elapsedMs() + inMs
    if (dueAt >= this.#wakeAskedForMs) return
    this.#wakeAskedForMs = dueAt
    this.#send({ type: 'wake', inMs: Math.ceil(inMs) })
  }

  #receive(realm: QuickJsRealm): void {
    const message = JSON.parse(this.#channel.read()) as
      | { type: 'wake' }
      | { type: 'answer'; seq: number; isValue: boolean }
    if (message.type === 'wake') this.#wakeAskedForMs = Infinity
    else realm.settle(message.seq, message.isValue, this.#channel.read())
  }

  #send(message: ChildMessage, payload?: string): void {
    this.#channel.write(JSON.stringify(message))
    if (payload !== undefined) this.#channel.write(payload)
  }

  /** Sends the last message and waits for the kill, so that no guest code runs after it. */
  #end(message: ChildMessage, payload?: string): never {
    this.#send(message, payload)
    for (;;) this.#channel.read()
  }

  #operation(operation: string, text: string): string {
    const [area, name = ''] = operation
      .split('.', 1)
      .concat(operation.slice(operation.indexOf('.') + 1))
    switch (area) {
      case 'tool':
        return this.#toolCall(name.slice('call:'.length), text)
      case 'console':
        return this.#print(name, text)
      case 'random':
        return this.#randomOperation(name, text)
      case 'end':
        return this.#report(name, text)
      default:
        return this.#bridge(operation, text)
    }
  }

  #toolCall(name: string, argument: string): string {
    const bytes = Buffer.from(argument)
    if (bytes.length > this.#message.limits.maxMessageBytes) return 'is too large'
    if (isNestedDeeper(bytes, MAX_JSON_DEPTH)) return 'is nested too deeply'
    this.#send({ type: 'call', seq: this.#nextSeq++, name }, argument)
    return ''
  }

  #bridge(operation: string, text: string): string {
    const isUrl = Object.hasOwn(urlBridge, operation)
    const handler = isUrl ? urlBridge[operation] : this.#intl.operations[operation]
    try {
      const value = handler?.(JSON.parse(text) as never)
      return JSON.stringify(isUrl ? (value ?? null) : { value }) ?? 'null'
    } catch (error) {
      if (isUrl) return 'null'
      const { name, message } = error as Error
      return JSON.stringify({ error: { name, message } })
    }
  }

  #print(level: string, text: string): string {
    const { maxConsoleBytes } = this.#message.limits
    this.#consoleBytes += Buffer.byteLength(text) + 1
    if (this.#consoleBytes > maxConsoleBytes) {
      this.#send({ type: 'console', level: 'warn', isTruncated: true }, '""')
      return 'full'
    }
    this.#send({ type: 'console', level, isTruncated: false }, JSON.stringify(text))
    return ''
  }

  #randomOperation(name: string, text: string): string {
    if (name === 'uuid') return this.#random.uuid()
    if (name === 'bytes')
      return this.#random.bytes(Math.min(Number(text), 65_536)).toString('latin1')
    const words = this.#random.bytes(12)
    return JSON.stringify([0, 4, 8].map((offset) => words.readInt32BE(offset)))
  }

  #report(kind: string, text: string): never {
    switch (kind) {
      case 'returned':
        if (Buffer.byteLength(text) > this.#message.limits.maxOutputBytes)
          return this.#report('large', '')
        return this.#end({ type: 'returned' }, text)
      case 'bad':
        return this.#end({ type: 'bad-output', detail: text })
      case 'large':
        return this.#end({ type: 'limit', limit: 'maxOutputBytes' })
      default:
        return this.#threw(JSON.parse(text) as ReportedError)
    }
  }

  #threw(error: ReportedError): never {
    if (isOutOfMemory(error)) return this.#end({ type: 'limit', limit: 'memoryMb' })
    return this.#end({ type: 'threw', error: describeGuestError(error, this.#message.code) })
  }

  #stuck(): never {
    const message = 'The program waits for a promise that nothing is left to settle'
    return this.#end({ type: 'threw', error: { name: 'Error', message } })
  }

  #fail(error: unknown): never {
    if (!(error instanceof Error)) throw error
    // Anything but an exception of the guest leaves the engine in an unknown state: the process ends.
    const isGuestError = 'handle' in error
    if (!isGuestError && !isOutOfMemory(error)) throw error
    const { name, message, stack = '' } = error
    return this.#threw({ name, message, stack })
  }

  // A program in a loop never reads the channel, so it would not see that the host has died.
  #checkParent(): void {
    const now = performance.now()
    if (now - this.#lastCheck < PARENT_CHECK_MS) return
    this.#lastCheck = now
    if (process.ppid !== this.#parent) process.exit(1)
  }
}

function isOutOfMemory(error: { readonly name: string; readonly message: string }): boolean {
  if (error.name === 'InternalError') return error.message.startsWith('out of memory')
  return /wasm_malloc failed|Job execution error: InternalError: out of memory/.test(error.message)
}
