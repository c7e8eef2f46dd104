import type { AnswerMessage, ChildUsage, RunMessage } from '../rpc-message.ts'
import type { BlockingChannel } from './blocking-channel.ts'
import { type Engine, GuestException, type Realm } from './engine.ts'
import { describeGuestError, PROGRAM_FILE, type ReportedError } from './guest-error.ts'
import { IntlBridge } from './intl-bridge.ts'
import { isNestedDeeper, MAX_JSON_DEPTH } from './json-depth.ts'
import { RandomSource } from './random-source.ts'
import { urlBridge } from './url-bridge.ts'

const MIB = 1024 * 1024
const PARENT_CHECK_MS = 100
const FLUSH_MS = 5
/** What a look at the clock takes by that clock, in microseconds: about what it really takes. */
const LOOK_US = 1

/** What ended, as the child says it; without what every ending says. */
type Ending =
  | { readonly type: 'returned' }
  | { readonly type: 'bad-output'; readonly detail: string }
  | { readonly type: 'limit'; readonly limit: 'memoryMb' | 'maxOutputBytes' }
  | { readonly type: 'threw'; readonly error: ReturnType<typeof describeGuestError> }

/** Thrown through the engine to leave a program that has ended. No guest can catch it. */
class LeftRealm extends Error {}

/**
 * One program in a realm of its own. It advances in turns: each begins with a message of the host and
 * lasts until the program can only wait. What it says leaves at the end of the turn.
 */
export class ProgramRun {
  readonly #channel: BlockingChannel
  readonly #message: RunMessage
  readonly #isReusable: boolean
  readonly #random: RandomSource
  readonly #intl = new IntlBridge()
  readonly #parent = process.ppid
  #realm: Realm | null = null
  #lastCheck = 0
  #lastFlush = 0
  #nextSeq = 0
  #consoleBytes = 0
  #cpuUs = 0
  #turnCpuUs = 0
  /** The program's own time, in microseconds since it began. */
  #clockUs = 0
  #isOver = false

  constructor(channel: BlockingChannel, message: RunMessage, engine: Engine) {
    this.#channel = channel
    this.#message = message
    this.#isReusable = engine.isReusable
    this.#random = new RandomSource(message.seed)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /**
   * The first turn.
   *
   * @param data - The program's `data` as JSON.
   */
  async begin(engine: Engine, data: string): Promise<void> {
    const { code, limits, tools } = this.#message
    this.#turnCpuUs = usedCpuUs()
    this.#realm = await engine.createRealm({
      memoryBytes: limits.memoryMb * MIB,
      wallClockMs: () => Math.floor(this.#message.startTimeMs + this.#elapsedMs()),
      elapsedMs: () => this.#elapsedMs(),
      onTick: () => this.#onTick(),
      call: (operation, text) => this.#safely(() => this.#operation(operation, text)),
    })
    this.#advance((realm) => {
      realm.start(data, JSON.stringify({ ...limits, tools }))
      realm.begin(code, PROGRAM_FILE)
    })
  }

  /** The turn that begins with an answer. */
  settle({ seq, isValue, atMs }: Omit<AnswerMessage, 'type' | 'run'>, text: string): void {
    this.#turnCpuUs = usedCpuUs()
    this.#setClock(atMs)
    this.#advance((realm) => realm.settle(seq, isValue, text))
  }

  /** The turn that begins because time has passed. */
  wake(atMs: number): void {
    this.#turnCpuUs = usedCpuUs()
    this.#setClock(atMs)
    this.#advance(() => undefined)
  }

  /** Lets go of the realm. */
  dispose(): void {
    this.#isOver = true
    this.#realm?.dispose()
    this.#realm = null
  }

  #advance(action: (realm: Realm) => void): void {
    const realm = this.#realm
    if (realm === null || this.#isOver) return
    try {
      action(realm)
      this.#drive(realm)
    } catch (error) {
      this.#leave(error)
    }
    // Only now: the engine's own frames have to be gone.
    if (this.#isOver) this.dispose()
  }

  #leave(error: unknown): void {
    if (error instanceof LeftRealm) return
    try {
      this.#fail(error)
    } catch (ended) {
      if (!(ended instanceof LeftRealm)) throw ended
    }
  }

  #drive(realm: Realm): void {
    for (;;) {
      realm.drain()
      const timerMs = realm.nextTimerMs()
      if (timerMs !== 0) return this.#park(realm, timerMs)
      realm.fireTimer()
    }
  }

  // The host keeps the time: a blocking read cannot, and the process may have others to serve.
  #park(realm: Realm, timerMs: number): void {
    if (timerMs < 0 && realm.pendingCalls() === 0) return this.#stuck()
    const wakeInMs = timerMs < 0 ? null : Math.ceil(timerMs)
    this.#send({ type: 'parked', wakeInMs, usage: this.#usage() })
  }

  // A guest must never be handed an error of the host, stack and all: the process ends instead.
  #safely(operation: () => string): string {
    if (this.#isOver) return ''
    try {
      return operation()
    } catch (error) {
      if (error instanceof LeftRealm) throw error
      console.error(error)
      process.exit(70)
    }
  }

  /**
   * The clock stands still in a turn, so that a program which runs again over its journal reads the same
   * times. Only looking at it takes a little, or a program that waits in a loop would never come to an end.
   */
  #elapsedMs(): number {
    this.#clockUs += LOOK_US
    return this.#clockUs / 1_000
  }

  #setClock(atMs: number): void {
    this.#clockUs = Math.max(this.#clockUs, Math.round(atMs * 1_000))
  }

  #send(message: object, payload?: string): void {
    this.#channel.write(JSON.stringify({ ...message, run: this.#message.run }))
    if (payload !== undefined) this.#channel.write(payload)
  }

  /** Says how the program ended, and leaves it: nothing of it runs any more. */
  #end(ending: Ending, payload?: string): never {
    this.#isOver = true
    this.#send({ ...ending, usage: this.#usage() }, payload)
    if (this.#isReusable) throw new LeftRealm('The program has ended')
    // The process serves nobody else: it waits for the kill.
    this.#channel.flush()
    for (;;) this.#channel.readBytes()
  }

  #usage(): ChildUsage {
    const now = usedCpuUs()
    this.#cpuUs += now - this.#turnCpuUs
    this.#turnCpuUs = now
    return { cpuUs: Math.round(this.#cpuUs), memoryBytes: this.#realm?.heldBytes() ?? 0 }
  }

  #operation(operation: string, text: string): string {
    const dot = operation.indexOf('.')
    const area = dot < 0 ? operation : operation.slice(0, dot)
    const name = operation.slice(dot + 1)
    switch (area) {
      case 'tool':
        return this.#toolCall(name.slice('call:'.length), text)
      case 'console':
        return this.#print(name, text)
      case 'progress':
        this.#send({ type: 'progress', ...(JSON.parse(text) as object) })
        return ''
      case 'random':
        return this.#randomOperation(name, text)
      case 'end':
        return this.#report(name, text)
      default:
        return this.#bridge(operation, text)
    }
  }

  #toolCall(name: string, argument: string): string {
    const { maxToolArgumentBytes: most } = this.#message.limits
    // Every UTF-16 unit takes at least one byte and at most three.
    if (argument.length > most) return 'is too large'
    if (argument.length > most / 3 && Buffer.byteLength(argument) > most) return 'is too large'
    if (argument.length > MAX_JSON_DEPTH && isNestedDeeper(Buffer.from(argument), MAX_JSON_DEPTH)) {
      return 'is nested too deeply'
    }
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
    this.#end({ type: 'threw', error: { name: 'Error', message } })
  }

  #fail(error: unknown): never {
    if (!(error instanceof Error)) throw error
    // Anything but an exception of the guest leaves the engine in an unknown state: the process ends.
    if (!(error instanceof GuestException)) throw error
    const { name, message, stack = '' } = error
    this.#threw({ name, message, stack })
  }

  #onTick(): void {
    if (this.#isOver) throw new LeftRealm('The program has ended')
    const now = performance.now()
    if (this.#channel.hasPending && now - this.#lastFlush > FLUSH_MS) {
      this.#lastFlush = now
      this.#channel.flush()
    }
    // A program in a loop never reads the channel, so it would not see that the host has died.
    if (now - this.#lastCheck < PARENT_CHECK_MS) return
    this.#lastCheck = now
    if (process.ppid !== this.#parent) process.exit(1)
  }
}

/** CPU time of this thread, in microseconds. */
function usedCpuUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

function isOutOfMemory(error: { readonly name: string; readonly message: string }): boolean {
  if (error.name === 'InternalError') return error.message.startsWith('out of memory')
  return error.name === 'RangeError' && error.message === 'Array buffer allocation failed'
}
